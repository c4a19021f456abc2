"""Working time: which seconds count, and when a number of them has passed (R9).

All arithmetic is done in seconds that count, so a pause or a changed duration never lands in a
night or on a holiday. Days begin and end at the company's local midnight.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import field_validator, model_validator

from workflows.domain.model import Fact
from workflows.domain.vocabulary import CalendarKind

_HORIZON_DAYS = 7320
"""Twenty years: a calendar that offers no working second in them is a mistake, not a wait. A policy's times end within
ten years of the days that they are tried on (`activities.policy.feasibility`), and so within these on every other.
"""
_MIDNIGHT = time()
_ONE_DAY, _ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


class Hours(Fact):
    """One stretch of business hours, local time. It belongs to the day on which it opens; where `closes` is not after
    `opens`, it ends on the next day, at its very beginning for `closes` at midnight.
    """

    opens: time
    closes: time

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.opens == self.closes != _MIDNIGHT:
            raise ValueError(
                f"{self.opens:%H:%M}-{self.closes:%H:%M} has no length; allowed: such as 09:00-18:00, or 00:00-24:00"
            )
        return self

    @property
    def ends_next_day(self) -> bool:
        """Whether it ends at midnight or later."""
        return self.closes <= self.opens


class Calendar(Fact):
    """The days and hours a company works, as plain data that travels with a case.

    `off` are days not worked although their weekday is; `on` are worked although it is not (make-up
    weekends). `official_years` are the years whose holidays the state has announced.
    """

    zone: str = "Asia/Shanghai"
    weekend: tuple[int, ...] = (5, 6)
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    hours: tuple[Hours, ...] = (Hours(opens=time(9), closes=time(18)),)
    official_years: tuple[int, ...] = ()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        _zone(value)
        return value

    def local(self, moment: datetime) -> datetime:
        """The same moment on the company's wall clock."""
        return moment.astimezone(_zone(self.zone))

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that local day."""
        if day in self.on:
            return True
        return day.weekday() not in self.weekend and day not in self.off

    def is_official(self, start: datetime, end: datetime) -> bool:
        """Whether every year between the two moments has announced holidays."""
        years = range(self.local(start).year, self.local(end).year + 1)
        return all(year in self.official_years for year in years)

    def add(self, start: datetime, seconds: float, kind: CalendarKind) -> datetime:
        """The moment at which `seconds` that count have passed since `start` (UTC).

        Raises:
            ValueError: the calendar has not so much working time within twenty years.
        """
        if kind is CalendarKind.ROUND_THE_CLOCK or seconds <= 0:
            return start.astimezone(UTC) + timedelta(seconds=max(seconds, 0))
        left = seconds
        for opens, closes in self._windows(start, kind):
            begin = max(opens, start)
            length = (closes - begin).total_seconds()
            if length >= left:
                return begin + timedelta(seconds=left)
            left -= length
        raise ValueError(f"not enough working time within twenty years of {start.isoformat()}")

    def between(self, start: datetime, end: datetime, kind: CalendarKind) -> float:
        """Seconds that count between two moments; never negative."""
        if end <= start:
            return 0.0
        if kind is CalendarKind.ROUND_THE_CLOCK:
            return (end - start).total_seconds()
        total = 0.0
        for opens, closes in self._windows(start, kind):
            if opens >= end:
                break
            total += (min(closes, end) - max(opens, start)).total_seconds()
        return total

    def _windows(self, start: datetime, kind: CalendarKind) -> Iterator[tuple[datetime, datetime]]:
        """Stretches that count and end after `start`, in order."""
        # Hours of the day before may run over midnight.
        day = self.local(start).date() - _ONE_DAY
        for _ in range(_HORIZON_DAYS):
            for opens, closes in self._windows_of(day, kind):
                if closes > start:
                    yield opens, closes
            day += timedelta(days=1)

    def _windows_of(self, day: date, kind: CalendarKind) -> list[tuple[datetime, datetime]]:
        if not self.is_working_day(day):
            return []
        if kind is CalendarKind.WORKING_DAYS:
            return [(_at(self.zone, day, _MIDNIGHT), _at(self.zone, day + _ONE_DAY, _MIDNIGHT))]
        spans = (
            (_at(self.zone, day, span.opens), _at(self.zone, day + _ONE_DAY * span.ends_next_day, span.closes))
            for span in self.hours
        )
        # Of hours that the clocks skip nothing is left.
        return [(opens, closes) for opens, closes in spans if opens < closes]


@lru_cache(maxsize=4096)
def _at(zone: str, day: date, moment: time) -> datetime:
    """A moment of a local day, in UTC; one that the clocks skip is when they do."""
    local = datetime.combine(day, moment, _zone(zone))
    found = local.astimezone(UTC)
    if found.astimezone(_zone(zone)).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    before = local.replace(fold=1).astimezone(UTC)
    offset = before.astimezone(_zone(zone)).utcoffset()
    while found - before > _ONE_SECOND:
        middle = before + (found - before) // 2
        if middle.astimezone(_zone(zone)).utcoffset() == offset:
            before = middle
        else:
            found = middle
    return found.replace(microsecond=0)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Asia/Shanghai") from error
