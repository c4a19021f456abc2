"""An archived case for people: one HTML page without anything from elsewhere."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from activities.archive.dossier import Dossier
from activities.event_text import event_text
from activities.labels import TEMPLATES, label
from activities.pages import environment
from activities.wording import clean, named
from workflows.domain.vocabulary import Locale


@dataclass(frozen=True)
class CasePage:
    """How a company's archive reads: in `locale`, on the wall clock of `zone`.

    `labels` are the company's own (type, subtype, department ids), `names` people's.
    """

    locale: Locale
    zone: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    company: str = ""

    def render(self, dossier: Dossier) -> str:
        """The page."""
        template = environment().get_template(f"{self.locale.value}/archive/case.html")
        return template.render(
            dossier=dossier,
            case=dossier["case"],
            form=dossier["form"],
            words=_words(self.locale),
            company=self.company,
            label=lambda kind, value: label(kind, value, self.locale),
            called=lambda value: named(value, self.labels, self.locale) if value else "",
            person=self._person,
            local=self.local,
            said=lambda entry: clean(event_text(entry, self._moment, self.locale)),
            clean=clean,
        )

    def local(self, value: str | None) -> str:
        """A time as it is read."""
        return f"{self._moment(value):%Y-%m-%d %H:%M}" if value else ""

    def _moment(self, value: str) -> datetime:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(self.zone))

    def _person(self, who: str | None) -> str:
        name = self.names.get(who or "")
        return f"{name} ({who})" if name else who or ""


@cache
def _words(locale: Locale) -> dict[str, Any]:
    with (TEMPLATES / locale.value / "archive" / "words.toml").open("rb") as file:
        return tomllib.load(file)
