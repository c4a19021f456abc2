"""What a case does when a deadline comes near or has passed, clock by clock (R5, R9, R16, R17, R21-R24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from workflows.domain.case.rules.closing import close
from workflows.domain.case.rules.escalation import escalate, escalate_to_top, is_at_top, is_same_moment, remind
from workflows.domain.case.rules.solution import start_reminders
from workflows.domain.case.rules.telling import task_facts
from workflows.domain.case.state import CaseState
from workflows.domain.clock import Breach, Clock
from workflows.domain.event import EventKind, Message
from workflows.domain.terms import Reminders
from workflows.domain.vocabulary import SYSTEM, ClockName, Resolution, Status


class ClockDuty(NamedTuple):
    """Who has to act on a clock, and the messages to them before and after it is due."""

    who: Callable[[CaseState], str | None]
    warning: Message
    expired: Message


def _owner(case: CaseState) -> str | None:
    return case.owner


def _follow_up(case: CaseState) -> str | None:
    return case.terms.follow_up or case.owner


DUTIES = {
    ClockName.RESOLUTION: ClockDuty(_owner, Message.RESOLUTION_WARNING, Message.RESOLUTION_BREACHED),
    ClockName.RESPONSE: ClockDuty(_owner, Message.RESPONSE_WARNING, Message.RESPONSE_BREACHED),
    ClockName.NEXT_RESPONSE: ClockDuty(_owner, Message.NEXT_RESPONSE_WARNING, Message.NEXT_RESPONSE_BREACHED),
    ClockName.PROGRESS: ClockDuty(_owner, Message.PROGRESS_DUE, Message.PROGRESS_MISSED),
    ClockName.CLAIM: ClockDuty(_owner, Message.CLAIM_REMINDER, Message.CLAIM_LAPSED),
    ClockName.FEEDBACK: ClockDuty(CaseState.teller, Message.FEEDBACK_DUE, Message.FEEDBACK_OVERDUE),
    ClockName.FOLLOW_UP: ClockDuty(_follow_up, Message.FOLLOW_UP_DUE, Message.FOLLOW_UP_OVERDUE),
}
"""Clocks that are promises: missing one is a breach, and escalates. Of those that are missed at the same moment the
first one here is the cause.
"""
_RANKS = {name: rank for rank, name in enumerate(DUTIES)}


def rank(clock: Clock) -> int:
    """The order in which clocks act that are due at the same moment."""
    return _RANKS.get(clock.name, len(_RANKS))


def warn(case: CaseState, clock: Clock, now: datetime) -> None:
    """Part of the time is gone."""
    duty = DUTIES.get(clock.name)
    share = clock.warned(now, case.terms.calendar)
    notices = []
    if duty is not None and clock.due is not None:
        facts = {"due": clock.due, "share": share}
        if clock.name is ClockName.FEEDBACK:
            facts = task_facts(case, clock.due)
        elif clock.name is ClockName.FOLLOW_UP:
            facts = {"due": clock.due, "solution": case.solution}
        elif clock.name not in {ClockName.RESPONSE, ClockName.NEXT_RESPONSE, ClockName.RESOLUTION}:
            facts = {"due": clock.due}
        notices = case.notices_to(duty.who(case), duty.warning, f"{_cause(clock)}:{share:g}", **facts)
    case.emit(EventKind.WARNED, SYSTEM, now, *notices, clock=clock.name, due=clock.due, share=share)


def expire(case: CaseState, clock: Clock, now: datetime) -> None:
    """A deadline has passed: each clock does what its rule says, once."""
    case.stop(clock.name)
    if clock.name in DUTIES:
        _breach(case, clock, now)
    else:
        _REMINDERS[clock.name](case, clock, now)


def drop_warnings(case: CaseState, clock: Clock, now: datetime, fault: str) -> None:
    """A warning failed: of this clock none is given any more, its deadline stays."""
    clock.pending_warnings, clock.next_warning = [], None
    case.emit(EventKind.WARNED, SYSTEM, now, clock=clock.name, due=clock.due, fault=fault)


def fail(case: CaseState, clock: Clock, now: datetime, fault: str) -> None:
    """The rule of a missed deadline failed: the clock stops, and the top of the escalation has to see to it."""
    case.stop(clock.name, ClockName.ESCALATION)
    due = clock.due or now
    if clock.name in DUTIES:
        case.miss(Breach(clock=clock.name, due=due, at=now, cycle=case.reopened))
    case.emit(EventKind.LAPSED, SYSTEM, now, clock=clock.name, due=due, cycle=case.reopened, fault=fault)
    escalate_to_top(case, clock.name, now, text=f"fault in the program: {fault}")


def _breach(case: CaseState, clock: Clock, now: datetime) -> None:
    duty = DUTIES[clock.name]
    due = clock.due or now
    case.miss(Breach(clock=clock.name, due=due, at=now, cycle=case.reopened))
    if clock.name is ClockName.PROGRESS:
        # The next update falls due as if this one had come, so that lasting silence keeps climbing (R16).
        case.unexplained = True
        next_due = case.start(ClockName.PROGRESS, due)
        if next_due is not None and next_due <= now:
            case.start(ClockName.PROGRESS, now)
    facts = task_facts(case, due) if clock.name is ClockName.FEEDBACK else {"due": due}
    notices = case.notices_to(duty.who(case), duty.expired, _cause(clock), **facts)
    case.emit(EventKind.LAPSED, SYSTEM, now, *notices, clock=clock.name, due=due, cycle=case.reopened)
    if clock.name is ClockName.FOLLOW_UP:
        escalate(case, clock.name, now, climb=_follow_up_climb(case), cause_due=due)
    elif not _is_escalated(case, due):
        escalate(case, clock.name, now, cause_due=due, also=_due_with(case, due))


def _is_escalated(case: CaseState, due: datetime) -> bool:
    """Whether another deadline of the same moment has taken the case up already (R35)."""
    escalation = case.escalation
    if escalation.acknowledged or escalation.cause_due is None:
        return False
    return is_same_moment(escalation.cause_due, due)


def _due_with(case: CaseState, due: datetime) -> list[ClockName]:
    """The other promises that are missed at the same moment."""
    others = (case.clocks.get(name) for name in DUTIES if name is not ClockName.FOLLOW_UP)
    return [clock.name for clock in others if clock and clock.due and is_same_moment(clock.due, due)]


def _follow_up_climb(case: CaseState) -> list[str]:
    """A missed follow-up is the follow-up supervisor's, not the owner's superior's (R23)."""
    supervisor = case.terms.follow_up_supervisor
    return [supervisor, *case.chain(supervisor)] if supervisor else []


