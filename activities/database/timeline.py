"""Writing steps into the timeline of a case or review; writing the same steps again changes nothing (R14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, case, func, or_, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import insert_of
from workflows.domain.event import Event

_SAID = ("at", "kind", "by", "detail", "command_id")


async def write_entries(
    connection: AsyncConnection, table: Table, owner: tuple[str, str], events: Sequence[Event], at: datetime
) -> None:
    """Write the events of one case or review; one of a sequence that is there takes its place.

    Args:
        connection: inside a transaction.
        table: the timeline.
        owner: the column that says whose steps these are, and whose they are.
        events: at least one.
        at: when they are written, for steps that were not there before.
    """
    key, of = owner
    rows = [
        {
            key: of,
            "sequence": event.sequence,
            "at": event.at,
            "kind": event.kind.value,
            "by": event.by,
            "detail": event.detail,
            "command_id": event.command_id,
            "recorded_at": at,
        }
        for event in events
    ]
    await connection.execute(_upsert(connection.dialect.name, table, key), rows)


async def is_superseded(
    connection: AsyncConnection, table: Table, owner: tuple[str, str], events: Sequence[Event]
) -> bool:
    """Whether the same step was written as it was judged later, by another worker.

    A worker that stood still (SIGSTOP, a machine asleep) goes on with a step that the server gave to another worker
    long ago: what it has in hand is not what the history says. A step that is merely written again has the same times.

    Args:
        connection: inside a transaction that holds the row of the case or review.
        table: the timeline.
        owner: as for `write_entries`.
        events: at least one.
    """
    key, of = owner
    first = select(table.c.at).where(table.c[key] == of, table.c.sequence == events[0].sequence)
    at = await connection.scalar(first)
    return at is not None and at > events[0].at


@cache
def _upsert(dialect: str, table: Table, key: str) -> Insert:
    statement = insert_of(dialect, table)
    said: dict[str, Any] = {name: statement.excluded[name] for name in _SAID}
    if "position" in table.c:
        if dialect == "sqlite":
            # There is one writer; the trigger would give the same, and write the row twice.
            last = select(func.coalesce(func.max(table.c.position), 0) + 1).scalar_subquery()
            statement = statement.values(position=last)
        # Listeners to the feed have seen a step that is merely written again, but not the one that takes its place.
        is_other = or_(table.c.at != statement.excluded.at, table.c.kind != statement.excluded.kind)
        said["position"] = case((is_other, statement.excluded.position), else_=table.c.position)
    return statement.on_conflict_do_update(index_elements=[key, "sequence"], set_=said)
