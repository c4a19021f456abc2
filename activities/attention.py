"""What does not go on by itself, or not as promised: the database's part of `bihuan stuck`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.outbox import OPEN, OutboxStatus
from activities.report_ledger import report_failures
from activities.tables import case_record, outbox, registration
from workflows.domain.vocabulary import ClockName, Status

_REMEMBERED = timedelta(days=7)
"""How long a failed notification of a closed case, or a report that did not arrive, is still shown."""
REPORT = "report"
"""What was not delivered is an analysis report, and its name stands where the number of a case does."""


class AttentionReason(StrEnum):
    """Why somebody should look."""

    NOT_STARTED = "not_started"
    """Registered, but its workflow is not known to exist."""
    NOT_OPENED = "not_opened"
    """Its workflow exists, but no worker has opened the case."""
    NOT_ACTING = "not_acting"
    """A deadline has passed and the case did not act on it: no worker, or one that keeps failing."""
    OVERDUE = "overdue"
    """A deadline of the present cycle was missed and is not made good yet."""
    UNACKNOWLEDGED = "unacknowledged"
    """An escalation waits for the person it went to."""
    UNDELIVERABLE = "undeliverable"
    """A notification failed for good."""
    UNDELIVERED = "undelivered"
    """A notification has been waiting for long."""


@dataclass(frozen=True)
class Attention:
    """One thing to look at. `what` is a clock's or a message's name, `who` the person's id that has to act or
    was not reached, `error` what the last attempt said.
    """

    number: str
    reason: AttentionReason
    since: datetime
    what: str | None = None
    who: str | None = None
    error: str | None = None


async def find_attention(
    connection: AsyncConnection, now: datetime, *, grace: timedelta, pending_for: timedelta
) -> list[Attention]:
    """Everything that needs attention at `now` (the cases' time), the oldest first.

    Args:
        connection: a transaction of the record.
        now: the cases' time.
        grace: how late a start or an act may be before it counts.
        pending_for: how long a notification may wait before it counts.
    """
    found = [
        *await _unopened(connection, now - grace),
        *await _from_cases(connection, now - grace),
        *await _from_outbox(connection, now, now - pending_for),
        *await _from_reports(connection, now - _REMEMBERED),
    ]
    return sorted(found, key=lambda item: (item.since, item.number, item.reason))


async def _unopened(connection: AsyncConnection, before: datetime) -> list[Attention]:
    rows = await connection.execute(
        select(registration.c.number, registration.c.received_at, registration.c.started_at)
        .outerjoin(case_record, case_record.c.number == registration.c.number)
        .where(case_record.c.number.is_(None), registration.c.received_at < before)
    )
    return [
        Attention(
            number=row.number,
            reason=AttentionReason.NOT_OPENED if row.started_at else AttentionReason.NOT_STARTED,
            since=row.received_at,
        )
        for row in rows
    ]


async def _from_cases(connection: AsyncConnection, before: datetime) -> list[Attention]:
    suspicious = or_(
        case_record.c.next_due < before,
        case_record.c.breached,
        and_(case_record.c.escalation_level > 0, case_record.c.acknowledged.is_(False)),
    )
    rows = await connection.execute(select(case_record).where(case_record.c.status != Status.CLOSED.value, suspicious))
    found: list[Attention] = []
    for row in rows:
        view = row.view
        if row.next_due is not None and row.next_due < before:
            first = min((one for one in view["deadlines"] if one["due"]), key=lambda one: _instant(one["due"]))
            found.append(
                Attention(row.number, AttentionReason.NOT_ACTING, row.next_due, what=first["clock"], who=row.owner)
            )
        if row.escalation_level > 0 and not row.acknowledged:
            clock = _deadline(view, ClockName.ESCALATION)
            since = _instant(clock["started"]) if clock else row.updated_at
            found.append(Attention(row.number, AttentionReason.UNACKNOWLEDGED, since, who=view.get("escalated_to")))
        missed = [breach for breach in view["breaches"] if _is_standing(breach, view)]
        if missed:
            first = min(missed, key=lambda breach: _instant(breach["due"]))
            found.append(
                Attention(
                    row.number, AttentionReason.OVERDUE, _instant(first["due"]), what=first["clock"], who=row.owner
                )
            )
    return found


async def _from_outbox(connection: AsyncConnection, now: datetime, waiting_since: datetime) -> list[Attention]:
    failed = and_(
        outbox.c.status == OutboxStatus.FAILED.value,
        or_(case_record.c.closed_at.is_(None), outbox.c.created_at >= now - _REMEMBERED),
    )
    waiting = and_(outbox.c.status.in_(OPEN), outbox.c.created_at < waiting_since)
    rows = await connection.execute(
        select(
            outbox.c.number, outbox.c.status, outbox.c.created_at, outbox.c.message, outbox.c.recipient, outbox.c.error
        )
        .outerjoin(case_record, case_record.c.number == outbox.c.number)
        .where(or_(failed, waiting))
    )
    return [
        Attention(
            number=row.number,
            reason=(
                AttentionReason.UNDELIVERABLE
                if row.status == OutboxStatus.FAILED.value
                else AttentionReason.UNDELIVERED
            ),
            since=row.created_at,
            what=row.message,
            who=row.recipient,
            error=row.error,
        )
        for row in rows
    ]


async def _from_reports(connection: AsyncConnection, after: datetime) -> list[Attention]:
    return [
        Attention(
            number=failure.report,
            reason=AttentionReason.UNDELIVERABLE if failure.final else AttentionReason.UNDELIVERED,
            since=failure.at,
            what=REPORT,
            who=failure.recipient,
            error=failure.reason,
        )
        for failure in await report_failures(connection)
        if failure.at >= after
    ]


def _is_standing(breach: dict[str, Any], view: dict[str, Any]) -> bool:
    """Whether what was missed in this cycle is still owed."""
    if breach["cycle"] != view["reopened"]:
        return False
    status = view["status"]
    match breach["clock"]:
        case ClockName.CLAIM:
            return bool(status == Status.DISPATCHED)
        case ClockName.RESPONSE:
            return view["responded_at"] is None
        case ClockName.PROGRESS:
            # A report starts the clock anew, later than the miss did.
            clock = _deadline(view, ClockName.PROGRESS)
            return clock is not None and _instant(clock["started"]) <= _instant(breach["at"])
        case ClockName.RESOLUTION:
            return status in {Status.AWAITING_INFORMATION, Status.DISPATCHED, Status.IN_PROGRESS}
        case ClockName.FEEDBACK:
            return bool(status == Status.AWAITING_CONFIRMATION)
        case _:
            return bool(status != Status.CLOSED)


def _deadline(view: dict[str, Any], name: ClockName) -> dict[str, Any] | None:
    return next((one for one in view["deadlines"] if one["clock"] == name), None)


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)
