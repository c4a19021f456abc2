"""A rule that fails costs the one command, or the one clock, at which it does: never the case (R14, R17)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import DAY, HOUR, MINUTE, MONDAY, PEOPLE, command, open_case
from tests.workflows.domain.collaboration.test_aggregate import asked
from tests.workflows.domain.review.test_aggregate import opened
from workflows.domain.case import handlers
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules import deadlines
from workflows.domain.commands.case import Note
from workflows.domain.commands.command import Outcome
from workflows.domain.event import EventKind
from workflows.domain.review import deadlines as review_deadlines
from workflows.domain.vocabulary import ClockName, Priority

SECRET = "王芳 13800138000"


def failing(*_: Any) -> None:
    raise OverflowError(SECRET)


def half_done(case: Case, *_: Any) -> None:
    """A rule that fails after it has changed nearly everything."""
    case.owner, case.priority = "nobody", Priority.P3
    case.people.clear()
    case.clocks[ClockName.CLAIM].due = None
    case.clocks.pop(ClockName.RESPONSE)
    case.escalation.level = 7
    case.breaches.clear()
    case.emit(EventKind.NOTED, "tech-001", MONDAY, text="never happened")
    raise KeyError(SECRET)


def broken(monkeypatch: pytest.MonkeyPatch, rule: Any) -> None:
    permitted = handlers.HANDLERS[Note].permitted
    table: Any = handlers.HANDLERS
    monkeypatch.setitem(table, Note, handlers.Handler(permitted, rule))


def test_a_command_whose_rule_fails_is_refused_and_has_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = open_case()
    before = case.model_dump(exclude={"outcomes", "faults", "sequence", "updated_at"})
    broken(monkeypatch, half_done)

    (refusal,) = case.handle(command("note", "tech-001", text=SECRET, command_id="n1"), MONDAY + MINUTE)

    assert (refusal.kind, refusal.detail["fault"], refusal.command_id) == (EventKind.REJECTED, "KeyError", "n1")
    assert SECRET not in case.outcomes["n1"].model_dump_json() + refusal.model_dump_json()
    assert case.model_dump(exclude={"outcomes", "faults", "sequence", "updated_at"}) == before
    assert [(fault.what, fault.error) for fault in case.view().faults] == [("note", "KeyError")]
    assert [str(error) for error in case.take_caught()] == [repr(SECRET)]
    assert case.handle(command("reply", "tech-001", text="在查"), MONDAY + MINUTE)[0].kind is EventKind.REPLIED


def test_a_fault_is_shown_until_the_same_command_works(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = open_case()
    with monkeypatch.context() as patch:
        broken(patch, failing)
        case.handle(command("note", "tech-001", text="x"), MONDAY)
    assert case.view().faults
    case.handle(command("note", "tech-001", text="x"), MONDAY)
    assert not case.view().faults


def test_a_deadline_that_fails_goes_to_the_top_and_the_other_clocks_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = open_case(Priority.P1)
    real = deadlines.expire

    def expire(case: Case, clock: Any, now: Any) -> None:
        if clock.name is ClockName.CLAIM:
            half_done(case)
        real(case, clock, now)

    monkeypatch.setattr(deadlines, "expire", expire)
    events = case.expire(MONDAY + 2 * HOUR)

    lapsed = [event for event in events if event.kind is EventKind.LAPSED]
    assert [event.detail["clock"] for event in lapsed][:2] == ["claim", "response"]
    assert lapsed[0].detail["fault"] == "KeyError"
    escalated = events[events.index(lapsed[0]) + 1]
    assert (escalated.kind, escalated.detail["to"], escalated.detail["why"]) == (
        EventKind.ESCALATED, "director", "claim",
    )  # fmt: skip
    assert case.people.keys() >= PEOPLE.keys() - {"agent-001"}
    assert case.next_deadline is not None
    assert case.next_deadline > MONDAY + 2 * HOUR
    case.handle(command("acknowledge", "director"), MONDAY + 2 * HOUR)
    assert not case.view().faults


def test_a_warning_that_fails_is_dropped_and_the_deadline_is_still_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = open_case(Priority.P1)
    case.handle(command("claim", "tech-001"), MONDAY)
    monkeypatch.setattr(deadlines, "warn", failing)
    events = case.expire(MONDAY + 31 * MINUTE)
    assert [(event.kind, event.detail["fault"]) for event in events] == [(EventKind.WARNED, "OverflowError")]
    events = case.expire(MONDAY + HOUR)
    assert (events[0].kind, events[0].detail["clock"]) == (EventKind.LAPSED, "response")


def test_a_departments_task_survives_a_failing_rule_and_a_failing_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    _, task, _ = asked()
    with monkeypatch.context() as patch:
        patch.setattr(type(task), "_claim", failing)
        (report,) = task.handle(command("claim", "sales-001"), task.updated_at)
    assert report.detail["fault"] == "OverflowError"
    with monkeypatch.context() as patch:
        patch.setattr(type(task), "_expire_clock", failing)
        reports = task.expire(task.request.due + DAY)
    late, escalated = [one for one in reports if one.kind in {"late", "escalated"}][-2:]
    assert late.detail["fault"] == "OverflowError"
    assert escalated.detail["to"] == task.ladder[-1]


def test_a_review_survives_a_failing_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    review, _ = opened()
    monkeypatch.setattr(review_deadlines, "expire", failing)
    events = review.expire(review.updated_at + timedelta(days=60))
    assert [event.kind for event in events if event.kind is not EventKind.WARNED] == [
        EventKind.REVIEW_LATE,
        EventKind.REVIEW_ESCALATED,
    ]
    assert review.first() is None


def test_a_command_is_known_however_many_came_after_it_in_bounded_memory() -> None:
    one, _ = open_case()
    alone = len(one.model_dump_json())
    for number in range(3_000):
        one.remember(f"c{number}", Outcome(accepted=True))
    assert all(f"c{number}" in one.outcomes or one.may_have_forgotten(f"c{number}") for number in range(3_000))
    mistaken = sum(one.may_have_forgotten(f"other-{number}") for number in range(1_000))
    assert mistaken < 250
    assert len(one.model_dump_json()) < alone + 20_000
    assert Case.model_validate_json(one.model_dump_json()) == one


def test_a_command_that_is_sent_again_after_hundreds_of_others_is_asked_of_the_record_and_not_repeated() -> None:
    case, _ = open_case()
    first = command("reply", "tech-001", text="在查")
    case.handle(first, MONDAY)
    for number in range(300):
        case.handle(command("note", "tech-001", text=f"{number}"), MONDAY)
    lookup = case.needs(first)
    assert lookup is not None
    assert lookup.command_id == first.command_id
