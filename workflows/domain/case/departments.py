"""The case's side of cross-department work: asking, taking up reports, ending what is still open (R17, R18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows.domain.case.ownership import UNRESOLVED
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Claim, Collaborate, Contribute, TaskReported
from workflows.domain.commands.command import Refused
from workflows.domain.department_task import (
    DEFAULT_TERMS,
    DepartmentTask,
    TaskReport,
    TaskReportKind,
    TaskRequest,
    TaskStatus,
)
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.ids import task_workflow_id
from workflows.domain.terms import ClockTerms, Consultation
from workflows.domain.vocabulary import SYSTEM, CalendarKind, ClockName

_REMEMBERED, _IN_FULL, _BRIEF = 50, 8, 100
"""Parts that are over: how many are known, of how many the texts are whole, and how long those of the others are."""


def collaborate(case: CaseState, command: Collaborate, now: datetime, facts: Consultation) -> None:
    """Ask a department for its part: one duty, one due time (R18)."""
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
    part = DepartmentTask(
        department=department,
        round=1 + max((part.round for part in case.parts if part.department == department), default=0),
        duty=command.duty,
        asked_by=command.by,
        asked_at=now,
        due=due,
        terms=terms,
        head=head,
    )
    _forget_parts(case)
    case.parts.append(part)
    case.assisting.setdefault(department, head)
    case.emit(
        EventKind.COLLABORATION_STARTED, command.by, now, department=department, duty=part.duty, due=due,
        round=part.round,
    )  # fmt: skip


def part_reported(case: CaseState, command: TaskReported, now: datetime) -> None:
    """Take up what happened in a department; a report that came before changes nothing."""
    part = next((p for p in case.parts if (p.department, p.round) == (command.department, command.round)), None)
    if part is None:
        raise Refused(f"{command.department} has no part of this case in round {command.round}")
    fresh = [report for report in command.reports if report.sequence > part.reported]
    if not fresh:
        raise Refused("reported already")
    for report in fresh:
        part.reported = report.sequence
        _TAKE_UP[report.kind](case, part, report, now)


def sent_to_the_case(case: CaseState, command: Claim | Contribute, _: datetime | None = None) -> None:
    """A department's people answer where their part lives.

    Raises:
        Refused: always; it says where.
    """
    part = open_task(case, command.department or "")
    if part is None:
        raise Refused(f"{command.department} has no open part of this case")
    raise Refused(
        f"the part of {part.department} is {task_workflow_id(case.number, part.department, part.round)}: send it there"
    )


def must_explain_open_parts(case: CaseState, why: str | None) -> None:
    """A case is not solved while a department still owes its part, unless the owner says why (R18)."""
    departments = ", ".join(part.department for part in case.parts if part.is_open)
    if departments and why is None:
        raise Refused(f"still open: {departments}; say why it is solved without, with `why_open`")


def end_tasks(case: CaseState, now: datetime, *, by: str, why: str) -> None:
    """What departments still owe is not needed any more."""
    for part in case.parts:
        if part.is_open:
            part.status, part.result, part.ended_at = TaskStatus.ENDED, why, now
            part.to_end = part.begun
            _emit_ended(case, part, by, now, why)


def _forget_parts(case: CaseState) -> None:
    """Of a long life only so much is carried along: what was asked and answered long ago stands in the timeline.

    The last part of each department is kept, since the next one is numbered after it.
    """
    over = [part for part in case.parts if not part.is_open and not part.to_end]
    for part in over[:-_IN_FULL]:
        part.duty = _brief(part.duty)
        part.result = part.result and _brief(part.result)
    last = {part.department: part.round for part in case.parts}
    old = [part for part in over[:-_REMEMBERED] if part.round != last[part.department]]
    forgotten = {(part.department, part.round) for part in old}
    case.parts = [part for part in case.parts if (part.department, part.round) not in forgotten]


def _brief(text: str) -> str:
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def open_task(case: CaseState, department: str) -> DepartmentTask | None:
    """The part a department owes now."""
    return next((part for part in case.parts if part.is_open and part.department == department), None)


def task_request(case: CaseState, part: DepartmentTask) -> TaskRequest:
    """What the part's own workflow begins with."""
    superiors = case.chain(case.owner)
    around = [part.head, *case.chain(part.head), *superiors[:1]]
    return TaskRequest(
        number=case.number,
        department=part.department,
        round=part.round,
        duty=part.duty,
        due=part.due,
        terms=part.terms,
        claim=case.clock_terms(ClockName.CLAIM),
        escalation=case.clock_terms(ClockName.ESCALATION),
        calendar=case.terms.calendar,
        asked_at=part.asked_at,
        asked_by=part.asked_by,
        lead=case.owner or part.asked_by,
        lead_superior=superiors[0] if superiors else None,
        head=part.head,
        type=case.type,
        subtype=case.subtype,
        priority=case.priority,
        people={key: case.people[key] for key in around if key in case.people},
    )


