"""A reading connection with nothing but the database's driver, for what has to be quick and for what both databases
are asked in the same words.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from activities.database import postgresql_driver
from activities.database.url import READING, DatabaseUrl
from workflows.domain.problem import Problem

_NAMED: Final = re.compile(r"\$([0-9]+)")
_MOST_IDLE: Final = 8
"""Kept connections of one process."""


class Reader(Protocol):
    """Reads one moment of the database. Parameters of a statement are written `$1`, `$2` and so on."""

    kind: Literal["sqlite", "postgresql"]

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        """Every row of the answer."""

    async def answers(self, statements: Sequence[str], *parameters: Any) -> Sequence[Sequence[Mapping[str, Any]]]:
        """Every row of the answer to each statement, all with the same parameters: on SQLite in one journey."""


class _Sqlite:
    kind: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        return (await self.answers([statement], *parameters))[0]

    async def answers(self, statements: Sequence[str], *parameters: Any) -> Sequence[Sequence[Mapping[str, Any]]]:
        named = {str(index): value for index, value in enumerate(parameters, start=1)}

        def read() -> list[list[dict[str, Any]]]:
            return [[dict(row) for row in self._connection.execute(one, named)] for one in statements]

        # In a thread: a worker has deadlines to see to meanwhile.
        return await asyncio.to_thread(read)


class _Server:
    kind: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self._connection.fetch(statement, *parameters)
        return found

    async def answers(self, statements: Sequence[str], *parameters: Any) -> Sequence[Sequence[Mapping[str, Any]]]:
        # Each takes those that it names, counted from the first.
        counts = (max(map(int, _NAMED.findall(one)), default=0) for one in statements)
        return [await self.rows(one, *parameters[:count]) for one, count in zip(statements, counts, strict=True)]


class Opened(Protocol):
    """A database that this process has open."""

    address: DatabaseUrl

    def reader(self) -> AbstractAsyncContextManager[Reader]:
        """A reader by one of its connections."""


_OPENED: ContextVar[Opened | None] = ContextVar("bihuan_opened", default=None)


@contextmanager
def reading_through(database: Opened) -> Iterator[None]:
    """Whoever reads that database inside, by its address, does so by the connections that it has open: to open one for
    each question of a page costs more than the questions.
    """
    before = _OPENED.set(database)
    try:
        yield
    finally:
        _OPENED.reset(before)


class KeptConnections:
    """Connections to SQLite's file that stay open between uses: to open one costs as much as a few reads."""

    def __init__(self) -> None:
        self._idle: list[tuple[tuple[int, int], sqlite3.Connection]] = []

    def take(self, path: Path) -> tuple[tuple[int, int], sqlite3.Connection]:
        """A connection to the file that is there now, and which file that is.

        Raises:
            FileNotFoundError: there is none.
        """
        found = path.stat()
        file = (found.st_dev, found.st_ino)
        while self._idle:
            kept = self._idle.pop()
            if kept[0] == file:
                return kept
            kept[1].close()
        return file, _connected(path)

    def give_back(self, kept: tuple[tuple[int, int], sqlite3.Connection]) -> None:
        """Keep a connection that is in no transaction any more."""
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(kept)
        else:
            kept[1].close()

    def close(self) -> None:
        """Close all of them."""
        while self._idle:
            self._idle.pop()[1].close()


@asynccontextmanager
async def open_reader(address: DatabaseUrl, kept: KeptConnections | None = None) -> AsyncIterator[Reader]:
    """Read from there; everything read inside is of one moment. SQLite's connection is one of those `kept`; see
    `reading_through` for others. Do not nest: the connections that a process has open are few.

    Raises:
        Problem: the database cannot be opened or reached, or lacks what is asked for.
    """
    opened = _OPENED.get()
    if kept is None and opened is not None and opened.address == address:
        async with opened.reader() as reader:
            yield reader
        return
    with _explained(address):
        async with _sqlite(address, kept) if address.kind == "sqlite" else _server(address) as reader:
            yield reader


@asynccontextmanager
async def kept_open(address: DatabaseUrl) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[Reader]]]:
    """How to read there again and again by one connection, each time what is there then: for whoever waits for
    something. One reader at a time.

    Raises:
        Problem: the database cannot be opened or reached; by each reader, as `open_reader`.
    """
    opened = _OPENED.get()
    if opened is not None and opened.address == address:
        yield opened.reader
    elif address.kind == "sqlite":
        kept = KeptConnections()
        try:
            yield partial(open_reader, address, kept)
        finally:
            kept.close()
    else:
        with _explained(address):
            connection = await postgresql_driver.connect(address.dsn, READING)
        try:
            yield partial(_read_explained, address, connection)
        finally:
            await connection.close()


def document(stored: Any) -> Any:
    """JSON as either kind of connection hands it out: SQLAlchemy's to a server have it decoded, others do not. What may
    be a text, which both hand out as one, has to be asked for as a text.
    """
    return json.loads(stored) if isinstance(stored, str) else stored


def instant(stored: str | datetime) -> datetime:
    """A time as either database hands it out, in UTC: SQLite keeps the UTC wall clock as text."""
    parsed = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@asynccontextmanager
async def _sqlite(address: DatabaseUrl, kept: KeptConnections | None) -> AsyncIterator[Reader]:
    if not address.path.is_file():
        raise Problem(f"there is no database file {address.path} yet: start `bihuan up` once")
    if kept is None:
        with closing(_connected(address.path)) as connection:
            connection.execute("BEGIN")
            yield _Sqlite(connection)
        return
    taken = kept.take(address.path)
    with ExitStack() as failing:
        failing.callback(taken[1].close)
        taken[1].execute("BEGIN")
        yield _Sqlite(taken[1])
        taken[1].execute("COMMIT")
        failing.pop_all()
        kept.give_back(taken)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=READING.total_seconds(), isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


@asynccontextmanager
async def _server(address: DatabaseUrl) -> AsyncIterator[Reader]:
    connection = await postgresql_driver.connect(address.dsn, READING)
    try:
        async with read_server(connection) as reader:
            yield reader
    finally:
        await connection.close()


@asynccontextmanager
async def _read_explained(address: DatabaseUrl, connection: Any) -> AsyncIterator[Reader]:
    with _explained(address):
        async with read_server(connection) as reader:
            yield reader


@contextmanager
def _explained(address: DatabaseUrl) -> Iterator[None]:
    """A driver's error as a Problem, in one line."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        raise address.unreadable(error, READING) from error


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
        rows = await reader.rows("SELECT key, CAST(value AS TEXT) AS value FROM installation WHERE key <> 'policy'")
    return {row["key"]: json.loads(row["value"]) if row["value"] is not None else None for row in rows}
