"""Rules of ownership: dispatch, claiming, assignment, reclassification, escalation asked for (R5, R6, R8, R11-R13)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.aggregate_root import clock_fault
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.rules.escalation import escalate, tell_customer, tell_who_took_charge
from workflows.domain.case.rules.telling import task
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Acknowledge, Assign, Claim, Classify, Escalate
from workflows.domain.commands.command import Refused
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.terms import Consultation, Dispatch, TypeTerms
from workflows.domain.vocabulary import SYSTEM, ClockName, Priority, Status

UNRESOLVED = (Status.AWAITING_INFORMATION, Status.DISPATCHED, Status.IN_PROGRESS)
HANDLING_CLOCKS = (ClockName.CLAIM, ClockName.RESPONSE, ClockName.PROGRESS, ClockName.RESOLUTION)


def dispatch(case: CaseState, choice: Dispatch, now: datetime, *, by: str = SYSTEM, why: str = "") -> None:
    """Give an undispatched case its owner and start the clocks of handling (R12)."""
    _take_up(case, choice)
    case.status = Status.DISPATCHED
    start_handling(case, now)
    key = f"dispatch:{case.sequence + 1}"
    case.emit(
        EventKind.DISPATCHED,
        by,
        now,
        *_dispatch_notices(case, key),
        *task(case, key),
        *duty_alerts(case, key),
        owner=case.owner,
        department=case.department,
        group=case.group,
        assisting=case.assisting,
        expected_resolution=case.expected_resolution,
        reason=why or choice.reason,
    )


def start_handling(case: CaseState, now: datetime) -> None:
    """Start all clocks of handling anew (R9, R16, R25)."""
    for name in HANDLING_CLOCKS:
        case.start(name, now)
    case.claimed = False
    case.responded_at = case.first_answer = case.told_at = case.unanswered_since = None
    case.expected_resolution = case.due(ClockName.RESOLUTION)


def wait_or_run_on(case: CaseState, now: datetime) -> None:
    """Pause the clocks of handling while the customer is asked, except for a priority that runs on (R5).

    Called whenever a question begins or ends, and whenever priority or policy change while it is open.
    """
    is_asked = case.asked_at is not None and ClockName.SUPPLEMENT in case.clocks
    waits = case.status is Status.AWAITING_INFORMATION
    if is_asked and not waits and not case.runs_on:
        case.status = Status.AWAITING_INFORMATION
        for name in HANDLING_CLOCKS:
            if name in case.clocks:
                case.clocks[name].pause(now, case.terms.calendar)
    elif waits and case.owner is not None and (case.asked_at is None or case.runs_on):
        case.status = Status.IN_PROGRESS if case.claimed else Status.DISPATCHED
        for clock in case.clocks.values():
            clock.resume(now, case.terms.calendar)
        case.expected_resolution = case.due(ClockName.RESOLUTION) or case.expected_resolution


def dispatch_as_it_is(case: CaseState, facts: Consultation, now: datetime, *, by: str = SYSTEM, why: str = "") -> None:
    """Dispatch a case that has waited for information; where nobody fits, the head dispatches by hand (R5)."""
    settle_escalation(case, start_over=True)
    if facts.dispatch is not None:
        dispatch(case, facts.dispatch, now, by=by, why=why)
    else:
        escalate(case, ClockName.SUPPLEMENT, now, text="; ".join(facts.problems) or None)


def duty_alerts(case: CaseState, key: str) -> list[Notice]:
    """R13: P0 and P1 also go to the duty manager at once."""
    if not case.terms.levels[case.priority].alert_duty_manager:
        return []
    return [
        notice
        for manager in case.at_work(case.terms.duty_managers)
        for notice in case.notices_to(
            manager,
            Message.DUTY_ALERT,
            key,
            priority=case.priority,
            owner=case.owner,
            response_due=case.due(ClockName.RESPONSE),
        )
    ]


def claim(case: CaseState, command: Claim, now: datetime) -> None:
    """The owner starts; a colleague of the group, or a superior, takes it over by claiming."""
    if case.owner is None:
        raise Refused("the case is not dispatched yet; `assign` takes it as it is")
    if case.status not in UNRESOLVED:
        raise Refused(f"nothing to claim: the case is {case.status}")
    if case.claimed and command.by == case.owner:
        raise Refused(f"already claimed by {case.owner}")
    if command.by != case.owner:
        _hand_over(case, command.by, now, by=command.by, why="claimed")
    mark_claimed(case)
    case.emit(EventKind.CLAIMED, command.by, now)


def mark_claimed(case: CaseState) -> None:
    """Work has begun; replying or reporting progress says so as well as claiming does."""
    case.claimed = True
    case.stop(ClockName.CLAIM)
    if case.status is Status.DISPATCHED:
        case.status = Status.IN_PROGRESS


def assign(case: CaseState, command: Assign, now: datetime, facts: Consultation) -> None:
    """Give the case to a person, a department, or whoever fits; before dispatch, whatever it still lacks (R5)."""
    choice = _chosen(facts)
    if case.owner is None:
        case.stop(ClockName.SUPPLEMENT)
        case.asked_at = None
        settle_escalation(case, start_over=True)
        dispatch(case, choice, now, by=command.by, why=command.why)
        return
    if choice.owner == case.owner:
        raise Refused(f"{case.owner} owns the case already")
    _reassign(case, choice, now, by=command.by, why=command.why)


def classify(case: CaseState, command: Classify, now: datetime, facts: Consultation) -> None:
    """Correct type, subtype or priority, and follow with clocks, department and owner."""
    if case.status not in UNRESOLVED:
        raise Refused(f"a case that is {case.status} is not reclassified")
    wanted = type_wanted(case, command)
    terms = facts.types.get(wanted) if wanted else None
    if wanted and terms is None:
        raise Refused("; ".join(facts.problems) or f"unknown type {wanted}")
    before = _classification(case)
    raised = _reclassify(case, terms, command.priority, now)
    after = _classification(case)
    said = {"type": terms, "priority": command.priority}
    case.corrected = sorted({*case.corrected, *(key for key, value in said.items() if value is not None)})
    if after == before:
        raise Refused("nothing would change")
    key = f"classified:{command.command_id}"
    alerts = duty_alerts(case, key) if raised and case.owner else []
    case.emit(EventKind.CLASSIFIED, command.by, now, *alerts, before=before, after=after, why=command.why)
    if case.owner is None:
        if case.runs_on:
            dispatch_as_it_is(case, facts, now, by=command.by, why=command.why)
        return
    wait_or_run_on(case, now)
    if terms is not None and terms.department != case.department and facts.dispatch is not None:
        _reassign(case, facts.dispatch, now, by=command.by, why=command.why)


def triage_again(case: CaseState, facts: Consultation, now: datetime) -> None:
    """Type and priority by the rules, since something was supplied, unless a person has corrected them (R8, R10).

    The rules raise a priority and never lower what was promised. An owner who has begun keeps the case.
    """
    found = facts.triaged
    if found is None or case.status not in UNRESOLVED:
        return
    terms = None if "type" in case.corrected else found.type
    if terms is not None and terms.subtype is None and terms.type == case.type:
        terms = None
    priority = None if "priority" in case.corrected else found.priority
    if priority is not None and not _is_more_urgent(priority, case.priority):
        priority = None
    before = _classification(case)
    raised = _reclassify(case, terms, priority, now)
    after = _classification(case)
    if after == before:
        return
    key = f"classified:{case.sequence + 1}"
    alerts = duty_alerts(case, key) if raised and case.owner else []
    case.emit(EventKind.CLASSIFIED, SYSTEM, now, *alerts, before=before, after=after, reasons=found.reasons)
    choice = facts.dispatch
    if case.owner is None or case.claimed or terms is None or choice is None:
        return
    if terms.department != case.department and choice.owner != case.owner:
        _reassign(case, choice, now, by=SYSTEM, why=choice.reason)


def _classification(case: CaseState) -> dict[str, str | None]:
    return {"type": case.type, "subtype": case.subtype, "priority": case.priority.value}


def _reclassify(case: CaseState, terms: TypeTerms | None, priority: Priority | None, now: datetime) -> bool:
    """Whether it became more urgent."""
    if terms is not None:
        if terms.type != case.type:
            case.tested, case.playbook, case.steps_done = terms.tested, terms.playbook, []
        case.type, case.subtype = terms.type, terms.subtype
    return _change_priority(case, priority, now)


def _is_more_urgent(one: Priority, other: Priority) -> bool:
    return list(Priority).index(one) < list(Priority).index(other)


def type_wanted(case: CaseState, command: Classify) -> str | None:
    """`type` or `type/subtype` a command asks for; None when it leaves the type alone."""
    if command.type is None and command.subtype is None:
        return None
    kind = command.type or case.type
    return f"{kind}/{command.subtype}" if command.subtype else kind


def ask_for_help(case: CaseState, command: Escalate, now: datetime, facts: Consultation) -> None:
    """Escalation asked for: upwards, or to another department, whose head is informed (R17)."""
    if case.status not in UNRESOLVED:
        raise Refused(f"a case that is {case.status} is not escalated; refuse or reopen it first")
    if command.department is None:
        escalate(case, "asked", now, by=command.by, text=command.why)
        return
    head = facts.heads.get(command.department)
    if head is None:
        raise Refused("; ".join(facts.problems) or f"unknown department {command.department}")
    if command.department == case.department:
        raise Refused(f"{command.department} leads the case already; escalate upwards without a department")
    if command.department in case.assisting or any(
        task.is_open and task.department == command.department for task in case.tasks
    ):
        raise Refused(f"{command.department} is involved already")
    case.assisting[command.department] = head
    notices = case.notices_to(
        head, Message.ASSISTING, f"assist:{command.department}", department=command.department, owner=case.owner
    )
    if not case.escalation.told_customer_of:
        notices += tell_customer(case, "asked", head, f"assist:{command.department}")
    case.emit(
        EventKind.DEPARTMENT_INVOLVED, command.by, now, *notices, department=command.department, head=head,
        why=command.why,
    )  # fmt: skip


def acknowledge(case: CaseState, command: Acknowledge, now: datetime) -> None:
    """The person it was escalated to, or somebody above, has seen it: it goes no further up."""
    if case.escalation.acknowledged:
        raise Refused("no escalation waits for an acknowledgement")
    to = case.escalation.to
    if not _answers_escalation(case, command.by):
        raise Refused(f"it has gone up to {to}; {command.by} is below")
    settle_escalation(case)
    notices = tell_who_took_charge(case, command.by, f"acknowledged:{case.escalation.total}")
    case.emit(EventKind.ACKNOWLEDGED, command.by, now, *notices, level=case.escalation.level, to=to, text=command.text)


def settle_escalation(case: CaseState, *, start_over: bool = False) -> None:
    """Note that no acknowledgement is awaited any longer."""
    case.escalation.settle(start_over=start_over)
    case.stop(ClockName.ESCALATION)
    case.made_good(*(clock_fault(name) for name in ClockName))


def _answers_escalation(case: CaseState, by: str) -> bool:
    """Whether the escalation went to this person, to somebody below them, or to somebody whose place they have now."""
    to, ladder = case.escalation.to, case.escalation.climb or case.superiors() or case.ladder()
    below = ladder.index(to) if to in ladder else max(case.escalation.level - 1, 0)
    return by == to or by not in ladder[:below]


def _reassign(case: CaseState, choice: Dispatch, now: datetime, *, by: str, why: str) -> None:
    """Give the case to another owner, who has to claim anew while the promises to the customer run on."""
    _hand_over(case, choice.owner, now, by=by, why=why, choice=choice)
    if case.status not in UNRESOLVED:
        return
    case.claimed = False
    case.start(ClockName.CLAIM, now)
    if case.status is Status.AWAITING_INFORMATION:
        case.clocks[ClockName.CLAIM].pause(now, case.terms.calendar)
    else:
        case.status = Status.DISPATCHED


def _hand_over(case: CaseState, to: str, now: datetime, *, by: str, why: str, choice: Dispatch | None = None) -> None:
    above = case.chain(case.owner)
    previous, is_superior = case.owner, bool(case.capacities(by) & {Capacity.ESCALATED_TO, Capacity.SUPERIOR})
    if (is_superior and _answers_escalation(case, by)) or case.has_left(case.escalation.to):
        # Whoever had to answer has decided, or never will; the next escalation starts above the new owner.
        settle_escalation(case, start_over=True)
    case.handed_on_by = by if is_superior or _leads(case, by) else None
    if choice is not None:
        _take_up(case, choice)
    else:
        case.owner = to
    key = f"handover:{case.sequence + 1}"
    facts = {"from": previous, "to": to, "why": why}
    notices = [
        notice for person in (to, previous) for notice in case.notices_to(person, Message.HANDED_OVER, key, **facts)
    ]
    notices += task(case, key)
    if to in above:
        notices += tell_who_took_charge(case, to, key, as_owner=True)
    case.emit(EventKind.HANDED_OVER, by, now, *notices, department=case.department, **facts)


def _leads(case: CaseState, by: str) -> bool:
    """Whether it is an owner who has the case as somebody's superior, such as since it was reopened (R25)."""
    return by == case.owner and any(member.superior == by for member in case.people.values())


