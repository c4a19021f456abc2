"""Closing a case in the record alone, when its workflow is lost for good and cannot take its last step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from activities.database.database import Database
from activities.database.tables import case_record, timeline
from activities.database.timeline import write_entries
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, EventKind
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Resolution, Status, TaskStatus

_LOST: Final = {"history": "lost"}
"""In the detail of the closing: no workflow took this step."""


def is_lost(closing: object) -> bool:
    """Whether this detail is that of a closing in the record alone."""
    return isinstance(closing, Mapping) and closing.items() >= _LOST.items()


async def close_lost(database: Database, number: str, *, by: str, why: str, at: datetime) -> CaseView:
    """Close it as withdrawn, with one more step in its timeline; `at` is the case's time. Nobody is sent a message.

    Raises:
        Problem: nothing of it is recorded, it came to another end, or other cases wait for its solution; nothing was
            changed. One that was closed as lost stays as it is.
    """
    async with database.begin() as connection:
        row = case_record.c.number == number
        content: Any = await connection.scalar(select(case_record.c.view).where(row).with_for_update())
        if content is None:
            raise Problem(f"{number}: nothing of it is recorded yet; bihuan doctor --mend starts it")
        before = CaseView.model_validate(content)
        if before.status is Status.CLOSED:
            last = timeline.c.number == number, timeline.c.sequence == before.sequence
            if is_lost(await connection.scalar(select(timeline.c.detail).where(*last))):
                return before
            raise Problem(f"{number} is closed ({before.resolution}) already")
        if before.linked:
            followers = ", ".join(before.linked)
            raise Problem(f"{number}: {followers} wait for its solution; first: bihuan unlink {before.linked[0]} …")
        after = _closed(before, why, at)
        columns = {
            "sequence": after.sequence,
            "status": after.status.value,
            "acknowledged": True,
            "next_due": None,
            "updated_at": at,
            "closed_at": at,
            "view": after.model_dump(mode="json"),
        }
        await connection.execute(update(case_record).where(row).values(columns))
        detail = {"resolution": Resolution.WITHDRAWN.value, "why": why, **_LOST}
        event = Event(sequence=after.sequence, at=at, kind=EventKind.CLOSED, by=by, detail=detail)
        await write_entries(connection, timeline, ("number", number), [event], at)
    return after


def _closed(view: CaseView, why: str, at: datetime) -> CaseView:
    ended = {"status": TaskStatus.ENDED, "result": why, "ended_at": at}
    parts = [part.model_copy(update=ended) if part.status is TaskStatus.OPEN else part for part in view.collaborations]
    return view.model_copy(
        update={
            "status": Status.CLOSED,
            "resolution": Resolution.WITHDRAWN,
            "closed_at": at,
            "updated_at": at,
            "collaborations": tuple(parts),
            "acknowledged": True,
            "deadlines": (),
            "waiting": None,
            "missing": (),
            "sequence": view.sequence + 1,
        }
    )
