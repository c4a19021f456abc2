"""A promise that was made, missed or kept stays so when the priority changes or the case is reopened."""

from __future__ import annotations

from datetime import datetime

from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    RESOLUTION,
    command,
    open_case,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority


def _classified(case: Case, priority: str, now: datetime) -> None:
    case.expire(now)
    case.handle(command("classify", "tech-lead", priority=priority, why="重新评估"), now)
    assert case.priority == priority


def test_a_priority_that_goes_down_and_up_again_does_not_move_a_missed_promise_into_the_future() -> None:
    case, _ = open_case()
    case.handle(command("claim", "tech-001"), MONDAY + MINUTE)
    _classified(case, "P3", MONDAY + 50 * MINUTE)
    assert case.due(ClockName.RESPONSE) == MONDAY + DAY
    _classified(case, "P1", MONDAY + 3 * HOUR)
    assert case.due(ClockName.RESPONSE) == MONDAY + HOUR
    events = case.expire(MONDAY + 3 * HOUR)
    assert [(event.detail["clock"]) for event in events if event.kind is EventKind.LAPSED] == ["response"]
    assert case.breaches[0].due == MONDAY + HOUR
    assert case.expected_resolution == MONDAY + 16 * HOUR


def test_a_priority_that_goes_up_and_down_again_brings_back_what_was_promised() -> None:
    case, _ = open_case(Priority.P2)
    promised = {name: clock.due for name, clock in case.clocks.items()}
    for step, priority in enumerate(("P1", "P3", "P0", "P3", "P2"), start=1):
        _classified(case, priority, MONDAY + step * MINUTE)
    assert {name: clock.due for name, clock in case.clocks.items()} == promised


def test_a_promise_that_comes_back_was_moved_by_the_time_in_which_the_customer_was_waited_for() -> None:
    case, _ = open_case(Priority.P2)
    case.handle(command("claim", "tech-001"), MONDAY + MINUTE)
    _classified(case, "P3", MONDAY + HOUR)
    case.handle(command("request_info", "tech-001", text="版本?"), MONDAY + HOUR)
    case.handle(command("supply", CUSTOMER, text="5.2"), MONDAY + 6 * HOUR)
    _classified(case, "P2", MONDAY + 7 * HOUR)
    assert case.due(ClockName.RESPONSE) == MONDAY + 9 * HOUR
    _classified(case, "P3", MONDAY + 7 * HOUR)
    case.handle(command("request_info", "tech-001", text="版本?"), MONDAY + 8 * HOUR)
    _classified(case, "P2", MONDAY + 9 * HOUR)
    case.handle(command("supply", CUSTOMER, text="5.2"), MONDAY + 10 * HOUR)
    assert case.due(ClockName.RESPONSE) == MONDAY + 11 * HOUR


def test_a_reopened_case_is_not_held_to_what_its_last_handling_promised() -> None:
    case, _ = open_case(Priority.P2)
    _classified(case, "P3", MONDAY + MINUTE)
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + HOUR)
    case.handle(command("refuse", CUSTOMER, why="不行"), MONDAY + 5 * HOUR)
    assert case.priority == Priority.P2
    assert case.due(ClockName.RESPONSE) == MONDAY + 9 * HOUR


def test_a_daily_update_that_was_given_since_is_not_owed_by_an_earlier_priority() -> None:
    case, _ = open_case()
    _classified(case, "P2", MONDAY + HOUR)
    case.handle(command("progress", "tech-001", text="在查"), MONDAY + 20 * HOUR)
    case.clocks = {ClockName.PROGRESS: case.clocks[ClockName.PROGRESS]}
    _classified(case, "P1", MONDAY + 25 * HOUR)
    assert case.due(ClockName.PROGRESS) == MONDAY + 44 * HOUR
