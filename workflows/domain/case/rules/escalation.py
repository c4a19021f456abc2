"""Escalation: one level up for each cause, until somebody acknowledges it (R17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from workflows.domain.case.state import CaseState
from workflows.domain.event import EventKind, Message, Notice
from workflows.domain.vocabulary import SYSTEM, ClockName

_DAY = timedelta(days=1)
_SAME_MOMENT = timedelta(seconds=1)


def escalate(
    case: CaseState,
    why: str,
    now: datetime,
    *,
    by: str = SYSTEM,
    text: str | None = None,
    climb: list[str] | None = None,
    cause_due: datetime | None = None,
    also: Sequence[str] = (),
) -> None:
    """Take the case one level up and wait for an acknowledgement.

    `why` is the clock that was missed, or `asked`; `cause_due` is when it had been due, and `also` are the clocks that
    were due at the same moment. `climb` names other people than the owner's superiors.
    At the top the same person gets a message for each new cause, and is reminded until it is acknowledged.
    """
    escalation = case.escalation
    if climb:
        escalation.settle(start_over=True)
        escalation.climb = climb
    ladder = case.at_work(escalation.climb) or case.ladder()
    if ladder:
        level = escalation.next_level(ladder)
        _go_to(case, ladder, level, why, now, by=by, text=text, cause_due=cause_due, also=also)


def escalate_to_top(case: CaseState, why: str, now: datetime, *, text: str) -> None:
    """Take the case to the last level at once. No clock starts, since it may be clocks in which the fault is."""
    ladder = case.at_work(case.escalation.climb) or case.ladder()
    if ladder:
        _go_to(case, ladder, len(ladder), why, now, by=SYSTEM, text=text, reminds=False)


def _go_to(
    case: CaseState,
    ladder: list[str],
    level: int,
    why: str,
    now: datetime,
    *,
    by: str,
    text: str | None,
    cause_due: datetime | None = None,
    also: Sequence[str] = (),
    reminds: bool = True,
) -> None:
    escalation = case.escalation
    previous, waits = escalation.to, not escalation.acknowledged
    escalation.level = level
    escalation.to = ladder[escalation.level - 1]
    if escalation.at is None or not waits or escalation.to != previous:
        escalation.at, escalation.reminded = now, 0
    escalation.acknowledged = False
    escalation.total += 1
    escalation.why, escalation.cause_due = why, cause_due
    top = escalation.level == len(ladder)
    case.stop(ClockName.ESCALATION)
    due = case.start(ClockName.ESCALATION, now) if reminds else None
    acknowledge_by = None if top else due
    key = f"escalation:{escalation.total}"
    more = {"also": list(also)} if also else {}
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
        **more,
    )
    if not escalation.told_customer_of:
        notices += tell_customer(case, why, escalation.to, key)
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
        **more,
    )


def is_same_moment(one: datetime, other: datetime) -> bool:
    """Whether two deadlines that pass are one escalation (R35)."""
    return abs(one - other) < _SAME_MOMENT


def is_at_top(case: CaseState) -> bool:
    """Whether nobody is above the person whose acknowledgement is awaited."""
    ladder = case.at_work(case.escalation.climb) or case.ladder()
    return case.escalation.to in ladder[-1:]


def remind(case: CaseState, due: datetime | None, now: datetime) -> None:
    """Nobody is above, so the same person is asked again: at the usual interval, after the first day once a day."""
    escalation = case.escalation
    escalation.reminded += 1
    terms = case.clock_terms(ClockName.ESCALATION)
    if terms is not None:
        if now - (escalation.at or now) >= _DAY:
            terms = terms.model_copy(update={"within": max(terms.within, _DAY.total_seconds())})
        case.start_with(ClockName.ESCALATION, terms, now)
    key = f"escalation:{escalation.total}:{escalation.reminded}"
    facts = {"level": escalation.level, "why": escalation.why, "top": True, "count": escalation.reminded}
    notices = case.notices_to(
        escalation.to, Message.ESCALATED, key, **facts, text=None, due=None, **{"from": case.owner}
    )
    case.emit(
        EventKind.WARNED, SYSTEM, now, *notices, clock=ClockName.ESCALATION, due=due, to=escalation.to,
        count=escalation.reminded,
    )  # fmt: skip


def tell_customer(case: CaseState, why: str, person: str | None, key: str, *, as_owner: bool = False) -> list[Notice]:
    """Tell the customer that the case went up to somebody, or is theirs now, where that is new to them (R17, R20).

    Only while the case is being handled: a forgotten follow-up call does not concern the customer.
    """
    told, news = case.escalation.told_customer_of, f"owner {person}" if as_owner else str(person)
    if case.owner is None or case.resolved_at is not None or person is None or news in told:
        return []
    told.append(news)
    return [case.notice_to_customer(Message.ESCALATED_CUSTOMER, key, level=case.escalation.level, why=why, to=person)]


def tell_who_took_charge(case: CaseState, person: str, key: str, *, as_owner: bool = False) -> list[Notice]:
    """Somebody higher up has taken charge since the customer read that the case went up."""
    if not case.escalation.told_customer_of or not case.terms.tell_customer_of_every_escalation:
        return []
    return tell_customer(case, "in_charge", person, key, as_owner=as_owner)
