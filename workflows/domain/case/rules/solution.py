"""Rules for giving the customer the result and awaiting their answer (R21-R23)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.case.rules.telling import by_phone, mark_sent, mark_told, unreached
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Delivered, Resolve, Told, Undeliverable
from workflows.domain.commands.command import Refused
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.terms import ClockTerms, Reminders
from workflows.domain.vocabulary import CUSTOMER, ClockName, Reachable, Status


def announce_result(case: CaseState, command: Resolve, now: datetime) -> None:
    """Send the result in writing; where the customer chose the phone, the owner is asked to call as well."""
    handled = (now - case.opened_at).total_seconds()
    called = case.opening.by_phone
    result = case.notice_to_customer(
        Message.RESULT,
        command.command_id,
        cause=command.cause,
        solution=command.solution,
        cautions=command.cautions,
        prevention=command.prevention,
        verification=command.verified,
        handling_seconds=handled,
        resolved_at=now,
        by_phone=called,
    )
    notices = [result]
    if case.reachable is Reachable.CHANNEL:
        notices += by_phone(case, now, result) if called else await_answer(case, now, command.command_id)
    case.emit(
        EventKind.RESOLVED,
        command.by,
        now,
        *notices,
        cause=command.cause,
        solution=command.solution,
        cautions=command.cautions,
        prevention=command.prevention,
        verified=command.verified,
        verified_note=command.verified_note,
        handling_seconds=handled,
        by_phone=called,
        **({"why_open": command.why_open} if command.why_open else {}),
        **command.origin,
    )


def await_answer(case: CaseState, now: datetime, key: str) -> list[Notice]:
    """The customer has the result: reminders begin, and the follow-up is due within 24 hours (R22, R23)."""
    case.told_at = now
    start_reminders(case, ClockName.CONFIRMATION, case.terms.confirmation, now)
    due = case.start(ClockName.FOLLOW_UP, now)
    if not case.opening.by_phone and case.reachable is Reachable.CHANNEL:
        return []  # the questionnaire comes with the acceptance; a call is asked for only when half the time is gone
    who = case.terms.follow_up or case.owner
    return case.notices_to(who, Message.FOLLOW_UP_DUE, key, due=due, solution=case.solution)


def start_reminders(
    case: CaseState,
    name: ClockName,
    reminders: Reminders,
    now: datetime,
    *,
    count: int = 0,
    at_most: float | None = None,
) -> None:
    """Arm the next reminder; the last interval repeats. `at_most` shortens it (seconds that count)."""
    if not reminders.intervals and at_most is None:
        return
    intervals = reminders.intervals or (at_most or 1.0,)
    within = intervals[min(count, len(intervals) - 1)]
    if at_most is not None:
        within = min(within, max(at_most, 1.0))
    case.start_with(name, ClockTerms(within=within, calendar=reminders.calendar), now, count=count)


def told(case: CaseState, command: Told, now: datetime) -> None:
    """A person has told the customer what no channel brings, or what the customer wished to hear by telephone."""
    wrote = case.unanswered_since is not None
    if not case.untold and not _has_no_result(case) and not wrote:
        raise Refused("nothing is left to tell: the customer has been told, or sent, every message")
    case.unanswered_since = None
    case.stop(ClockName.NEXT_RESPONSE)
    if wrote and ClockName.PROGRESS in case.clocks and case.status is not Status.AWAITING_INFORMATION:
        case.start(ClockName.PROGRESS, now)
    notices = await_answer(case, now, command.command_id) if _has_no_result(case) else []
    mark_told(case, now, *notices, by=command.by, text=command.text)


def delivered(case: CaseState, command: Delivered, now: datetime) -> None:
    """A message that had failed has been sent after all: nobody has to tell it, and the way is open again."""
    answered = mark_sent(case, command, now)
    is_result = command.message == Message.RESULT and _has_no_result(case)
    notices = await_answer(case, now, command.command_id) if is_result else []
    case.emit(EventKind.DELIVERED, command.by, now, *notices, message=command.message, **answered)


def undeliverable(case: CaseState, command: Undeliverable, now: datetime) -> None:
    """A notification failed for good: a colleague is notified, or a person has to tell the customer instead."""
    notices: list[Notice] = []
    if command.recipient != CUSTOMER and command.message != Message.UNDELIVERABLE:
        notices += case.notices_to(
            _who_can_help(case, command.recipient),
            Message.UNDELIVERABLE,
            command.command_id,
            message=command.message,
            recipient=command.recipient,
            channel=command.channel,
            error=command.error,
        )
    case.emit(
        EventKind.UNDELIVERABLE, command.by, now, *notices, message=command.message, recipient=command.recipient,
        channel=command.channel, error=command.error,
    )  # fmt: skip
    if command.recipient == CUSTOMER:
        unreached(case, command, now)


def _has_no_result(case: CaseState) -> bool:
    """Whether the customer does not have the result yet, so that their answer is not awaited."""
    return case.status is Status.AWAITING_CONFIRMATION and ClockName.CONFIRMATION not in case.clocks


def _who_can_help(case: CaseState, unreached: str) -> str | None:
    """Somebody other than the person who cannot be reached."""
    people = [case.responsible(), *case.ladder(), *case.terms.duty_managers]
    return next((person for person in people if person and person != unreached), None)
