"""Rules for the customer's answer to a solution, for closing and for reopening (R22-R26)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from workflows.domain.case.rules.corrections import (
    SATISFIED,
    is_known,
    keep_correctable,
    not_by_the_owner,
    rate_again,
    remember_sent_back,
    take_back,
    verdict_of,
)
from workflows.domain.case.rules.departments import end_tasks
from workflows.domain.case.rules.linking import leave, release_followers
from workflows.domain.case.rules.ownership import duty_alerts, start_handling
from workflows.domain.case.rules.solution import start_reminders
from workflows.domain.case.rules.telling import mark_told
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Confirm, Rate, Refuse, Withdraw
from workflows.domain.commands.command import Refused
from workflows.domain.commands.review import SubmitReview
from workflows.domain.event import EventKind, Message
from workflows.domain.ids import review_id
from workflows.domain.terms import ReviewTerms
from workflows.domain.vocabulary import (
    CUSTOMER,
    SYSTEM,
    ClockName,
    NeutralRule,
    Reachable,
    Resolution,
    Satisfaction,
    Status,
)

ANSWERABLE = (Status.AWAITING_CONFIRMATION, Status.AWAITING_RATING)


def confirm(case: CaseState, command: Confirm, now: datetime) -> None:
    """Explicit acceptance; the rating is asked for, and closes the case."""
    not_by_the_owner(case, command, "an acceptance")
    if is_known(case, command):
        return
    corrected = take_back(case, command, now)
    if case.status is Status.AWAITING_RATING:
        raise Refused("accepted already; a rating is awaited")
    if case.status is not Status.AWAITING_CONFIRMATION:
        raise Refused(f"there is no solution to confirm: the case is {case.status}")
    mark_told(case, now)
    case.accepted_at, case.verdict = now, verdict_of(command)
    case.stop(ClockName.FEEDBACK, ClockName.CONFIRMATION, ClockName.NEXT_RESPONSE)
    case.unanswered_since = None
    said = {"text": command.text, **command.relay, **_corrects(corrected)}
    if case.satisfaction is Satisfaction.NEUTRAL:
        case.emit(EventKind.CONFIRMED, command.by, now, **said)
        close(case, Resolution.NEUTRAL, now)
        keep_correctable(case, command, now)
        return
    case.status = Status.AWAITING_RATING
    start_reminders(case, ClockName.RATING, case.terms.rating, now, at_most=case.terms.close_unrated_after)
    # Whoever follows up by telephone asks for the rating as well.
    is_asked = case.reachable is Reachable.BY_PERSON and ClockName.FOLLOW_UP in case.clocks
    questionnaire = [] if is_asked else [case.notice_to_customer(Message.QUESTIONNAIRE, command.command_id)]
    case.emit(EventKind.CONFIRMED, command.by, now, *questionnaire, **said)


def rate(case: CaseState, command: Rate, now: datetime) -> None:
    """Satisfied closes; dissatisfied starts handling anew; neutral is the policy's (R24-R26)."""
    not_by_the_owner(case, command, "a rating")
    if is_known(case, command):
        return
    if case.is_closed and rate_again(case, command, now):
        return
    rated_before = EventKind.RATED if case.satisfaction is not None and command.own_hand else None
    corrected = take_back(case, command, now) or rated_before
    if not case.is_closed and case.status not in ANSWERABLE:
        raise Refused(f"there is nothing to rate yet: the case is {case.status}")
    mark_told(case, now)
    case.satisfaction, case.comment, case.verdict = command.score, command.comment, verdict_of(command)
    case.stop(ClockName.FOLLOW_UP)
    facts = {"score": command.score, "comment": command.comment, **command.relay, **_corrects(corrected)}
    if command.score in SATISFIED:
        case.emit(EventKind.RATED, command.by, now, **facts)
        close(case, Resolution.SATISFIED, now, comment=command.comment)
    elif command.score is Satisfaction.NEUTRAL and case.terms.neutral is NeutralRule.CLOSE:
        case.flagged = True
        case.emit(EventKind.RATED, command.by, now, **facts)
        if case.accepted_at is not None:
            close(case, Resolution.NEUTRAL, now, comment=command.comment)
    else:
        case.emit(EventKind.RATED, command.by, now, **facts)
        sent_back = remember_sent_back(case, command, now)
        reopen(case, "dissatisfied", command.comment, now, by=command.by)
        case.sent_back = sent_back
    keep_correctable(case, command, now)


