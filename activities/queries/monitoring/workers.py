"""The workers of an installation, and the policy, templates and keys of each: they have to be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into, lock_for_choice
from activities.database.tables import installation
from workflows.domain.model import Fact, Instant

KEY = "workers"
NOTED_EVERY: Final = timedelta(seconds=20)
"""How often a worker says that it is there."""
_ALIVE: Final = timedelta(seconds=65)
"""Since it last said so."""
_WAYS_OUT: Final[Mapping[str, str]] = {
    "policies": "give all the same BIHUAN_POLICY, and the same file; then: bihuan retime --all",
    "templates": "give all the same BIHUAN_TEMPLATES, and the same files there",
    "mail servers": "give all the same BIHUAN_SMTP_URL and BIHUAN_MAIL_FROM",
    "encryption keys": "give all the same key as the first of BIHUAN_ENCRYPTION_KEYS",
    "portal addresses": "give all the same BIHUAN_WEB__URL",
    "link keys": "give all the same BIHUAN_LINK_KEYS, in the same order",
    "channels": "set the same [channels.…] for all workers and restart them",
    "webhooks": "set the same [webhooks.…] for all workers and restart them",
}
"""What has to be the same for all workers, and what to do where it is not."""


class Mark(Fact):
    """Two workers go by the same where their `value` is the same; `source` is where each has it from, for people."""

    value: str
    source: str | None = None

    def __str__(self) -> str:
        """The mark as people read it."""
        return f"{self.source} ({self.value})" if self.source else self.value


class PresentWorker(Fact):
    """A worker as it described itself at `seen_at` (the wall clock).

    `name` is its process and machine, as Temporal shows them; `goes_by` has a mark for each of the subjects.
    """

    name: str
    seen_at: Instant
    goes_by: Mapping[str, Mark]


@dataclass(frozen=True)
class Difference:
    """What differs between workers, which has what, and the way out."""

    what: str
    way_out: str


class Workers:
    """Kept in the record, by a key that no two processes share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, key: str, worker: PresentWorker) -> None:
        """Note that a worker runs; those that have not been seen for long are forgotten."""
        await self._change(worker.seen_at, {key: worker})

    async def forget(self, key: str, now: datetime) -> None:
        """Remove a worker that has ended in good order."""
        await self._change(now, {key: None})

    async def alive(self, now: datetime) -> list[PresentWorker]:
        """The workers that were noted not long before `now` (the wall clock), by name."""
        async with self._database.read_brief() as connection:
            known = await _read(connection, now)
        return sorted(known.values(), key=lambda worker: worker.name)

    async def _change(self, now: datetime, changes: Mapping[str, PresentWorker | None]) -> None:
        async with self._database.begin() as connection:
            await lock_for_choice(connection)
            known = {**await _read(connection, now), **changes}
            value = {key: worker.model_dump(mode="json") for key, worker in known.items() if worker is not None}
            statement = insert_into(connection, installation).values(key=KEY, value=value)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
            )


def differences(workers: Sequence[PresentWorker]) -> list[Difference]:
    """Every subject in which these workers are not alike."""
    found = []
    for subject, way_out in _WAYS_OUT.items():
        marks = [(worker.name, worker.goes_by[subject]) for worker in workers if subject in worker.goes_by]
        if len({mark.value for _, mark in marks}) > 1:
            said = ", ".join(f"{name} by {mark}" for name, mark in marks)
            found.append(Difference(f"workers go by different {subject}: {said}", way_out))
    return found


async def _read(connection: AsyncConnection, now: datetime) -> dict[str, PresentWorker]:
    kept = await connection.scalar(select(installation.c.value).where(installation.c.key == KEY))
    found = {}
    for key, value in (kept or {}).items():
        try:
            worker = PresentWorker.model_validate(value)
        except ValidationError:
            continue  # of another release
        if abs(now - worker.seen_at) <= _ALIVE:
            found[key] = worker
    return found
