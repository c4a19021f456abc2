"""A department's part: who is asked, what it is late for, who answers, and what the case makes of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    NUMBER,
    RESOLUTION,
    SALES,
    SALES_DISPATCH,
    command,
    consulted,
    kinds,
    open_case,
    resolved_case,
    settlement,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.departments import task_request
from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.commands.case import TASK_COMMANDS
from workflows.domain.commands.command import Command
from workflows.domain.department_task import TaskReport, TaskReportKind
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.vocabulary import ClockName, Priority, TaskStatus

HEADS = consulted(heads={"sales": "sales-head"}, people=SALES)
PICK = consulted(dispatch=SALES_DISPATCH)
_ids = iter(range(10**6))


def asked(
    priority: Priority = Priority.P1, now: datetime = MONDAY, case: Case | None = None, **fields: Any
) -> tuple[Case, Collaboration, list[TaskReport]]:
    """A case whose owner has asked sales, and the part that came of it."""
    case = case or open_case(priority)[0]
    wish = command("collaborate", case.owner or "", department="sales", duty="核对合同", **fields)
    events = case.handle(wish, now, HEADS)
    assert kinds(events) == [EventKind.COLLABORATION_STARTED], events[-1].detail
    task, reports = Collaboration.open(task_request(case, case.tasks[-1]), PICK, now)
    return case, task, reports


def sent(name: str, by: str, **fields: Any) -> Command:
    """A command to a part."""
    if name == "contribute":
        fields.setdefault("department", "sales")
    return TASK_COMMANDS[name].model_validate({"command_id": f"p{next(_ids)}", "by": by, **fields})


def report(case: Case, reports: list[TaskReport], now: datetime, round_: int = 1) -> list[Event]:
    """What the case makes of reports."""
    told_ = command("part_reported", "system", department="sales", round=round_, reports=reports)
    return case.handle(told_, now)


def refusal(case: Case, now: datetime = MONDAY, facts: Any = HEADS, **fields: Any) -> str:
    """Why the case does not ask."""
    events = case.handle(command("collaborate", "tech-001", duty="核对合同", **fields), now, facts)
    assert kinds(events)[-1] is EventKind.REJECTED
    return str(events[-1].detail["reason"])


def test_one_person_of_the_department_is_asked_and_told_until_when() -> None:
    case, task, reports = asked()
    assert (task.person, [entry.kind for entry in reports]) == ("sales-001", [TaskReportKind.ASSIGNED])
    events = report(case, reports, MONDAY)
    assert told(events) == [(Message.COLLABORATION_ASKED, "sales-001")]
    assert events[0].notices[0].facts["duty"] == "核对合同"
    assert case.view().collaborations[0].person == "sales-001"


def test_where_nobody_fits_the_head_answers_for_the_part() -> None:
    case, _, _ = asked()
    task, _ = Collaboration.open(task_request(case, case.tasks[0]), consulted(problems=("nobody",)), MONDAY)
    assert task.person == "sales-head"
    assert task.ladder == ["tech-lead"]


def test_the_pick_is_made_in_the_department_that_was_asked() -> None:
    case, _, _ = asked()
    lookup = Collaboration.pick(task_request(case, case.tasks[0]))
    assert lookup.dispatch is not None
    assert (lookup.number, lookup.dispatch.department) == (NUMBER, "sales")


def test_only_who_works_on_the_case_may_ask_a_department() -> None:
    case, _ = open_case()
    events = case.handle(command("collaborate", "agent-001", department="sales", duty="x"), MONDAY, HEADS)
    assert kinds(events) == [EventKind.REJECTED]


def test_a_request_that_makes_no_sense_is_refused_in_one_line() -> None:
    case, _ = open_case()
    nowhere = consulted(problems=("department 'nowhere' is not in the organisation; allowed: sales",))
    assert "allowed: sales" in refusal(case, facts=nowhere, department="nowhere")
    assert "leads the case itself" in refusal(case, department="technical_support")
    assert "in the past" in refusal(case, department="sales", due=MONDAY - MINUTE)
    assert "allowed: up to 2024-05-07T01:00+08:00" in refusal(case, department="sales", due=MONDAY + 17 * HOUR)
    asked(case=case)
    assert "has its part already" in refusal(case, department="sales")
    assert all("\n" not in str(entry) for entry in case.outcomes.values())


def test_without_a_due_time_the_policy_gives_a_working_day_but_never_more_than_the_case_has() -> None:
    usual, _, _ = asked(Priority.P2)
    assert usual.tasks[0].due == MONDAY + DAY
    friday = MONDAY + 4 * DAY
    late, _ = Case.open(NUMBER, settlement(Priority.P2), friday)
    asked(case=late, now=friday)
    assert late.tasks[0].due == friday + 3 * DAY, "the weekend does not count"
    urgent, _, _ = asked(Priority.P0)
    assert urgent.tasks[0].due == MONDAY + 4 * HOUR


def test_the_due_time_that_is_asked_for_is_exactly_the_due_time() -> None:
    case, task, _ = asked(due=MONDAY + 95 * MINUTE)
    assert case.tasks[0].due == task.view().due == MONDAY + 95 * MINUTE
    assert task.clocks["collaboration"].due == MONDAY + 95 * MINUTE  # type: ignore[index]


def test_a_late_department_is_escalated_inside_it_and_each_deadline_is_missed_once() -> None:
    case, task, first = asked(due=MONDAY + 2 * HOUR)
    report(case, first, MONDAY)
    now, reports = MONDAY, []
    while (deadline := task.next_deadline) is not None:
        now = deadline
        reports += task.expire(now)
        task = Collaboration.model_validate_json(task.model_dump_json())
    happened = [entry.kind for entry in reports]
    assert happened == [
        TaskReportKind.REMINDED, TaskReportKind.WARNED, TaskReportKind.WARNED, TaskReportKind.LATE,
        TaskReportKind.ESCALATED, TaskReportKind.ESCALATED, TaskReportKind.ESCALATED,
    ]  # fmt: skip
    assert task.escalated == ["sales-lead", "sales-head", "tech-lead"], (
        "superior, head, the superior of the case's owner"
    )
    late = next(entry for entry in reports if entry.kind is TaskReportKind.LATE)
    assert late.at == MONDAY + 2 * HOUR
    events = report(case, reports, now)
    assert kinds(events).count(EventKind.COLLABORATION_LATE) == 1
    assert {(Message.COLLABORATION_LATE, "sales-001"), (Message.COLLABORATION_LATE, "tech-001")} <= set(told(events))
    climbed = [person for message, person in told(events) if message is Message.COLLABORATION_ESCALATED]
    assert climbed == ["sales-lead", "sales-head", "tech-lead"]
    keys = [(notice.message, notice.key, notice.recipient) for event in events for notice in event.notices]
    assert len(keys) == len(set(keys))


def test_an_outage_over_the_due_time_misses_it_once_when_the_part_is_back() -> None:
    _, task, _ = asked(due=MONDAY + 2 * HOUR)
    reports = task.expire(MONDAY + 2 * HOUR + MINUTE)
    assert [entry.kind for entry in reports] == [TaskReportKind.REMINDED, TaskReportKind.LATE, TaskReportKind.ESCALATED]


def test_an_answer_sent_in_time_is_in_time_although_it_is_read_late() -> None:
    _, task, _ = asked(due=MONDAY + 2 * HOUR)
    reports = task.handle(sent("contribute", "sales-001", result="好了", at=MONDAY + MINUTE), MONDAY + 5 * HOUR)
    assert [entry.kind for entry in reports] == [TaskReportKind.CONTRIBUTED]
    assert task.late_at is None


def test_whom_it_was_escalated_to_stops_the_climb_by_claiming_and_the_late_one_does_not() -> None:
    _, task, _ = asked(due=MONDAY + 2 * HOUR)
    task.expire(MONDAY + 2 * HOUR)
    task.handle(sent("claim", "sales-001"), MONDAY + 2 * HOUR + MINUTE)
    assert task.next_deadline is not None
    task.handle(sent("claim", "sales-lead"), MONDAY + 2 * HOUR + 2 * MINUTE)
    assert task.person == "sales-lead"
    assert task.next_deadline is None


def test_a_part_is_done_with_a_result_and_the_owner_of_the_case_reads_it() -> None:
    case, task, reports = asked()
    reports += task.handle(sent("claim", "sales-002", department="sales"), MONDAY + MINUTE)
    reports += task.handle(sent("contribute", "sales-002", department="sales", result="合同有效"), MONDAY + HOUR / 2)
    assert (task.status, task.next_deadline) == (TaskStatus.DONE, None)
    events = report(case, reports, MONDAY + HOUR / 2)
    assert kinds(events)[-2:] == [EventKind.COLLABORATION_CLAIMED, EventKind.CONTRIBUTED]
    assert events[-1].by == "sales-002"
    assert told(events)[-1] == (Message.COLLABORATION_ANSWERED, "tech-001")
    seen = case.view().collaborations[0]
    assert (seen.status, seen.result, seen.person) == (TaskStatus.DONE, "合同有效", "sales-002")


def test_a_department_that_cannot_says_why_and_may_be_asked_again() -> None:
    case, task, reports = asked()
    reports += task.handle(sent("contribute", "sales-001", cannot="合同不归我们管"), MONDAY + MINUTE)
    report(case, reports, MONDAY + MINUTE)
    assert case.view().collaborations[0].status is TaskStatus.CANNOT
    again, _, _ = asked(case=case, now=MONDAY + 2 * MINUTE)
    assert [entry.workflow_id for entry in again.view().collaborations] == [f"{NUMBER}/sales", f"{NUMBER}/sales/2"]


def test_only_the_department_and_those_it_was_escalated_to_answer_for_it() -> None:
    _, task, _ = asked()
    for wish in (
        sent("claim", "tech-001"),
        sent("contribute", "agent-999", result="x"),
        sent("end", "tech-001", reason="x"),
    ):
        assert [entry.kind for entry in task.handle(wish, MONDAY)] == [TaskReportKind.REJECTED]
        assert not task.outcomes[wish.command_id].accepted
    assert "not of product" in str(task.handle(sent("claim", "sales-001", department="product"), MONDAY)[0].detail)
    assert task.needs(sent("claim", "agent-999")) is not None


def test_the_same_command_twice_is_one_and_an_ended_part_takes_none() -> None:
    _, task, _ = asked()
    wish = sent("claim", "sales-001")
    assert len(task.handle(wish, MONDAY)) == 1
    assert task.handle(wish, MONDAY) == []
    assert task.handle(sent("end", "system", reason="closed", command_id=f"{NUMBER}/sales:end"), MONDAY) == [], (
        "the case knows what it did"
    )
    refused = task.handle(sent("contribute", "sales-001", result="x"), MONDAY)
    assert "is over (ended)" in str(refused[0].detail["reason"])


def test_a_report_that_comes_twice_is_told_once() -> None:
    case, _, reports = asked()
    report(case, reports, MONDAY)
    assert kinds(report(case, reports, MONDAY)) == [EventKind.REJECTED]
    assert case.view().collaborations[0].person == "sales-001"


def test_a_case_is_not_solved_while_a_part_is_open_unless_the_owner_says_why() -> None:
    case, _, _ = asked()
    events = case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    assert "still open: sales" in str(events[-1].detail["reason"])
    solved = case.handle(command("resolve", "tech-001", **RESOLUTION, why_open="合同不影响"), MONDAY + 2 * MINUTE)
    assert solved[-1].detail["why_open"] == "合同不影响"
    assert case.tasks[0].is_open


def test_closing_ends_open_tasks_and_says_so() -> None:
    case, _, reports = asked()
    case.tasks[0].begun = True
    report(case, reports, MONDAY)
    events = case.handle(command("withdraw", "customer", why="不用了"), MONDAY + MINUTE)
    assert kinds(events) == [EventKind.COLLABORATION_ENDED, EventKind.CLOSED]
    assert (Message.COLLABORATION_ENDED, "sales-001") in told(events)
    assert (case.tasks[0].status, case.tasks[0].to_end) == (TaskStatus.ENDED, True)


def test_reopening_keeps_open_tasks_and_says_so() -> None:
    case, _, _ = asked()
    case.handle(command("resolve", "tech-001", **RESOLUTION, why_open="稍后补"), MONDAY + MINUTE)
    events = case.handle(command("refuse", "customer", why="不行"), MONDAY + HOUR)
    assert events[-1].detail["kept"] == ["sales"]
    assert case.tasks[0].is_open


def test_nobody_is_asked_once_the_solution_is_with_the_customer() -> None:
    case, now = resolved_case()
    assert "awaiting_confirmation" in refusal(case, now, department="sales")


@pytest.mark.parametrize("name", ["claim", "contribute"])
def test_an_answer_sent_to_the_case_is_told_where_it_belongs(name: str) -> None:
    case, _, _ = asked()
    fields = {"result": "x"} if name == "contribute" else {}
    events = case.handle(command(name, "tech-001", department="sales", **fields), MONDAY)
    assert f"{NUMBER}/sales" in str(events[-1].detail["reason"])
    events = case.handle(command(name, "tech-001", department="product", **fields), MONDAY)
    assert "no open part" in str(events[-1].detail["reason"])


def test_a_refused_command_to_a_part_stands_in_the_timeline_of_the_case() -> None:
    case, task, reports = asked()
    reports += task.reject("contribute", "x", "sales-001", "result: is missing", MONDAY)
    events = report(case, reports, MONDAY)
    assert events[-1].detail == {
        "department": "sales", "command": "contribute", "command_id": "x", "reason": "result: is missing",
    }  # fmt: skip


def test_an_answer_at_the_very_moment_it_is_due_is_not_late() -> None:
    _, task, _ = asked()
    due = task.request.due
    task.clocks = {ClockName.COLLABORATION: task.clocks[ClockName.COLLABORATION]}
    reports = task.handle(sent("contribute", "sales-001", result="合同无误"), due) + task.expire(due)
    assert [one.kind for one in reports if one.kind is TaskReportKind.LATE] == []
    assert task.status is TaskStatus.DONE
