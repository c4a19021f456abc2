"""Words, times and names of a review in its reader's language: `templates/<locale>/report/review.toml` (R27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from activities.rendering import filters
from activities.rendering.labels import label, words_in
from workflows.domain.vocabulary import Audience, Locale


def review_words(locale: Locale) -> dict[str, Any]:
    """Every word of a review's report and draft."""
    return words_in("report/review.toml", locale)


@dataclass(frozen=True)
class ReviewWording:
    """`labels` are the company's own (type, subtype, department ids), `names` people's, `zone` the company's."""

    locale: Locale
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    zone: str = "Asia/Shanghai"

    @property
    def words(self) -> dict[str, Any]:
        """The words of the language."""
        return review_words(self.locale)

    def local(self, moment: datetime | str) -> datetime:
        """The same moment on the company's wall clock."""
        return filters.moment(moment).astimezone(ZoneInfo(self.zone))

    def time(self, moment: datetime | str | None) -> str:
        """`2024-05-06 09:00` on the company's wall clock; a dash for none."""
        return f"{self.local(moment):%Y-%m-%d %H:%M}" if moment else str(self.words["unknown"])

    def duration(self, start: datetime, end: datetime | None) -> str:
        """What passed in between; a dash while it lasts."""
        return self.lasted((end - start).total_seconds() if end else None)

    def lasted(self, seconds: float | None) -> str:
        """`2小时15分`; a dash for what has not happened."""
        return str(self.words["unknown"]) if seconds is None else filters.duration(seconds, self.locale)

    def person(self, who: str | None) -> str:
        """The name to show; a dash for nobody."""
        if not who:
            return str(self.words["unknown"])
        return filters.person(who, self.names, Audience.STAFF, None, self.locale)

    def named(self, key: str | None) -> str:
        """What a department is called; a dash for none."""
        return filters.named(key, self.labels, self.locale) if key else str(self.words["unknown"])

    def kind(self, type: str, subtype: str | None) -> str:  # noqa: A002
        """Type and subtype as one phrase."""
        return filters.kind(type, subtype, self.labels, self.locale)

    def label(self, kind: str, value: object) -> str:
        """What a word of the vocabulary is called; a dash for none."""
        return label(kind, str(value), self.locale) if value else str(self.words["unknown"])

    def priority(self, value: str | None) -> str:
        """`P1 高`; a dash for none."""
        return f"{value} {label('priority', value, self.locale)}" if value else str(self.words["unknown"])

    def joined(self, parts: list[str], facts: Mapping[str, str]) -> str:
        """The parts whose facts are all known, filled in."""
        known = [part.format_map(facts) for part in parts if all(facts.get(name) for name in _names(part))]
        return str(self.words["joint"]).join(known)


@cache
def _names(part: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(part) if name)
