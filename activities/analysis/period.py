"""The days a report is about, and the stretches its trends are drawn by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from workflows.domain.problem import Problem

_DAILY, _WEEKLY = 14, 120
"""The greatest number of days whose trend has a point a day, or a point a week; above that it has a point a month."""
_LONGEST = 3_660
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """Whole local days of the company, `first` and `last` included."""

    first: date
    last: date
    zone: str

    @classmethod
    def asked(cls, first: date, last: date, zone: str) -> Period:
        """The period that a person asked for by its days.

        Raises:
            Problem: it ends before it begins, or is absurdly long or early.
        """
        if last < first:
            raise Problem(f"--to {last} is before --from {first}; allowed: the same day or a later one")
        if first < _EARLIEST:
            raise Problem(f"--from {first}: allowed: a day from {_EARLIEST} on")
        if (last - first).days >= _LONGEST:
            raise Problem(f"--from {first} --to {last} is too long; allowed: at most {_LONGEST} days")
        return cls(first, last, zone)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @cached_property
    def begins(self) -> datetime:
        """The first moment, UTC."""
        return _midnight(self.first, self.zone)

    @cached_property
    def ends(self) -> datetime:
        """The first moment that is not in it any more, UTC."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @cached_property
    def before(self) -> Period:
        """The period of as many days directly before."""
        last = self.first - timedelta(days=1)
        return Period(last - timedelta(days=self.days - 1), last, self.zone)

    def holds(self, moment: datetime) -> bool:
        """Whether that moment is in the period."""
        return self.begins <= moment < self.ends

    def stretches(self) -> list[Period]:
        """The period cut into days, weeks from Monday, or months, by its length; the first and last may be short."""
        cuts = []
        day = self.first
        while day <= self.last:
            end = min(_last_of_stretch(day, self.days), self.last)
            cuts.append(Period(day, end, self.zone))
            day = end + timedelta(days=1)
        return cuts


def _last_of_stretch(day: date, days: int) -> date:
    if days <= _DAILY:
        return day
    if days <= _WEEKLY:
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def parse_day(option: str, text: str) -> date:
    """A day as people type it.

    Raises:
        Problem: it is none; names the option.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Problem(f"{option} {text}: allowed: a day such as 2026-05-01") from None
