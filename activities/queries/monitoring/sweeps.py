"""The latest sweep: where record and Temporal have drifted apart, for `bihuan stuck`, `doctor` and metrics."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.installation import InstallationValues
from activities.database.tables import installation
from workflows.domain.model import Fact, Instant
from workflows.ports import SweepRun

KEY = "sweep"
_MOST_NAMED = 100
"""Drifts that are kept one by one; when there are more, all have the same cause."""


class DriftReason(StrEnum):
    """What does not fit together."""

    WORKFLOW_MISSING = "workflow_missing"
    """The record says open, and Temporal does not know it."""
    WORKFLOW_ENDED = "workflow_ended"
    """The record says open, and its workflow was terminated, cancelled, failed, timed out or completed."""
    STILL_RUNNING = "still_running"
    """The record says that it is over, and its workflow runs."""
    RECORD_BEHIND = "record_behind"
    """Its workflow has taken steps that the record does not have."""
    RECORD_AHEAD = "record_ahead"
    """The record has steps that its workflow never took."""
    NOT_IN_RECORD = "not_in_record"
    """A workflow of a case runs whose number nobody has registered."""
    NUMBER_TAKEN = "number_taken"
    """It is registered, and Temporal has another submission's case under its number."""
    DELIVERY_UNENDING = "delivery_unending"
    """A delivery goes on for longer than any message is tried."""


class Drift(Fact):
    """One thing to look at.

    `number` is the case's; `workflow` the id, in Temporal, of the case, a department's task, a review or a delivery;
    `since` the wall clock when a sweep first saw it; `what` says how the workflow ended, or how far both are.
    """

    number: str
    reason: DriftReason
    workflow: str
    since: Instant
    what: str | None = None

    @property
    def is_of_a_workflow(self) -> bool:
        """Whether `workflow` is one; a delivery is an activity of its own."""
        return self.reason is not DriftReason.DELIVERY_UNENDING

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same at the next sweep."""
        return self.workflow, self.reason


class Sweep(Fact):
    """A sweep that was made, and the first hundred drifts it found."""

    run: SweepRun
    found: tuple[Drift, ...] = ()


async def keep_sweep(database: Database, run: SweepRun, found: Iterable[Drift]) -> Sweep:
    """Keep this sweep in place of the one before; drifts that were seen before keep the time when they first were."""
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
    """The latest sweep, read within a transaction."""
    kept = await connection.scalar(select(installation.c.value).where(installation.c.key == KEY))
    try:
        return Sweep.model_validate(kept) if kept is not None else None
    except ValidationError:
        return None
