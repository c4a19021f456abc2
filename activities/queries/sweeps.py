"""What the latest sweep found: kept in the record, for people, `bihuan stuck`, `bihuan doctor` and metrics."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.installation import InstallationValues
from activities.database.tables import installation
from activities.queries.drift import Drift
from workflows.domain.model import Fact
from workflows.ports import SweepRun

KEY = "sweep"
_MOST_NAMED = 100
"""Disagreements that are kept one by one; when there are more, all have the same cause."""


class Sweep(Fact):
    """A sweep that was made, and the disagreements it found, the first hundred of them."""

    run: SweepRun
    found: tuple[Drift, ...] = ()


async def keep_sweep(database: Database, run: SweepRun, found: Iterable[Drift]) -> Sweep:
    """Put it in place of the one before; what was seen before keeps the time when it was first seen."""
    before = await latest_sweep(database)
    known = {one.key: one.since for one in before.found} if before else {}
    named = sorted(
        (one.model_copy(update={"since": known.get(one.key, one.since)}) for one in found),
        key=lambda one: (one.since, one.number, one.key),
    )
    sweep = Sweep(run=run, found=tuple(named[:_MOST_NAMED]))
    await InstallationValues(database).put(KEY, sweep.model_dump(mode="json"))
    return sweep


async def latest_sweep(database: Database) -> Sweep | None:
    """The one that was kept last; None before the first, or where another release kept what this one cannot read."""
    async with database.read() as connection:
        return await read_sweep(connection)


async def read_sweep(connection: AsyncConnection) -> Sweep | None:
    """The same within a transaction."""
    kept = await connection.scalar(select(installation.c.value).where(installation.c.key == KEY))
    try:
        return Sweep.model_validate(kept) if kept is not None else None
    except ValidationError:
        return None
