"""Rules for the work on a case: reply, progress, question to the customer, solution (R5, R9, R14-R16, R19-R21)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.case.parts import FirstAnswer
from workflows.domain.case.rules.departments import must_explain_open_tasks
from workflows.domain.case.rules.ownership import (
    UNRESOLVED,
    dispatch_as_it_is,
    mark_claimed,
    triage_again,
    wait_or_run_on,
)
from workflows.domain.case.rules.solution import announce_result
from workflows.domain.case.rules.telling import INFORMATION, mark_answered, mark_told
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import (
    Attach,
    CustomerWrote,
    Note,
    Progress,
    Reply,
    RequestInfo,
    Resolve,
    Supply,
)
from workflows.domain.commands.command import Refused
from workflows.domain.event import EventKind, Message, key_of
from workflows.domain.form_fields import CONTACTS
from workflows.domain.terms import Consultation
from workflows.domain.vocabulary import ClockName, Reachable, Status, Verification


def reply(case: CaseState, command: Reply, now: datetime) -> None:
    """The first reply stops the response clock where a channel brings it; else it counts when it was told (R9, R43)."""
    _must_be_owned(case, even_solved=case.unanswered_since is not None)
    mark_claimed(case)
    _mark_responded(case, Message.REPLIED, command.command_id, now)
    _answer(case, now)
    notice = case.notice_to_customer(Message.REPLIED, command.command_id, text=command.text, by=case.owner)
    case.emit(EventKind.REPLIED, command.by, now, notice, text=command.text, **command.origin)


def progress(case: CaseState, command: Progress, now: datetime) -> None:
    """A progress report: it starts the next 24 hours, and has to explain an update that was missed (R16)."""
    _must_be_owned(case)
    if case.unexplained and command.why is None:
        raise Refused("an update was missed: say why, with `why`")
    if command.step is not None and command.step > len(case.playbook):
        raise Refused(f"step {command.step} is not in the playbook; it has {len(case.playbook)} steps")
    mark_claimed(case)
    if command.step is not None and command.step not in case.steps_done:
        case.steps_done.append(command.step)
    case.unexplained = False
    next_update = _restart_progress(case, now)
    notices = []
    if not command.internal:
        mark_answered(case)
        notices.append(
            case.notice_to_customer(
                Message.PROGRESSED, command.command_id, text=command.text, by=case.owner, next_update=next_update
            )
        )
    case.emit(
        EventKind.PROGRESSED, command.by, now, *notices, text=command.text, internal=command.internal,
        step=command.step, why=command.why, **command.origin,
    )  # fmt: skip


def request_info(case: CaseState, command: RequestInfo, now: datetime) -> None:
    """Ask the customer; the clocks of handling wait for the answer, unless the priority says they run on (R5)."""
    if case.status not in UNRESOLVED:
        raise Refused(f"the case is {case.status}: there is nothing to ask for before it is handled again")
    case.missing = list(dict.fromkeys([*case.missing, *command.fields]))
    _answer(case, now)
    ask(case, now, by=command.by, text=command.text, key=command.command_id)


def ask(case: CaseState, now: datetime, *, by: str, text: str | None, key: str) -> None:
    """Send the customer the list of what is missing and wait."""
    until = case.start(ClockName.SUPPLEMENT, now)
    case.asked_at = now
    wait_or_run_on(case, now)
    notice = case.notice_to_customer(Message.INFORMATION_REQUESTED, key, missing=case.missing, text=text, until=until)
    case.emit(EventKind.INFORMATION_REQUESTED, by, now, notice, missing=case.missing, text=text, until=until)


def supply(case: CaseState, command: Supply, now: datetime, facts: Consultation) -> None:
    """The customer supplies what was asked for. The case goes on by itself once nothing is missing; free text counts as
    an answer to everything, since a person wrote it and a person can ask again.
    """
    if facts.faults:
        raise Refused("; ".join(facts.faults))
    fields = command.fields if facts.fields is None else facts.fields
    case.missing = [] if command.text else [key for key in case.missing if not _is_given(key, fields)]
    asked, answered = case.asked_at is not None, not case.missing
    notices = case.notices_to(
        case.responsible(), Message.SUPPLIED, command.command_id, fields=fields, text=command.text
    )
    changed = facts.reachable if facts.reachable is not case.reachable else None
    case.reachable = changed or case.reachable
    case.emit(
        EventKind.SUPPLIED,
        command.by,
        now,
        *notices,
        fields=fields,
        text=command.text,
        missing=case.missing,
        **command.relay,
        **({"reachable": changed} if changed else {}),
    )
    triage_again(case, facts, now)
    _go_on(case, facts, now, asked=asked, answered=answered)


def customer_wrote(case: CaseState, command: CustomerWrote, now: datetime, facts: Consultation) -> None:
    """The customer wrote: an answer to what was asked, or else a text for whoever answers for the case, which is to be
    answered in time: as the first reply, unless the policy says otherwise (R34). On a closed case it is recorded and
    passed on, and starts no clock: thanks must not open it again. The customer is told how they can (R39).
    """
    if case.asked_at is not None and not case.is_closed:
        told = command.model_dump(include={"command_id", "by", "at", "via", "relayed_by", "heard", "text"})
        supply(case, Supply(**told), now, facts)
        return
    key = command.command_id
    answer_due = case.due(ClockName.RESPONSE)
    if case.responded_at is not None and not case.is_closed:
        case.unanswered_since = case.unanswered_since or now
        if ClockName.NEXT_RESPONSE not in case.clocks:
            case.start(ClockName.NEXT_RESPONSE, now)
        answer_due = case.due(ClockName.NEXT_RESPONSE)
    notices = case.notices_to(case.responsible(), Message.CUSTOMER_WROTE, key, text=command.text, due=answer_due)
    if command.acknowledge and case.reachable is Reachable.CHANNEL:
        notices.append(case.notice_to_customer(Message.MESSAGE_RECEIVED, key, text=command.text, due=answer_due))
    case.emit(
        EventKind.CUSTOMER_WROTE, command.by, now, *notices, text=command.text, answer_due=answer_due, **command.relay
    )


def attach(case: CaseState, command: Attach, now: datetime, facts: Consultation) -> None:
    """Files for the case; an answer, too, where files were what was missing. Whoever answers for it hears of those that
    others attach (R41).
    """
    asked, before = case.asked_at is not None, len(case.missing)
    case.missing = [key for key in case.missing if key != "attachments"]
    files = [file.model_dump(mode="json") for file in command.files]
    notices = case.notices_to(case.responsible(), Message.ATTACHED, command.command_id, files=files)
    case.emit(EventKind.ATTACHED, command.by, now, *notices, files=files, missing=case.missing)
    if len(case.missing) < before and not case.is_closed:
        _go_on(case, facts, now, asked=asked, answered=not case.missing)


def _go_on(case: CaseState, facts: Consultation, now: datetime, *, asked: bool, answered: bool) -> None:
    """Something that was missing has come; the case goes on by itself once nothing is."""
    if answered:
        mark_told(case, now, only=INFORMATION)
    if not (asked and answered):
        if case.owner is None and case.runs_on:
            dispatch_as_it_is(case, facts, now)
        else:
            wait_or_run_on(case, now)
        return
    case.stop(ClockName.SUPPLEMENT)
    case.asked_at = None
    if case.owner is None:
        dispatch_as_it_is(case, facts, now)
        return
    wait_or_run_on(case, now)


def resolve(case: CaseState, command: Resolve, now: datetime) -> None:
    """The solution goes to the customer, who is asked to confirm (R21, R22)."""
    _must_be_owned(case)
    if case.tested and command.verified is None:
        raise Refused("say whether it was verified in a test environment: `verified` yes, no or not_applicable")
    if command.verified is Verification.NO and not command.verified_note:
        raise Refused("it was not verified in a test environment: say why, with `verified_note`")
    must_explain_open_tasks(case, command.why_open)
    mark_claimed(case)
    _mark_responded(case, Message.RESULT, command.command_id, now)
    mark_answered(case)
    case.stop(ClockName.CLAIM, ClockName.PROGRESS, ClockName.RESOLUTION, ClockName.SUPPLEMENT, ClockName.ESCALATION)
    if ClockName.RESPONSE in case.clocks:  # it counts when it was told
        case.clocks[ClockName.RESPONSE].resume(now, case.terms.calendar)
    case.escalation.settle()
    case.asked_at = None
    case.missing = []
    case.unexplained = False
    case.status = Status.AWAITING_CONFIRMATION
    case.resolved_at = now
    case.solution = command.solution
    case.answer = command
    announce_result(case, command, now)


def note(case: CaseState, command: Note, now: datetime) -> None:
    """A note for the people who work on the case; the customer does not see it."""
    case.emit(EventKind.NOTED, command.by, now, text=command.text)


def _must_be_owned(case: CaseState, *, even_solved: bool = False) -> None:
    if case.owner is None:
        raise Refused("the case is not dispatched yet; `assign` takes it as it is")
    if case.status not in UNRESOLVED and not even_solved:
        raise Refused(f"the case is {case.status}: its solution is with the customer")


def _mark_responded(case: CaseState, message: Message, command_id: str, now: datetime) -> None:
    if case.reachable is Reachable.BY_PERSON:
        return
    if case.responded_at is None:
        key = key_of(case.number, case.notice_to_customer(message, command_id))
        case.first_answer = FirstAnswer(message=message, key=key, clock=case.clocks.get(ClockName.RESPONSE))
        case.responded_at = now
    case.stop(ClockName.RESPONSE)


def _answer(case: CaseState, now: datetime) -> None:
    """What the customer wrote is answered, and they have heard how it stands (R16, R34)."""
    if mark_answered(case) and ClockName.PROGRESS in case.clocks:
        _restart_progress(case, now)


def _restart_progress(case: CaseState, now: datetime) -> datetime | None:
    paused = case.status is Status.AWAITING_INFORMATION
    due = case.start(ClockName.PROGRESS, now)
    if paused:
        case.clocks[ClockName.PROGRESS].pause(now, case.terms.calendar)
        return None
    return due


def _is_given(missing: str, fields: dict[str, str]) -> bool:
    """A missing `customer.contact` is answered by any way to reach the customer."""
    if missing == "customer.contact":
        return any(field.key in fields for field in CONTACTS if field.supplied)
    return missing in fields
