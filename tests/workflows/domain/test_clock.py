"""One deadline: its warnings, its pauses, and what a changed promise does to it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DAY, HOUR, MINUTE, MONDAY
from workflows.domain.clock import Clock
from workflows.domain.terms import ClockTerms
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import CalendarKind, ClockName

CALENDAR = Calendar()
FOUR_HOURS = ClockTerms(within=4 * 3600, calendar=CalendarKind.WORKING_DAYS, warnings=(0.5, 0.8))


def running() -> Clock:
    return Clock.start(ClockName.RESPONSE, FOUR_HOURS, MONDAY, CALENDAR)


def test_warnings_come_before_the_deadline_in_their_order() -> None:
    clock = running()
    assert clock.next == MONDAY + 2 * HOUR
    assert clock.warned(MONDAY + 2 * HOUR, CALENDAR) == 0.5
    assert clock.next == MONDAY + 3.2 * HOUR
    clock.warned(MONDAY + 3.2 * HOUR, CALENDAR)
    assert clock.next == MONDAY + 4 * HOUR


def test_two_warnings_that_came_due_while_nobody_was_there_are_one() -> None:
    clock = running()
    assert clock.warned(MONDAY + 3.5 * HOUR, CALENDAR) == 0.8
    assert clock.next == clock.due


def test_a_pause_over_the_weekend_is_given_back_in_working_time() -> None:
    friday_evening = MONDAY + 4 * DAY + 14 * HOUR
    clock = Clock.start(ClockName.RESPONSE, FOUR_HOURS, friday_evening - HOUR, CALENDAR)
    clock.pause(friday_evening, CALENDAR)
    assert clock.next is None
    clock.resume(MONDAY + 7 * DAY, CALENDAR)
    assert clock.due == MONDAY + 7 * DAY + 3 * HOUR


@given(st.lists(st.integers(1, 3600), max_size=8))
def test_pauses_never_use_up_time(pauses: list[int]) -> None:
    clock, now = running(), MONDAY
    for seconds in pauses:
        clock.pause(now, CALENDAR)
        clock.pause(now, CALENDAR)
        now += timedelta(seconds=seconds)
        clock.resume(now, CALENDAR)
        clock.resume(now, CALENDAR)
    assert clock.left(now, CALENDAR) == FOUR_HOURS.within


def test_a_longer_promise_keeps_the_time_already_used() -> None:
    clock = running()
    eight = FOUR_HOURS.model_copy(update={"within": 8 * 3600})
    clock.retime(eight, MONDAY + HOUR, CALENDAR, CALENDAR, never_later=False)
    assert clock.due == MONDAY + 8 * HOUR


def test_a_shorter_promise_that_is_used_up_is_given_once_more_and_never_later_than_before() -> None:
    clock = running()
    short = ClockTerms(within=15 * 60)
    clock.retime(short, MONDAY + HOUR, CALENDAR, CALENDAR, never_later=True)
    assert clock.due == MONDAY + HOUR + 15 * MINUTE
    clock = running()
    clock.retime(short, MONDAY + 4 * HOUR - MINUTE, CALENDAR, CALENDAR, never_later=True)
    assert clock.due == MONDAY + 4 * HOUR


def test_an_overdue_clock_is_not_rewritten() -> None:
    clock = running()
    before = clock.model_copy(deep=True)
    clock.retime(ClockTerms(within=10**6), MONDAY + 5 * HOUR, CALENDAR, CALENDAR, never_later=False)
    assert clock == before


def test_a_paused_clock_takes_up_a_new_promise_too() -> None:
    clock = running()
    clock.pause(MONDAY + HOUR, CALENDAR)
    clock.retime(ClockTerms(within=2 * 3600), MONDAY + 2 * HOUR, CALENDAR, CALENDAR, never_later=False)
    assert clock.due is None
    assert clock.remaining == 3600


@given(st.floats(0.01, 0.99), st.integers(60, 10**6))
def test_a_warning_just_given_is_not_given_again_when_the_promise_changes(share: float, within: int) -> None:
    terms = ClockTerms(within=within, calendar=CalendarKind.WORKING_DAYS, warnings=(share,))
    clock = Clock.start(ClockName.PROGRESS, terms, MONDAY, CALENDAR)
    if clock.next_warning is None:
        return
    now = clock.next_warning
    clock.warned(now, CALENDAR)
    clock.retime(terms, now, CALENDAR, CALENDAR, never_later=False)
    assert clock.next_warning is None