def _take_up(case: CaseState, choice: Dispatch) -> None:
    case.people.update(choice.people)
    case.department, case.group, case.owner = choice.department, choice.group, choice.owner
    case.assisting = {**case.assisting, **choice.assisting}
    case.assisting.pop(choice.department, None)


def _dispatch_notices(case: CaseState, key: str) -> list[Notice]:
    notices = case.notices_to(
        case.owner,
        Message.DISPATCHED,
        key,
        priority=case.priority,
        assisting=case.assisting,
        response_due=case.due(ClockName.RESPONSE),
        resolution_due=case.due(ClockName.RESOLUTION),
        claim_due=case.due(ClockName.CLAIM),
        playbook=case.playbook,
        missing=case.missing,
    )
    for department, head in case.assisting.items():
        notices += case.notices_to(head, Message.ASSISTING, key, department=department, owner=case.owner)
    return notices


def _chosen(facts: Consultation) -> Dispatch:
    if facts.dispatch is None:
        raise Refused("; ".join(facts.problems) or "nobody fits")
    return facts.dispatch


def _change_priority(case: CaseState, priority: Priority | None, now: datetime) -> bool:
    """Clocks follow the new priority, pauses and time already used included; whether it became more urgent."""
    if priority is None or priority is case.priority:
        return False
    raised = _is_more_urgent(priority, case.priority)
    before, case.priority = case.priority, priority
    for name, clock in case.clocks.items():
        terms = case.clock_terms(name)
        if terms is not None and clock.count == 0:
            case.clocks[name] = clock.reprioritised(before, priority, terms, now, case.terms.calendar, raised=raised)
    case.expected_resolution = case.due(ClockName.RESOLUTION) or case.expected_resolution
    return raised
