"""What a warning, a missed deadline and an unanswered escalation do to a review (R27)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.clock import Clock
from workflows.domain.event import EventKind, Message
from workflows.domain.review.state import ReviewState, action_number
from workflows.domain.vocabulary import SYSTEM, ClockName


def warn(review: ReviewState, key: str, clock: Clock, now: datetime) -> None:
    """Remind whoever has to act on what a clock stands for."""
    share = clock.warned(now, review.request.calendar)
    number = action_number(key)
    message = Message.REVIEW_WARNING if number is None else Message.MEASURE_WARNING
    facts = {"due": clock.due, "share": share, "step": review.status, **review.action_facts(number)}
    to = review.owing(key)
    notices = [review.notice_to(person, message, f"warned:{key}:{review.sequence}", **facts) for person in to]
    review.emit(EventKind.WARNED, SYSTEM, now, *notices, clock=clock.name, to=to, **facts)


def drop_warnings(review: ReviewState, key: str, clock: Clock, now: datetime, fault: str) -> None:
    """A warning failed: of this clock none is given any more, its deadline stays."""
    clock.pending_warnings, clock.next_warning = [], None
    review.emit(EventKind.WARNED, SYSTEM, now, clock=clock.name, due=clock.due, to=review.owing(key), fault=fault)


def fail(review: ReviewState, key: str, clock: Clock, now: datetime, fault: str) -> None:
    """The rule of a missed deadline failed: the clock stops, and the last one above the head has to see to it."""
    del review.clocks[key]
    review.late = True
    late = key.removeprefix("escalation:")
    last = review.above(review.head, review.head)[-1]
    review.escalated.setdefault(late, []).append(last)
    facts = {"due": clock.due, "step": review.status, "fault": fault}
    review.emit(EventKind.REVIEW_LATE, SYSTEM, now, to=[review.author], **facts)
    level = {"level": len(review.escalated[late]), "who": review.author, "step": review.status}
    notice = review.notice_to(last, Message.REVIEW_ESCALATED, f"escalated:{late}:{review.sequence}", **level)
    review.emit(EventKind.REVIEW_ESCALATED, SYSTEM, now, notice, to=last, top=True, **level)


def expire(review: ReviewState, key: str, clock: Clock, now: datetime) -> None:
    """A deadline has passed, or a level of the escalation has had its time: escalate to the next one up."""
    del review.clocks[key]
    late = key.removeprefix("escalation:")
    number = action_number(late)
    owing = review.owing(late)
    if late == key:
        review.late = True
        if number is not None:
            review.measures[number - 1] = review.measures[number - 1].model_copy(update={"late_at": now})
        message = Message.REVIEW_LATE if number is None else Message.MEASURE_LATE
        facts = {"due": clock.due, "step": review.status, **review.action_facts(number)}
        notices = [review.notice_to(person, message, f"late:{late}:{review.sequence}", **facts) for person in owing]
        kind = EventKind.REVIEW_LATE if number is None else EventKind.MEASURE_LATE
        review.emit(kind, SYSTEM, now, *notices, to=owing, **facts)
    escalated = review.escalated.setdefault(late, [])
    left = [person for person in review.above(owing[0], review.head) if person not in escalated and person not in owing]
    left = review.at_work(left)
    if not left:
        return
    escalated.append(left[0])
    escalation = review.request.terms.escalation
    next_at = review.start(f"escalation:{late}", ClockName.ESCALATION, escalation, now) if left[1:] else None
    facts = {
        "level": len(escalated),
        "who": owing[0],
        "step": review.status,
        "next": next_at,
        **review.action_facts(number),
    }
    message = Message.REVIEW_ESCALATED if number is None else Message.MEASURE_ESCALATED
    kind = EventKind.REVIEW_ESCALATED if number is None else EventKind.MEASURE_ESCALATED
    notice = review.notice_to(left[0], message, f"escalated:{late}:{review.sequence}", **facts)
    review.emit(kind, SYSTEM, now, notice, to=left[0], top=not left[1:], **facts)