def refuse(case: CaseState, command: Refuse, now: datetime) -> None:
    """The solution is not accepted: handling starts anew (R25)."""
    if is_known(case, command):
        return
    if not case.is_closed and case.status not in ANSWERABLE:
        raise Refused(f"there is no solution to refuse: the case is {case.status}")
    mark_told(case, now)
    accepted = EventKind.CONFIRMED if case.accepted_at is not None and command.own_hand else None
    corrected = EventKind.RATED if case.is_closed else accepted
    case.emit(EventKind.REFUSED, command.by, now, why=command.why, **command.relay, **_corrects(corrected))
    sent_back = remember_sent_back(case, command, now)
    reopen(case, "refused", command.why, now, by=command.by)
    case.sent_back = sent_back


def withdraw(case: CaseState, command: Withdraw, now: datetime) -> None:
    """Close without a solution: by the customer, or by a superior with the reason (R22)."""
    if command.by == CUSTOMER:
        mark_told(case, now)
    close(case, Resolution.WITHDRAWN, now, by=command.by, why=command.why, relay=command.relay)


def review_is_elsewhere(case: CaseState, command: SubmitReview, _: datetime) -> None:
    """A review lives in its own workflow, once the case is closed (R27).

    Raises:
        Refused: always; it says where.
    """
    raise Refused(f"cases are reviewed after they closed: send it to {review_id(case.number)} then ({command.name})")


def calls_for_review(case: CaseState) -> ReviewTerms | None:
    """The terms by which the record looks whether the closed case has to be reviewed; None: it need not look (R27).

    What was withdrawn before anybody had worked on it teaches nothing.
    """
    worked_on = case.responded_at is not None or case.reopened
    if case.department is None or (case.resolution is Resolution.WITHDRAWN and not worked_on):
        return None
    return case.terms.review


def reopen(case: CaseState, reason: str, text: str | None, now: datetime, *, by: str) -> None:
    """Priority one step up, a superior owns it, every clock anew (R25)."""
    previous, satisfaction, priority = case.owner, case.satisfaction, case.priority
    above = case.at_work(case.superiors()) or (case.ladder() if case.has_left(case.owner) else [])
    case.owner = above[0] if above else case.owner
    case.priority = case.priority.raised()
    case.reopened += 1
    case.status = Status.DISPATCHED
    case.clocks.clear()
    case.escalation.settle(start_over=True)
    case.escalation.told_customer_of = []
    case.resolved_at = case.accepted_at = case.satisfaction = case.comment = case.verdict = None
    case.solution = case.answer = None
    case.resolution = case.closed_at = case.correctable_until = None
    case.steps_done = []
    start_handling(case, now)
    key = f"reopened:{case.reopened}"
    notices = [
        case.notice_to_customer(
            Message.REOPENED_CUSTOMER, key, reason=reason, text=text, priority=case.priority, owner=case.owner
        ),
        *case.notices_to(
            case.owner,
            Message.REOPENED,
            key,
            reason=reason,
            text=text,
            priority=case.priority,
            previous_owner=previous,
            satisfaction=satisfaction,
        ),
        *duty_alerts(case, key),
    ]
    case.emit(
        EventKind.REOPENED,
        by,
        now,
        *notices,
        reason=reason,
        text=text,
        priority=case.priority,
        previous_priority=priority,
        owner=case.owner,
        previous_owner=previous,
        expected_resolution=case.expected_resolution,
        **({"kept": kept} if (kept := [task.department for task in case.tasks if task.is_open]) else {}),
    )
    leave(case, now, by=by, cause=reason, why=text)


def _corrects(what: EventKind | None) -> dict[str, EventKind]:
    """For an event of an answer: the kind of answer that it corrects, or nothing."""
    return {"corrects": what} if what is not None else {}


def close(
    case: CaseState,
    resolution: Resolution,
    now: datetime,
    *,
    by: str = SYSTEM,
    why: str | None = None,
    comment: str | None = None,
    relay: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """The loop is closed: no clock runs any longer (R24).

    Who has just said on the telephone what closes the case need not be called once more to hear that it is closed.
    """
    case.status = Status.CLOSED
    case.resolution = resolution
    case.closed_at = now
    case.clocks.clear()
    case.escalation.settle()
    end_tasks(case, now, by=by, why=f"closed: {resolution}")
    case.missing = []
    case.asked_at = case.unanswered_since = None
    facts = {"resolution": resolution, "satisfaction": case.satisfaction}
    knows = case.reachable is Reachable.BY_PERSON and (by == CUSTOMER or why is None)
    notices = [] if knows else [case.notice_to_customer(Message.CLOSED, "closed", **facts)]
    if case.owner != by:
        notices += case.notices_to(case.owner, Message.CLOSED_STAFF, "closed", **facts, comment=comment or why)
    if resolution is Resolution.WITHDRAWN and by == CUSTOMER and case.owner is None:
        notices += case.notices_to(case.responsible(), Message.CLOSED_STAFF, "closed", **facts, comment=why)
    case.emit(EventKind.CLOSED, by, now, *notices, **facts, why=why, flagged=case.flagged, **relay)
    release_followers(case)
