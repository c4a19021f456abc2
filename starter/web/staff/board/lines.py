"""Cases, departments and people as lines of the board, short enough to be read from across a room."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width
from urllib.parse import urlencode

from activities.rendering.filters import named, one_line
from activities.rendering.labels import label

if TYPE_CHECKING:
    from activities.queries.open_cases import OpenCase
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.organisation.organisation import Organisation
    from workflows.domain.vocabulary import Locale


@dataclass(frozen=True)
class CaseLine:
    """`short` is the number as people say it; `time` how long until its deadline, or since, `clock` what is due."""

    number: str
    short: str
    priority: str
    who: str
    clock: str
    time: str
    due: str
    is_late: bool


@dataclass(frozen=True)
class Naming:
    """Names and times in the language of whoever looks, at that moment of the cases' time. A name is as wide as `width`
    Latin letters at most, of which a Chinese character is two, and as `narrow` in the line of a case.
    """

    locale: Locale
    words: Mapping[str, Any]
    organisation: Organisation | None
    at: datetime
    width: int
    narrow: int

    @classmethod
    def of(cls, visit: StaffVisit, at: datetime, width: int, narrow: int) -> Naming:
        """The naming for that visit."""
        organisation = visit.who.organisation if visit.who is not None else None
        return cls(visit.locale, visit.words, organisation, at, width, narrow)

    def knows(self, key: str | None) -> bool:
        """Whether lists can be narrowed to that person or department: who has left is not known there."""
        organisation = self.organisation
        return bool(key and organisation and (organisation.person(key) or organisation.department(key)))

    def person(self, key: str | None, width: int | None = None) -> str:
        """The name of somebody, or of nobody."""
        known = self.organisation.person(key) if self.organisation is not None and key else None
        name = known.name if known is not None else self.words["desk"]["who"].get(key or "nobody", key or "")
        return fitting(name, width or self.width)

    def department(self, key: str) -> str:
        """What a department is called."""
        labels: dict[str, Any] = self.organisation.labels() if self.organisation is not None else {}
        return fitting(named(key, labels, self.locale), self.width)

    def case(self, case: OpenCase, since: datetime | None = None, who: str | None = None) -> CaseLine:
        """A case by its deadline, or by `since` when it is late or waits."""
        then = since or case.due
        return CaseLine(
            case.number, short_number(case.number), case.priority, self.person(who or case.owner, self.narrow),
            label("clock", case.clock, self.locale) if case.clock else "",
            self.span(abs((then - self.at).total_seconds())) if then is not None else "",
            case.due.isoformat() if case.due is not None else "", case.is_late(self.at),
        )  # fmt: skip

    def span(self, seconds: float) -> str:
        """A time in one unit: days from two days on, else hours from two hours on, else minutes."""
        unit, length = next((one for one in _UNITS if seconds >= 2 * one[1]), _UNITS[-1])
        return str(self.words["board"][f"{unit}_span"]).format(count=int(seconds // length))


_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60))


def fitting(text: str, width: int) -> str:
    """The text as one line that is no wider, cut with an ellipsis."""
    line = one_line(text)
    places = list(accumulate(2 if east_asian_width(one) in "WF" else 1 for one in line))
    if not places or places[-1] <= width:
        return line
    return line[: bisect_right(places, width - 2)].rstrip() + "…"


def short_number(number: str) -> str:
    """`1127-0042` of FB202611270042, which is how people name a case, and commands take it so."""
    return f"{number[6:10]}-{number[10:]}" if number.startswith("FB") and len(number) > 10 else number


def list_address(**filters: str) -> str:
    """The list of the open cases that fit."""
    return f"/desk/cases?{urlencode({'status': 'open', **filters})}"
