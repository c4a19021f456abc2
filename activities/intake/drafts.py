"""Issues that somebody of the staff is taking in, kept as they are typed: a closed browser loses nothing (R1).

A draft is one person's. The page that saved it last is named in it, so that two windows do not overwrite each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from activities.database.database import Database, insert_into
from activities.database.tables import intake_draft
from workflows.domain.model import Json

KEPT_FOR: Final = timedelta(days=7)
"""From when it was saved last; what customers said is not kept where nobody will send it any more."""
_LISTED: Final = 5


@dataclass(frozen=True)
class SavedDraft:
    """A row. `writer` names the page that saved it last; once it is a case, `number` is that, and no text is left."""

    id: str
    writer: str
    content: Json
    number: str | None
    saved_at: datetime


class Drafts:
    """Reads and writes drafts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, id_: str, person: str) -> SavedDraft | None:
        """The draft of that id, if it is this person's."""
        async with self._database.read_brief() as connection:
            row = (await connection.execute(select(intake_draft).where(_theirs(id_, person)))).one_or_none()
        return _of(row) if row is not None else None

    async def unfinished(self, person: str) -> Sequence[SavedDraft]:
        """Drafts of this person that are no case yet, the latest first; not all where there are many."""
        wanted = select(intake_draft).where(intake_draft.c.person == person, intake_draft.c.number.is_(None))
        latest = intake_draft.c.saved_at.desc(), intake_draft.c.id
        async with self._database.read() as connection:
            return [_of(row) for row in await connection.execute(wanted.order_by(*latest).limit(_LISTED))]

    async def save(self, id_: str, person: str, content: Json, now: datetime, *, writer: str, after: str) -> bool:
        """Keep it as that page has it, which began from what `after` had saved.

        False, and nothing is changed, where another page has saved it meanwhile, where it is a case already, or where
        it is another person's.
        """
        row: dict[str, Any] = {"writer": writer, "content": content, "saved_at": now}
        mine = _theirs(id_, person) & intake_draft.c.writer.in_([writer, after]) & intake_draft.c.number.is_(None)
        async with self._database.begin() as connection:
            if (await connection.execute(update(intake_draft).where(mine).values(row))).rowcount:
                return True
            begun = insert_into(connection, intake_draft).values({**row, "id": id_, "person": person})
            return bool((await connection.execute(begun.on_conflict_do_nothing())).rowcount)

    async def finish(self, id_: str, person: str, number: str, now: datetime, digest: str) -> None:
        """Note that the draft is this case now, which holds what was typed; `digest` tells that form from others."""
        row: dict[str, Any] = {"content": {"digest": digest}, "number": number, "saved_at": now}
        async with self._database.begin() as connection:
            await connection.execute(update(intake_draft).where(_theirs(id_, person)).values(row))

    async def drop(self, id_: str, person: str) -> None:
        """Remove a draft that nobody wants."""
        async with self._database.begin() as connection:
            gone = delete(intake_draft).where(_theirs(id_, person) & intake_draft.c.number.is_(None))
            await connection.execute(gone)

    async def sweep(self, now: datetime) -> None:
        """Remove drafts that have been lying for long."""
        async with self._database.begin() as connection:
            await connection.execute(delete(intake_draft).where(intake_draft.c.saved_at < now - KEPT_FOR))


def _theirs(id_: str, person: str) -> Any:
    return (intake_draft.c.id == id_) & (intake_draft.c.person == person)


def _of(row: Any) -> SavedDraft:
    content = row.content if isinstance(row.content, dict) else {}
    return SavedDraft(row.id, row.writer, content, row.number, row.saved_at)
