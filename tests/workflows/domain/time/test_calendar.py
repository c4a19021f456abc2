"""Working time: a promise in working hours is never counted on a night or a holiday."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DAY, HOUR, MINUTE
from workflows.domain.time.calendar import Calendar, Hours
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


def counts(calendar: Calendar, moment: datetime, kind: CalendarKind) -> bool:
    """Whether that very moment is working time."""
    return calendar.between(moment, moment + timedelta(seconds=1), kind) == 1


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


def _of(hours: tuple[str, ...], zone: str = "Asia/Shanghai") -> Calendar:
    spans = [one.split("-") for one in hours]
    return Calendar(
        zone=zone,
        weekend=(5, 6),
        hours=tuple(Hours(opens=time.fromisoformat(a), closes=time.fromisoformat(b)) for a, b in spans),
    )


@pytest.mark.parametrize(
    ("hours", "start", "counted", "due"),
    [
        (("18:00-00:00",), at(6, "23:00"), 2, at(7, "19:00")),
        (("22:00-06:00",), at(6, "23:00"), 4, at(7, "03:00")),
        (("22:00-06:00",), at(7, "05:00"), 2, at(7, "23:00")),
        (("22:00-06:00",), at(11, "05:00"), 2, at(13, "23:00")),  # Friday's night ends on Saturday
        (("09:00-12:00", "22:00-02:00"), at(6, "23:00"), 4, at(7, "10:00")),
        (("00:00-00:00",), at(6, "23:00"), 4, at(7, "03:00")),
    ],
)
def test_hours_to_midnight_and_over_it_count_on_the_day_they_begin(
    hours: tuple[str, ...], start: datetime, counted: int, due: datetime
) -> None:
    calendar = _of(hours)
    assert calendar.add(start, counted * 3600, OFFICE_HOURS) == due
    assert calendar.between(start, due, OFFICE_HOURS) == counted * 3600
    assert counts(calendar, due - timedelta(seconds=1), OFFICE_HOURS)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "minutes"),
    [
        ("America/New_York", date(2026, 3, 8), "02:30-03:15", 15),
        ("America/New_York", date(2026, 3, 8), "02:15-02:45", 0),
        ("America/New_York", date(2026, 3, 8), "01:30-02:30", 30),
        ("America/New_York", date(2026, 11, 1), "01:30-01:45", 15),
        ("America/New_York", date(2026, 11, 1), "00:30-03:00", 210),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:10-02:40", 10),
        ("Pacific/Apia", date(2011, 12, 30), "09:00-18:00", 0),
    ],
)
def test_hours_that_the_clocks_skip_never_count_less_than_nothing(
    zone: str, day: date, hours: str, minutes: int
) -> None:
    calendar = _of((hours,), zone).model_copy(update={"weekend": ()})
    first, last = (datetime.combine(day + timedelta(days=n), time(), ZoneInfo(zone)).astimezone(UTC) for n in (0, 1))
    assert calendar.between(first, last, OFFICE_HOURS) == minutes * 60
    moments = [first + timedelta(minutes=5 * n) for n in range(int((last - first) / timedelta(minutes=5)))]
    assert all(calendar.between(one, last, OFFICE_HOURS) >= 0 for one in moments)
    assert sum(counts(calendar, one, OFFICE_HOURS) for one in moments) == minutes / 5


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
    assert counts(OFFICE, at(6, "09:00"), OFFICE_HOURS)
    assert not counts(OFFICE, at(6, "12:00"), OFFICE_HOURS)
    assert not counts(OFFICE, at(1, "10:00"), DAYS)
    assert counts(OFFICE, at(1, "10:00"), ALWAYS)


def test_a_year_that_is_not_announced_is_not_called_official() -> None:
    assert OFFICE.is_official(at(6, "09:00"), at(7, "09:00"))
    assert not OFFICE.is_official(at(30, "09:00", month=12), at(30, "09:00", month=12) + 5 * DAY)


def test_a_calendar_without_working_time_is_a_mistake_and_says_so() -> None:
    never = Calendar(weekend=(0, 1, 2, 3, 4, 5, 6))
    with pytest.raises(ValueError, match="not enough working time"):
        never.add(at(6, "09:00"), 1, DAYS)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Asia/Beijing"):
        Calendar(zone="Asia/Beijing")


def test_a_minute_is_a_minute_on_every_calendar() -> None:
    for kind in CalendarKind:
        assert OFFICE.add(at(6, "10:00"), 60, kind) == at(6, "10:00") + MINUTE
