"""Channels that have carried nothing of late although they were asked to, according to the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import outbox
from activities.delivery.outbox import OPEN
from activities.delivery.status import OutboxStatus
from workflows.domain.vocabulary import WEBHOOK

_OF_LATE = timedelta(hours=1)
_FEW = 3
"""Messages that failed: fewer can be the fault of their addresses."""


@dataclass(frozen=True)
class FailingChannel:
    """`since` the first message was written that it did not carry; `error` is what was said last."""

    channel: str
    since: datetime
    error: str


async def find_failing_channels(connection: AsyncConnection, now: datetime) -> list[FailingChannel]:
    """Channels by which three or more messages of the last hour (the cases' time) failed, and none went."""
    columns = outbox.c.channel, outbox.c.status, outbox.c.attempts, outbox.c.error, outbox.c.tried, outbox.c.created_at
    rows = await connection.execute(
        select(*columns)
        .where(outbox.c.created_at >= now - _OF_LATE, outbox.c.channel != WEBHOOK)
        .order_by(outbox.c.created_at, outbox.c.key)
    )
    failed: dict[str, list[tuple[datetime, str]]] = {}
    carried: set[str] = set()
    for row in rows:
        if row.status == OutboxStatus.SENT.value:
            carried.add(row.channel)
        elif row.attempts and row.error and row.status in (*OPEN, OutboxStatus.FAILED.value):
            failed.setdefault(row.channel, []).append((row.created_at, row.error))
        for channel, error in tries(row.tried):
            failed.setdefault(channel, []).append((row.created_at, error))
    return [
        FailingChannel(channel, said[0][0], said[-1][1])
        for channel, said in failed.items()
        if len(said) >= _FEW and channel not in carried
    ]


def tries(stored: Any) -> list[tuple[str, str]]:
    """Channel and error of each way of a message that failed before the one it went; damaged ones are left out."""
    listed = stored if isinstance(stored, list) else []
    return [(str(one["channel"]), str(one["error"])) for one in listed if isinstance(one, dict) and len(one) == 2]
