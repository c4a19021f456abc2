"""Systems that were not told of events, according to the outbox (R47)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import outbox
from activities.delivery.outbox import OPEN
from activities.delivery.status import OutboxStatus
from workflows.domain.vocabulary import WEBHOOK


@dataclass(frozen=True)
class UntoldSystem:
    """`since` the first of these events was recorded; `error` is what was said last, None: it was not tried."""

    system: str
    waiting: int
    failed: int
    since: datetime
    error: str | None

    @property
    def summary(self) -> str:
        """How many events, and why."""
        counts = [f"{count} {word}" for count, word in ((self.waiting, "wait"), (self.failed, "failed")) if count]
        return f"events: {', '.join(counts)}" + (f"; {self.error}" if self.error else "")


async def find_untold_systems(
    connection: AsyncConnection, *, failed_after: datetime, waiting_since: datetime
) -> list[UntoldSystem]:
    """Systems with events that failed and were recorded after the one time, or wait and were before the other."""
    failed = and_(outbox.c.status == OutboxStatus.FAILED.value, outbox.c.created_at >= failed_after)
    waiting = and_(outbox.c.status.in_(OPEN), outbox.c.created_at < waiting_since)
    untold = and_(outbox.c.channel == WEBHOOK, or_(failed, waiting))
    first = func.min(outbox.c.created_at)
    counted = await connection.execute(
        select(outbox.c.recipient, outbox.c.status, func.count(), first)
        .where(untold)
        .group_by(outbox.c.recipient, outbox.c.status)
    )
    rows: dict[str, list[tuple[str, int, datetime]]] = {}
    for system, status, count, since in counted:
        rows.setdefault(system, []).append((status, count, since))
    found = []
    for system, counts in sorted(rows.items()):
        error = select(outbox.c.error).where(untold, outbox.c.recipient == system, outbox.c.error.is_not(None))
        said = await connection.scalar(error.order_by(outbox.c.created_at.desc()).limit(1))
        fails = sum(count for status, count, _ in counts if status == OutboxStatus.FAILED.value)
        waits = sum(count for _, count, _ in counts) - fails
        found.append(UntoldSystem(system, waits, fails, min(since for *_, since in counts), said))
    return found
