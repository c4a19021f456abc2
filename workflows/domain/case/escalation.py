"""Escalation: one level up for each cause, until somebody acknowledges it (R17)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.case.state import CaseState
from workflows.domain.event import EventKind, Message
from workflows.domain.vocabulary import SYSTEM, ClockName


def escalate(
    case: CaseState,
    why: str,
    now: datetime,
    *,
    by: str = SYSTEM,
    text: str | None = None,
    climb: list[str] | None = None,
) -> None:
    """Take the case one level up and wait for an acknowledgement.

    `why` is the clock that was missed, or `asked`; `climb` names other people than the owner's superiors.
    At the top the same person gets a message for each new cause, and the case stays in the list of stuck ones
    until acknowledged.
    """
    escalation = case.escalation
    if climb:
        escalation.settle(start_over=True)
        escalation.climb = climb
    ladder = case.at_work(escalation.climb) or case.ladder()
    if ladder:
        _go_to(case, ladder, escalation.next_level(ladder), why, now, by=by, text=text)


def escalate_to_top(case: CaseState, why: str, now: datetime, *, text: str) -> None:
    """Take the case to the last level at once; no further one is waited for, so no clock has to start."""
    ladder = case.at_work(case.escalation.climb) or case.ladder()
    if ladder:
        _go_to(case, ladder, len(ladder), why, now, by=SYSTEM, text=text)


def _go_to(
    case: CaseState, ladder: list[str], level: int, why: str, now: datetime, *, by: str, text: str | None
) -> None:
    escalation = case.escalation
    previous = escalation.to
    escalation.level = level
    escalation.to = ladder[escalation.level - 1]
    escalation.acknowledged = False
    escalation.total += 1
    top = escalation.level == len(ladder)
    case.stop(ClockName.ESCALATION)
    acknowledge_by = None if top else case.start(ClockName.ESCALATION, now)
    key = f"escalation:{escalation.total}"
    notices = case.notices_to(
        escalation.to,
        Message.ESCALATED,
        key,
        level=escalation.level,
        why=why,
        text=text,
        due=acknowledge_by,
        top=top,
        **{"from": previous or case.owner},
    )
    if _concerns_customer(case):
        notices.append(
            case.notice_to_customer(Message.ESCALATED_CUSTOMER, key, level=escalation.level, why=why, to=escalation.to)
        )
    case.emit(
        EventKind.ESCALATED,
        by,
        now,
        *notices,
        level=escalation.level,
        to=escalation.to,
        why=why,
        text=text,
        top=top,
        acknowledge_by=acknowledge_by,
    )


def _concerns_customer(case: CaseState) -> bool:
    """Only while the case is being handled: a forgotten follow-up call does not concern the customer."""
    handled = case.owner is not None and case.resolved_at is None
    return handled and (case.terms.tell_customer_of_every_escalation or case.escalation.level == 1)
