"""Working days as the state announced them, and as the company has them (R9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar
import pytest

from activities.policy.calendars import build_calendar
from activities.policy.loading import load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CalendarKind

HOUR = 3_600


def policy(**calendar: Any) -> Policy:
    data = load_policy("standard").model_dump(mode="json")
    data["calendar"] |= calendar
    return Policy.model_validate(data)


@pytest.fixture(scope="module")
def china() -> Calendar:
    return build_calendar(policy(), range(2023, 2029))


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_an_announced_year_is_what_the_state_announced(china: Calendar, year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    wrong = [day for day in days if china.is_working_day(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


def test_a_year_that_is_not_announced_is_provisional(china: Calendar) -> None:
    assert set(china.official_years) >= {2023, 2024, 2025, 2026}
    far = build_calendar(policy(), [2026, 2040])
    assert far.official_years == (2026,)
    assert not far.is_working_day(date(2040, 10, 1))


def test_four_hours_before_the_national_holiday_end_after_it(china: Calendar) -> None:
    evening = datetime(2026, 9, 30, 14, 0, tzinfo=UTC)
    due = china.add(evening, 4 * HOUR, CalendarKind.WORKING_DAYS)
    assert china.local(due).isoformat() == "2026-10-08T02:00:00+08:00"


def test_a_make_up_saturday_counts(china: Calendar) -> None:
    saturday = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
    assert china.add(saturday, 4 * HOUR, CalendarKind.WORKING_DAYS) == saturday + timedelta(hours=4)


def test_business_hours_leave_out_the_lunch_break(china: Calendar) -> None:
    late_morning = datetime(2026, 5, 11, 3, 30, tzinfo=UTC)
    due = china.add(late_morning, HOUR, CalendarKind.BUSINESS_HOURS)
    assert china.local(due).isoformat() == "2026-05-11T13:30:00+08:00"


def test_a_companys_own_days_go_before_the_states() -> None:
    own = policy(extra_holidays=["2026-05-11", "2026-10-10"], extra_workdays=["2026-10-01", "2026-05-16"])
    calendar = build_calendar(own, [2026])
    for day, works in (((5, 11), False), ((10, 10), False), ((10, 1), True), ((5, 16), True), ((5, 12), True)):
        assert calendar.is_working_day(date(2026, *day)) is works


def test_other_countries_and_their_parts_have_their_own_holidays() -> None:
    bavaria = build_calendar(policy(country="DE", subdivision="BY", zone="Europe/Berlin"), [2026])
    assert not bavaria.is_working_day(date(2026, 1, 6))
    assert build_calendar(policy(country="DE", zone="Europe/Berlin"), [2026]).is_working_day(date(2026, 1, 6))
    assert bavaria.official_years == (2026,)


def test_a_company_may_use_no_countrys_holidays() -> None:
    calendar = build_calendar(policy(country="", extra_holidays=["2026-10-02"]), [2026])
    assert calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.is_working_day(date(2026, 10, 2))


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ({"country": "XX"}, "calendar.country: 'XX' is not known; allowed: AD, AE"),
        ({"country": "DE", "subdivision": "QQ"}, "calendar.subdivision: 'QQ' is not in DE; allowed: BB, BE"),
        ({"subdivision": "QQ"}, "calendar.subdivision: 'QQ' is not in CN; allowed: none, leave it out"),
    ],
)
def test_a_country_nobody_knows_is_named(calendar: dict[str, str], said: str) -> None:
    with pytest.raises(Problem) as caught:
        build_calendar(policy(**calendar), [2026])
    assert said in str(caught.value)