def _unacknowledged(case: CaseState, clock: Clock, now: datetime) -> None:
    if is_at_top(case):
        remind(case, clock.due, now)
        return
    case.emit(
        EventKind.LAPSED, SYSTEM, now, clock=clock.name, due=clock.due, cycle=case.reopened, to=case.escalation.to
    )
    escalate(case, clock.name, now, cause_due=clock.due)


def _no_answer(case: CaseState, clock: Clock, now: datetime) -> None:
    """Reminders to the customer; after the last one the head decides (R5)."""
    reminders = case.terms.supplement
    count = clock.count + 1
    if count <= len(reminders.intervals):
        _supplement_again(case, reminders, now, count)
        notice = case.notice_to_customer(Message.INFORMATION_REMINDER, _cause(clock), missing=case.missing, count=count)
        case.emit(EventKind.WARNED, SYSTEM, now, notice, clock=clock.name, due=clock.due, count=count)
        return
    notices = case.notices_to(
        case.responsible(), Message.SUPPLEMENT_OVERDUE, _cause(clock), missing=case.missing, asked_at=case.asked_at,
        count=count,
    )  # fmt: skip
    if case.status is not Status.AWAITING_INFORMATION:
        # Work goes on with what is known (P0, P1): nobody has to decide anything.
        case.emit(EventKind.WARNED, SYSTEM, now, *notices, clock=clock.name, due=clock.due, count=count)
        return
    case.emit(EventKind.LAPSED, SYSTEM, now, *notices, clock=clock.name, due=clock.due, cycle=case.reopened)
    escalate(case, clock.name, now)


def _supplement_again(case: CaseState, reminders: Reminders, now: datetime, count: int) -> None:
    shifted = reminders.model_copy(update={"intervals": reminders.intervals[count - 1 :]})
    start_reminders(case, ClockName.SUPPLEMENT, shifted, now)
    case.clocks[ClockName.SUPPLEMENT].count = count


def _silent(case: CaseState, clock: Clock, now: datetime) -> None:
    """Silence alone never closes a case, unless a company says so (R22)."""
    limit = case.terms.close_silent_after
    since = case.told_at or case.resolved_at or clock.started
    left = _left_of(case, limit, since, now, case.terms.confirmation)
    if left is not None and left <= 0:
        close(case, Resolution.ACCEPTED, now, why="no answer within the time the policy allows")
        return
    count = clock.count + 1
    start_reminders(case, ClockName.CONFIRMATION, case.terms.confirmation, now, count=count, at_most=left)
    notices = [
        case.notice_to_customer(Message.CONFIRMATION_REMINDER, _cause(clock), count=count, solution=case.solution),
        *case.notices_to(
            case.stand_in(case.terms.follow_up_supervisor),
            Message.SILENT_CUSTOMER,
            _cause(clock),
            count=count,
            since=since,
        ),
    ]
    case.emit(EventKind.WARNED, SYSTEM, now, *notices, clock=clock.name, due=clock.due, count=count)


def _unrated(case: CaseState, clock: Clock, now: datetime) -> None:
    """Accepted, asked for a rating and never answered: closed as accepted (R24)."""
    limit = case.terms.close_unrated_after
    since = case.accepted_at or clock.started
    left = _left_of(case, limit, since, now, case.terms.rating)
    if left is not None and left <= 0:
        close(case, Resolution.ACCEPTED, now, why="accepted, not rated")
        return
    count = clock.count + 1
    start_reminders(case, ClockName.RATING, case.terms.rating, now, count=count, at_most=left)
    closes_at = None
    if limit is not None:
        closes_at = case.terms.calendar.add(since, limit, case.terms.rating.calendar)
    notice = case.notice_to_customer(Message.RATING_REMINDER, _cause(clock), count=count, closes_at=closes_at)
    case.emit(EventKind.WARNED, SYSTEM, now, notice, clock=clock.name, due=clock.due, count=count)


def _left_of(
    case: CaseState, limit: float | None, since: datetime, now: datetime, reminders: Reminders
) -> float | None:
    """Seconds that count until a limit is used up; None where there is no limit."""
    if limit is None:
        return None
    return limit - case.terms.calendar.between(since, now, reminders.calendar)


def _cause(clock: Clock) -> str:
    return f"{clock.name}:{clock.due.isoformat() if clock.due else clock.started.isoformat()}"


_REMINDERS: dict[ClockName, Callable[[CaseState, Clock, datetime], None]] = {
    ClockName.ESCALATION: _unacknowledged,
    ClockName.SUPPLEMENT: _no_answer,
    ClockName.CONFIRMATION: _silent,
    ClockName.RATING: _unrated,
}
"""Clocks that remind or escalate when they have run out, which is no breach."""
