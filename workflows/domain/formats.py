"""Notations of policy and organisation files: durations, weekdays, business hours, dates, labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints, model_validator

from workflows.domain.model import Fact
from workflows.domain.text import without_invisible
from workflows.domain.time.calendar import Hours
from workflows.domain.vocabulary import Locale

_T = TypeVar("_T")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?=\d)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_LONGEST = 3_650 * 86_400
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOURS = re.compile(r"((?:[01]?\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]?\d|2[0-3]):[0-5]\d|24:00)")


def seconds_of(value: object) -> float:
    """Seconds of a duration such as `15m`, `2h30m` or `1d` (24 hours of counted time).

    Raises:
        ValueError: it has no unit, is zero, or longer than ten years.
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration; allowed: a number with its unit, such as 15m, 4h, 2h30m, 1d")
    seconds = sum(int(count or 0) * size for count, size in zip(match.groups(), _UNITS.values(), strict=True))
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{value!r} is out of range; allowed: more than nothing, at most 3650d")
    return float(seconds)


def _span(value: object) -> object:
    return timedelta(seconds=seconds_of(value)) if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(_span)]
"""A length in a setting, such as `12h`, as policies write them."""


def written_duration(seconds: float) -> str:
    """The shortest way to write a number of seconds: `1d`, `2h30m`."""
    left, parts = round(seconds), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def written_share(share: float, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage; `100%` is all and `0%` is none, however near another one is."""
    nearest, least = f"{share:.{digits}%}", 10.0 ** -(digits + 2)
    if share > 0 and nearest == f"{0:.{digits}%}":
        return f"<{least:.{digits}%}"
    if share < 1 and nearest == f"{1:.{digits}%}":
        return f">{1 - least:.{digits}%}"
    return nearest


Duration = Annotated[float, BeforeValidator(seconds_of), PlainSerializer(written_duration, return_type=str)]
"""Seconds that count, written `15m`, `4h`, `1d`; `1d` is 24 h of counted time, a whole day on `working_days`."""


class Weekday(StrEnum):
    """Days of the week; `number` is that of `date.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday to 6 for Sunday."""
        return list(Weekday).index(self)


def _hours(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _HOURS.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value!r} are no hours; allowed: such as 09:00-18:00, 18:00-24:00, 22:00-06:00")
    opens, closes = (moment.zfill(5) for moment in match.groups())
    return {"opens": opens, "closes": closes.replace("24:00", "00:00")}


def _written_hours(hours: Hours) -> str:
    return f"{hours.opens:%H:%M}-{f'{hours.closes:%H:%M}' if hours.closes > time() else '24:00'}"


BusinessHours = Annotated[Hours, BeforeValidator(_hours), PlainSerializer(_written_hours, return_type=str)]
"""One stretch of a working day, written `09:00-18:00`, local time; `18:00-24:00` and `22:00-06:00` are allowed."""


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no time of day; allowed: such as 02:30")
    return time(int(match[1]), int(match[2]))


def _written_time_of_day(moment: time) -> str:
    return f"{moment:%H:%M}"


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), PlainSerializer(_written_time_of_day, return_type=str)]
"""A moment of every day to the minute, written `02:30`, local time."""


class Days(Fact):
    """Whole local days from `first` to `last`, both counted."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}; allowed: first on or before last")
        return self

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def moment_of(value: object, zone: str) -> datetime:
    """A time to the minute or finer in ISO 8601, in UTC; without an offset it is on the wall clock of `zone`.

    Raises:
        ValueError: it is no such time.
    """
    allowed = "allowed: date and time to the minute, such as 2024-05-01T14:30+08:00"
    if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is no time; {allowed}")
    try:
        moment = datetime.fromisoformat(value.strip())
        if not 1970 <= moment.year <= 2099:
            raise ValueError(f"the year {moment.year} is out of range, 1970 to 2099")
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except ValueError as error:
        raise ValueError(f"{value!r} is no time ({error}); {allowed}") from error


def _not_empty(labels: dict[Locale, str]) -> dict[Locale, str]:
    if not labels:
        raise ValueError("has no text; allowed: at least one of zh_CN, en")
    return labels


def visible(value: object) -> object:
    """A text without characters that cannot be seen; anything else as it is."""
    return without_invisible(value) if isinstance(value, str) else value


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), BeforeValidator(visible)]
"""A short text that is not blank, without characters that cannot be seen."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""An id: lower-case letters, digits, `_` and `-`, beginning with a letter."""

Labels = Annotated[dict[Locale, Line], AfterValidator(_not_empty)]
"""The same text in one or more languages."""


def in_locale(labels: Mapping[Locale, _T], locale: Locale) -> _T:
    """What there is in that language, or else in the first language given."""
    return labels.get(locale) or next(iter(labels.values()))
