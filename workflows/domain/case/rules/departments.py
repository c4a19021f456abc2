"""Rules for departments' tasks on the side of the case: asking, taking up reports, ending open ones (R17, R18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows.domain.aggregate_root import LATE_TIMES
from workflows.domain.case.rules.ownership import UNRESOLVED
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Claim, Collaborate, Contribute, TaskReported
from workflows.domain.commands.command import LONGEST_DUE, Refused
from workflows.domain.department_task import (
    DepartmentTask,
    TaskReport,
    TaskReportKind,
    TaskRequest,
)
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.ids import task_workflow_id
from workflows.domain.provenance import VIA
from workflows.domain.terms import ClockTerms, Consultation
from workflows.domain.vocabulary import SYSTEM, CalendarKind, ClockName, TaskStatus, Via

_REMEMBERED, _IN_FULL, _BRIEF = 50, 8, 100
"""Tasks that are over: how many are kept, of how many with their whole texts, and to how long the others are cut."""


def collaborate(case: CaseState, command: Collaborate, now: datetime, facts: Consultation) -> None:
    """Ask a department for a task: one duty, one due time (R18)."""
    if case.owner is None or case.status not in UNRESOLVED:
        raise Refused(f"a case that is {case.status} asks no department; it has to be handled by an owner")
    department = command.department
    if department == case.department:
        raise Refused(f"{department} leads the case itself; name another department")
    head = facts.heads.get(department)
    if head is None:
        raise Refused("; ".join(facts.problems) or f"unknown department {department}")
    known = open_task(case, department)
    if known is not None:
        raise Refused(f"{department} has its part already, due {_local(case, known.due)}; one at a time")
    terms = _terms(case, command.due, now)
    due = case.terms.calendar.add(now, terms.within, terms.calendar)
    task = DepartmentTask(
        department=department,
        round=1 + max((task.round for task in case.tasks if task.department == department), default=0),
        duty=command.duty,
        asked_by=command.by,
        asked_at=now,
        due=due,
        terms=terms,
        head=head,
    )
    _forget_tasks(case)
    case.tasks.append(task)
    case.assisting.setdefault(department, head)
    case.emit(
        EventKind.COLLABORATION_STARTED, command.by, now, department=department, duty=task.duty, due=due,
        round=task.round,
    )  # fmt: skip


def task_reported(case: CaseState, command: TaskReported, now: datetime) -> None:
    """Take up what happened in a department; a report that came before changes nothing."""
    task = next(
        (task for task in case.tasks if (task.department, task.round) == (command.department, command.round)), None
    )
    if task is None:
        raise Refused(f"{command.department} has no part of this case in round {command.round}")
    fresh = [report for report in command.reports if report.sequence > task.reported]
    if not fresh:
        raise Refused("reported already")
    for report in fresh:
        task.reported = report.sequence
        told = {key: str(report.detail[key]) for key in (VIA, *LATE_TIMES) if key in report.detail}
        with case.came_of(report.command_id, {VIA: Via.CONSOLE.value, **told}):
            _TAKE_UP[report.kind](case, task, report, now)
        if fault := report.detail.get("fault"):
            case.note_fault(f"{task.department}: {report.detail.get('command', report.kind)}", str(fault), now)


def sent_to_the_case(case: CaseState, command: Claim | Contribute, _: datetime | None = None) -> None:
    """A department's people answer in the workflow of their task.

    Raises:
        Refused: always; it says where.
    """
    task = open_task(case, command.department or "")
    if task is None:
        raise Refused(f"{command.department} has no open part of this case")
    raise Refused(
        f"the part of {task.department} is {task_workflow_id(case.number, task.department, task.round)}: send it there"
    )


def must_explain_open_tasks(case: CaseState, why: str | None) -> None:
    """A case is not solved while a department's task is open, unless the owner says why (R18)."""
    departments = ", ".join(task.department for task in case.tasks if task.is_open)
    if departments and why is None:
        raise Refused(f"still open: {departments}; say why it is solved without, with `why_open`")


