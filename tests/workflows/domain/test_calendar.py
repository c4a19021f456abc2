"""Working time: a promise in working hours is never counted on a night or a holiday."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DAY, HOUR, MINUTE
from workflows.domain.calendar import Calendar, Hours
from workflows.domain.vocabulary import CalendarKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(
    off=frozenset({date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 3)}),
    on=frozenset({date(2024, 4, 28), date(2024, 5, 11)}),
    hours=(Hours(opens=time(9), closes=time(12)), Hours(opens=time(13), closes=time(18))),
    official_years=(2024,),
)
DAYS, OFFICE_HOURS, ALWAYS = CalendarKind.WORKING_DAYS, CalendarKind.BUSINESS_HOURS, CalendarKind.ROUND_THE_CLOCK


def at(day: int, clock: str, *, month: int = 5) -> datetime:
    return datetime.combine(date(2024, month, day), time.fromisoformat(clock), SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "kind", "due"),
    [
        (at(6, "09:00"), 4, DAYS, at(6, "13:00")),
        (at(6, "22:00"), 4, DAYS, at(7, "02:00")),
        (at(30, "22:00", month=4), 4, DAYS, at(6, "02:00")),  # Labour Day, then a weekend
        (at(27, "10:00", month=4), 4, DAYS, at(28, "04:00", month=4)),  # Saturday; the Sunday is made up for
        (at(10, "23:00"), 4, DAYS, at(11, "03:00")),  # a make-up Saturday
        (at(6, "11:00"), 2, OFFICE_HOURS, at(6, "14:00")),  # over lunch
        (at(6, "17:00"), 2, OFFICE_HOURS, at(7, "10:00")),
        (at(30, "17:30", month=4), 1, OFFICE_HOURS, at(6, "09:30")),
        (at(4, "03:00"), 4, ALWAYS, at(4, "07:00")),
    ],
)
def test_a_promise_is_due_when_its_working_time_has_passed(
    start: datetime, hours: int, kind: CalendarKind, due: datetime
) -> None:
    assert OFFICE.add(start, hours * 3600, kind) == due


@given(st.integers(0, 40 * 86400), st.integers(1, 20 * 86400), st.sampled_from([DAYS, OFFICE_HOURS, ALWAYS]))
def test_what_was_promised_is_what_was_counted(offset: int, seconds: int, kind: CalendarKind) -> None:
    start = at(15, "00:00", month=4) + timedelta(seconds=offset)
    assert OFFICE.between(start, OFFICE.add(start, seconds, kind), kind) == pytest.approx(seconds, abs=1e-3)


@given(st.integers(0, 20 * 86400), st.integers(1, 10**6), st.integers(1, 10**6))
def test_time_in_two_stretches_is_time_in_one(offset: int, first: int, second: int) -> None:
    start = at(15, "00:00", month=4) + timedelta(seconds=offset)
    midway = OFFICE.add(start, first, OFFICE_HOURS)
    assert OFFICE.add(midway, second, OFFICE_HOURS) == OFFICE.add(start, first + second, OFFICE_HOURS)


def test_a_day_that_loses_an_hour_is_an_hour_shorter() -> None:
    berlin = Calendar(zone="Europe/Berlin", weekend=())
    start = datetime(2024, 3, 30, 23, 0, tzinfo=UTC)  # midnight before the clocks go forward
    assert berlin.between(start, start + 23 * HOUR, DAYS) == 23 * 3600
    assert berlin.local(start + 23 * HOUR).time() == time(0)


def test_whether_a_moment_is_working_time() -> None:
    assert OFFICE.is_working(at(6, "09:00"), OFFICE_HOURS)
    assert not OFFICE.is_working(at(6, "12:00"), OFFICE_HOURS)
    assert not OFFICE.is_working(at(1, "10:00"), DAYS)
    assert OFFICE.is_working(at(1, "10:00"), ALWAYS)


def test_a_year_that_is_not_announced_is_not_called_official() -> None:
    assert OFFICE.is_official(at(6, "09:00"), at(7, "09:00"))
    assert not OFFICE.is_official(at(30, "09:00", month=12), at(30, "09:00", month=12) + 5 * DAY)


def test_a_calendar_without_working_time_is_a_mistake_and_says_so() -> None:
    never = Calendar(weekend=(0, 1, 2, 3, 4, 5, 6))
    with pytest.raises(ValueError, match="no working time"):
        never.add(at(6, "09:00"), 1, DAYS)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Asia/Beijing"):
        Calendar(zone="Asia/Beijing")


def test_a_minute_is_a_minute_on_every_calendar() -> None:
    for kind in CalendarKind:
        assert OFFICE.add(at(6, "10:00"), 60, kind) == at(6, "10:00") + MINUTE
