"""A reading connection with nothing but the database's driver, for what has to be quick and for what both databases
are asked in the same words.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from activities.database import postgresql_driver
from activities.database.url import READING, DatabaseUrl
from workflows.domain.problem import Problem


class Reader(Protocol):
    """One moment of the database. Parameters of a statement are written `$1`, `$2` and so on."""

    kind: Literal["sqlite", "postgresql"]

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        """Every row of the answer."""


class _Sqlite:
    kind: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        named = {str(index): value for index, value in enumerate(parameters, start=1)}

        def read() -> list[dict[str, Any]]:
            return [dict(row) for row in self._connection.execute(statement, named)]

        # In a thread: a worker has deadlines to see to meanwhile.
        return await asyncio.to_thread(read)


class _Server:
    kind: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self._connection.fetch(statement, *parameters)
        return found


@asynccontextmanager
async def open_reader(address: DatabaseUrl) -> AsyncIterator[Reader]:
    """Read from there; everything read inside is of one moment.

    Raises:
        Problem: the database cannot be opened or reached, or lacks what is asked for.
    """
    try:
        async with _sqlite(address) if address.kind == "sqlite" else _server(address) as reader:
            yield reader
    except Problem:
        raise
    except Exception as error:
        raise address.unreadable(error, READING) from error


def instant(stored: str | datetime) -> datetime:
    """A time as either database hands it out, in UTC: SQLite keeps the UTC wall clock as text."""
    parsed = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@asynccontextmanager
async def _sqlite(address: DatabaseUrl) -> AsyncIterator[Reader]:
    if not address.path.is_file():
        raise Problem(f"there is no database file {address.path} yet: start `bihuan up` once")
    connecting = sqlite3.connect(
        address.path, timeout=READING.total_seconds(), isolation_level=None, check_same_thread=False
    )
    with closing(connecting) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        yield _Sqlite(connection)


@asynccontextmanager
async def _server(address: DatabaseUrl) -> AsyncIterator[Reader]:
    connection = await postgresql_driver.connect(address.dsn, READING)
    try:
        async with read_server(connection) as reader:
            yield reader
    finally:
        await connection.close()


@asynccontextmanager
async def read_server(connection: Any) -> AsyncIterator[Reader]:
    """Read by a connection to PostgreSQL (asyncpg's) that is in no transaction; everything read is of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        yield _Server(connection)


async def read_remembered(address: DatabaseUrl) -> dict[str, Any]:
    """Everything `activities.database.installation` keeps, by name, but for the policy, which is long.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows("SELECT key, value FROM installation WHERE key <> 'policy'")
    return {row["key"]: json.loads(row["value"]) if row["value"] is not None else None for row in rows}