def end_tasks(case: CaseState, now: datetime, *, by: str, why: str) -> None:
    """What departments still owe is not needed any more."""
    for task in case.tasks:
        if task.is_open:
            task.status, task.result, task.ended_at = TaskStatus.ENDED, why, now
            task.to_end = task.begun
            _emit_ended(case, task, by, now, why)


def _forget_tasks(case: CaseState) -> None:
    """Forget tasks of long ago: what was asked and answered stands in the timeline.

    The last task of each department is kept, since the next one is numbered after it.
    """
    over = [task for task in case.tasks if not task.is_open and not task.to_end]
    for task in over[:-_IN_FULL]:
        task.duty = _brief(task.duty)
        task.result = task.result and _brief(task.result)
    last = {task.department: task.round for task in case.tasks}
    old = [task for task in over[:-_REMEMBERED] if task.round != last[task.department]]
    forgotten = {(task.department, task.round) for task in old}
    case.tasks = [task for task in case.tasks if (task.department, task.round) not in forgotten]


def _brief(text: str) -> str:
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def open_task(case: CaseState, department: str) -> DepartmentTask | None:
    """The task a department owes now; None where it owes none."""
    return next((task for task in case.tasks if task.is_open and task.department == department), None)


def task_request(case: CaseState, task: DepartmentTask) -> TaskRequest:
    """What the task's own workflow begins with."""
    superiors = case.chain(case.owner)
    around = [task.head, *case.chain(task.head), *superiors[:1], *filter(None, [case.owner])]
    return TaskRequest(
        number=case.number,
        department=task.department,
        round=task.round,
        duty=task.duty,
        due=task.due,
        terms=task.terms,
        claim=case.clock_terms(ClockName.CLAIM),
        escalation=case.clock_terms(ClockName.ESCALATION),
        calendar=case.terms.calendar,
        asked_at=task.asked_at,
        asked_by=task.asked_by,
        lead=case.owner or task.asked_by,
        lead_superior=next(iter(case.at_work(superiors)), None),
        head=task.head,
        type=case.type,
        subtype=case.subtype,
        priority=case.priority,
        people={key: case.people[key] for key in around if key in case.people},
    )


def _terms(case: CaseState, wanted: datetime | None, now: datetime) -> ClockTerms:
    """The policy's time, at most what the case itself has; or exactly what was asked for."""
    usual = case.terms.levels[case.priority].clocks[ClockName.COLLABORATION]
    limit = case.due(ClockName.RESOLUTION)
    if wanted is None:
        due = case.terms.calendar.add(now, usual.within, usual.calendar)
        if limit is None or due <= limit or limit <= now:
            return usual
        wanted = limit
    elif wanted <= now:
        raise Refused(f"due {_local(case, wanted)} is in the past; allowed: after {_local(case, now)}")
    elif wanted > now + LONGEST_DUE:
        allowed = f"up to {_local(case, now + LONGEST_DUE)}"
        raise Refused(f"due {_local(case, wanted)} is too far ahead; allowed: {allowed}")
    elif limit is not None and wanted > limit:
        raise Refused(
            f"due {_local(case, wanted)} is after the case has to be solved; allowed: up to {_local(case, limit)}"
        )
    within = (wanted - now).total_seconds()
    return ClockTerms(within=within, calendar=CalendarKind.ROUND_THE_CLOCK, warnings=usual.warnings)


def _local(case: CaseState, moment: datetime) -> str:
    return case.terms.calendar.local(moment).isoformat(timespec="minutes")


def _key(task: DepartmentTask) -> str:
    return f"collaboration:{task.department}:{task.round}:{task.reported}"


def _notices(case: CaseState, to: str | None, message: Message, task: DepartmentTask, **facts: Any) -> list[Notice]:
    common = {"department": task.department, "duty": task.duty, "due": task.due, "person": task.person}
    return case.notices_to(to, message, _key(task), **common, **facts)


