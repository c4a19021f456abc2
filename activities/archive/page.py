"""An archived case as one HTML page for people, which loads nothing from elsewhere (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from activities.archive.document import CaseDocument
from activities.rendering.called import Called
from activities.rendering.event_text import event_text, whose
from activities.rendering.filters import clean, kind, named, person
from activities.rendering.labels import label, words_in
from activities.rendering.pages import lenient_environment
from workflows.domain.time.time_keys import TIME_KEYS
from workflows.domain.vocabulary import Audience, Locale

_OF_REVIEWS = {
    "kind": "event", "status": "review_status", "reason": "review_reason", "ended_because": "review_end",
    "clock": "clock",
}  # fmt: skip
"""Names in a review whose values have labels."""
_TIMES = TIME_KEYS | {"next_due"}


@dataclass(frozen=True)
class ArchivePage:
    """How a company's archive reads: in `locale`, on the wall clock of `zone`.

    `labels` are the company's own (type, subtype, department ids), `names` people's.
    """

    locale: Locale
    zone: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    company: str = ""

    def render(self, document: CaseDocument) -> str:
        """The page."""
        # A case of an earlier release lacks what came later, and is archived all the same.
        template = lenient_environment().get_template(f"{self.locale.value}/archive/case.html")
        return template.render(
            document=document,
            case=document["case"],
            form=document["form"],
            words=words_in("archive/words.toml", self.locale),
            company=self.company,
            label=lambda kind, value: label(kind, value, self.locale),
            coded=self._coded,
            called=lambda value: self._unit(value) if value else "",
            person=self._person,
            local=self.local,
            said=lambda entry: clean(event_text(entry, self._moment, self.locale, self._called)),
            whose=lambda entry: clean(whose(entry, self.locale, self._person)),
            clean=clean,
        )

    def local(self, value: str | None) -> str:
        """A time as it is read."""
        return f"{self._moment(value):%Y-%m-%d %H:%M}" if value else ""

    def _moment(self, value: str) -> datetime:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(self.zone))

    def _coded(self, name: str, value: Any) -> str:
        """A value of a review, in words where it is a word of the program or a time."""
        if name in _OF_REVIEWS:
            return label(_OF_REVIEWS[name], str(value), self.locale)
        if name in _TIMES and isinstance(value, str):
            try:
                return self.local(value)
            except (ValueError, OverflowError):
                return value
        return str(value)

    @property
    def _called(self) -> Called:
        return Called(self._person, self._unit, lambda of, subtype: kind(of, subtype, self.labels, self.locale))

    def _unit(self, key: str) -> str:
        return named(key, self.labels, self.locale)

    def _person(self, who: str | None) -> str:
        if not who:
            return ""
        name = person(who, self.names, Audience.STAFF, None, self.locale)
        return f"{name} ({who})" if who in self.names else name