def _terms(case: CaseState, wanted: datetime | None, now: datetime) -> ClockTerms:
    """The policy's time, at most what the case itself has; or exactly what was asked for."""
    usual = case.clock_terms(ClockName.COLLABORATION) or DEFAULT_TERMS
    limit = case.due(ClockName.RESOLUTION)
    if wanted is None:
        due = case.terms.calendar.add(now, usual.within, usual.calendar)
        if limit is None or due <= limit or limit <= now:
            return usual
        wanted = limit
    elif wanted <= now:
        raise Refused(f"due {_local(case, wanted)} is in the past; allowed: after {_local(case, now)}")
    elif limit is not None and wanted > limit:
        raise Refused(
            f"due {_local(case, wanted)} is after the case has to be solved; allowed: up to {_local(case, limit)}"
        )
    within = (wanted - now).total_seconds()
    return ClockTerms(within=within, calendar=CalendarKind.ROUND_THE_CLOCK, warnings=usual.warnings)


def _local(case: CaseState, moment: datetime) -> str:
    return case.terms.calendar.local(moment).isoformat(timespec="minutes")


def _key(part: DepartmentTask) -> str:
    return f"collaboration:{part.department}:{part.round}:{part.reported}"


def _tell(case: CaseState, to: str | None, message: Message, part: DepartmentTask, **facts: Any) -> list[Notice]:
    common = {"department": part.department, "duty": part.duty, "due": part.due, "person": part.person}
    return case.tell(to, message, _key(part), **common, **facts)


def _assigned(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    part.person = str(report.detail["person"])
    notices = _tell(case, part.person, Message.COLLABORATION_ASKED, part, owner=case.owner)
    case.emit(
        EventKind.COLLABORATION_ASSIGNED, report.by, now, *notices, department=part.department, person=part.person,
        due=part.due, reason=report.detail.get("reason"),
    )  # fmt: skip


def _claimed(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    part.person, part.claimed_at = report.by, report.at
    case.emit(
        EventKind.COLLABORATION_CLAIMED, report.by, now, department=part.department,
        previous=report.detail.get("previous"),
    )  # fmt: skip


def _reminded(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    notices = _tell(case, part.person, Message.COLLABORATION_REMINDER, part)
    case.emit(
        EventKind.WARNED, report.by, now, *notices, clock=ClockName.COLLABORATION, due=part.due,
        department=part.department, to=part.person,
    )  # fmt: skip


def _warned(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    share = report.detail.get("share")
    notices = _tell(case, part.person, Message.COLLABORATION_WARNING, part, share=share)
    case.emit(
        EventKind.WARNED, report.by, now, *notices, clock=ClockName.COLLABORATION, due=part.due, share=share,
        department=part.department, to=part.person,
    )  # fmt: skip


def _late(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    part.late_at = report.at
    notices = [
        notice
        for person in dict.fromkeys((part.person, case.owner))
        for notice in _tell(case, person, Message.COLLABORATION_LATE, part)
    ]
    case.emit(
        EventKind.COLLABORATION_LATE, report.by, now, *notices, department=part.department, person=part.person,
        due=part.due,
    )  # fmt: skip


def _escalated(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    part.escalated_to = str(report.detail["to"])
    facts = {key: report.detail.get(key) for key in ("level", "top", "next")}
    notices = _tell(case, part.escalated_to, Message.COLLABORATION_ESCALATED, part, owner=case.owner, **facts)
    case.emit(
        EventKind.COLLABORATION_ESCALATED, report.by, now, *notices, department=part.department, to=part.escalated_to,
        **facts,
    )  # fmt: skip


def _contributed(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    answer = {key: report.detail.get(key) for key in ("result", "cannot")}
    if part.is_open:
        part.status = TaskStatus(str(report.detail["status"]))
        part.result, part.ended_at = str(answer["result"] or answer["cannot"]), report.at
    notices = _tell(case, case.owner, Message.COLLABORATION_ANSWERED, part, by=report.by, **answer)
    case.emit(EventKind.CONTRIBUTED, report.by, now, *notices, department=part.department, **answer)


def _ended(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    why = str(report.detail.get("reason"))
    part.status, part.result, part.ended_at = TaskStatus.ENDED, why, report.at
    _emit_ended(case, part, report.by, now, why)


def _rejected(case: CaseState, part: DepartmentTask, report: TaskReport, now: datetime) -> None:
    case.emit(EventKind.REJECTED, report.by, now, department=part.department, **report.detail)


def _emit_ended(case: CaseState, part: DepartmentTask, by: str, now: datetime, why: str) -> None:
    notices = [
        notice
        for person in dict.fromkeys((part.person, case.owner if by != SYSTEM else None))
        for notice in _tell(case, person, Message.COLLABORATION_ENDED, part, why=why)
    ]
    case.emit(EventKind.COLLABORATION_ENDED, by, now, *notices, department=part.department, why=why)


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