def _assigned(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    task.person = str(report.detail["person"])
    notices = _notices(case, task.person, Message.COLLABORATION_ASKED, task, owner=case.owner)
    case.emit(
        EventKind.COLLABORATION_ASSIGNED, report.by, now, *notices, department=task.department, person=task.person,
        due=task.due, reason=report.detail.get("reason"),
    )  # fmt: skip


def _claimed(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    task.person, task.claimed_at = report.by, report.at
    case.emit(
        EventKind.COLLABORATION_CLAIMED, report.by, now, department=task.department,
        previous=report.detail.get("previous"),
    )  # fmt: skip


def _reminded(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    notices = _notices(case, task.person, Message.COLLABORATION_REMINDER, task)
    case.emit(
        EventKind.WARNED, report.by, now, *notices, clock=ClockName.COLLABORATION, due=task.due,
        department=task.department, to=task.person,
    )  # fmt: skip


def _warned(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    share = report.detail.get("share")
    if fault := report.detail.get("fault"):  # there is nothing to tell, but that it failed
        case.emit(
            EventKind.WARNED, report.by, now, clock=ClockName.COLLABORATION, due=task.due, department=task.department,
            fault=fault,
        )  # fmt: skip
        return
    notices = _notices(case, task.person, Message.COLLABORATION_WARNING, task, share=share)
    case.emit(
        EventKind.WARNED, report.by, now, *notices, clock=ClockName.COLLABORATION, due=task.due, share=share,
        department=task.department, to=task.person,
    )  # fmt: skip


def _late(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    task.late_at = report.at
    notices = [
        notice
        for person in dict.fromkeys((task.person, case.owner))
        for notice in _notices(case, person, Message.COLLABORATION_LATE, task)
    ]
    case.emit(
        EventKind.COLLABORATION_LATE, report.by, now, *notices, department=task.department, person=task.person,
        due=task.due,
    )  # fmt: skip


def _escalated(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    task.escalated_to = str(report.detail["to"])
    facts = {key: report.detail.get(key) for key in ("level", "top", "next")}
    notices = _notices(case, task.escalated_to, Message.COLLABORATION_ESCALATED, task, owner=case.owner, **facts)
    case.emit(
        EventKind.COLLABORATION_ESCALATED, report.by, now, *notices, department=task.department, to=task.escalated_to,
        **facts,
    )  # fmt: skip


def _contributed(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    answer = {key: report.detail.get(key) for key in ("result", "cannot")}
    if task.is_open:
        task.status = TaskStatus(str(report.detail["status"]))
        task.result, task.ended_at = str(answer["result"] or answer["cannot"]), report.at
    notices = _notices(case, case.owner, Message.COLLABORATION_ANSWERED, task, by=report.by, **answer)
    case.emit(EventKind.CONTRIBUTED, report.by, now, *notices, department=task.department, **answer)


def _ended(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    why = str(report.detail.get("reason"))
    task.status, task.result, task.ended_at = TaskStatus.ENDED, why, report.at
    _emit_ended(case, task, report.by, now, why)


def _rejected(case: CaseState, task: DepartmentTask, report: TaskReport, now: datetime) -> None:
    case.emit(EventKind.REJECTED, report.by, now, department=task.department, **report.detail)


def _emit_ended(case: CaseState, task: DepartmentTask, by: str, now: datetime, why: str) -> None:
    notices = [
        notice
        for person in dict.fromkeys((task.person, case.owner if by != SYSTEM else None))
        for notice in _notices(case, person, Message.COLLABORATION_ENDED, task, why=why)
    ]
    case.emit(EventKind.COLLABORATION_ENDED, by, now, *notices, department=task.department, why=why)


_TAKE_UP: dict[TaskReportKind, Callable[[CaseState, DepartmentTask, TaskReport, datetime], None]] = {
    TaskReportKind.ASSIGNED: _assigned,
    TaskReportKind.CLAIMED: _claimed,
    TaskReportKind.REMINDED: _reminded,
    TaskReportKind.WARNED: _warned,
    TaskReportKind.LATE: _late,
    TaskReportKind.ESCALATED: _escalated,
    TaskReportKind.CONTRIBUTED: _contributed,
    TaskReportKind.ENDED: _ended,
    TaskReportKind.REJECTED: _rejected,
}
