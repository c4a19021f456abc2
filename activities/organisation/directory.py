"""The organisation document in the database, every version of it (R11)."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, lock_for_choice
from activities.database.tables import organisation
from workflows.domain.organisation.organisation import Organisation

_LATEST = select(func.max(organisation.c.version))


class Directory:
    """Who works here, as of the last version loaded; parsed once a version."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = 0
        self._current: Organisation | None = None

    async def load(self, document: Organisation) -> None:
        """Put a new version in force; the one in force again changes nothing."""
        async with self._database.begin() as connection:
            await lock_for_choice(connection)
            if await self.current(connection) == document:
                return
            latest = await connection.scalar(_LATEST)
            await connection.execute(
                insert(organisation).values(
                    version=(latest or 0) + 1, body=document.model_dump(mode="json"), loaded_at=datetime.now(UTC)
                )
            )

    async def current(self, within: AsyncConnection | None = None) -> Organisation | None:
        """The version in force, None before any was loaded. Another process's load is seen at once.

        `within` is the caller's transaction, where there is one.
        """
        async with self._database.read_brief() if within is None else nullcontext(within) as connection:
            version = await connection.scalar(_LATEST)
            if version is None or version == self._version:
                return self._current
            body = await connection.scalar(select(organisation.c.body).where(organisation.c.version == version))
        self._current = Organisation.model_validate(body)
        self._version = version
        return self._current
