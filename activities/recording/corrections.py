"""Keeps what a closed case needs to take its customer's correction, as long as there can be one (R39)."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into
from activities.database.tables import correction
from workflows.domain.event import EventKind
from workflows.ports import Record


async def keep_for_correction(connection: AsyncConnection, step: Record, at: datetime) -> None:
    """Write, replace or drop what is kept of this case, in the caller's transaction; `at`: the case's time now.

    Whatever is too late anywhere goes with it.
    """
    number, until = step.view.number, step.view.correctable_until
    if step.kept is None or until is None:
        if any(event.kind is EventKind.REOPENED for event in step.events):
            await forget_correction(connection, number)
        return
    await connection.execute(delete(correction).where(correction.c.until < at))
    statement = insert_into(connection, correction).values(number=number, until=until, input=step.kept)
    kept = {"until": statement.excluded.until, "input": statement.excluded.input}
    await connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=kept))


async def kept_for_correction(database: Database, number: str) -> JsonValue:
    """What is kept of a closed case for that; None where nothing is."""
    async with database.read_brief() as connection:
        kept: JsonValue = await connection.scalar(select(correction.c.input).where(correction.c.number == number))
        return kept


async def forget_correction(connection: AsyncConnection, number: str) -> None:
    """Drop what is kept of a case that cannot be corrected any more."""
    await connection.execute(delete(correction).where(correction.c.number == number))
