"""The database of the record: SQLite in a file, or PostgreSQL; one interface for both."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal, Self
from uuid import uuid4
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database import postgresql_driver
from activities.database.engines import postgresql_engine, sqlite_engine
from activities.database.migrations.head import HEAD
from activities.database.reader import KeptConnections, Reader, open_reader, read_server
from activities.database.rights import DELETED_FROM, without_right
from activities.database.sqlite_file import explained
from activities.database.tables import installation
from activities.database.url import LOCKED, DatabaseBusyError, DatabaseUrl, is_locked, reason
from workflows.domain.problem import Problem

LOCK_TIMEOUT: Final = timedelta(seconds=20)
"""How long another process that holds the file, or a table or row on a server, is waited for by commands and starts,
which nothing repeats."""
ACTIVITY_LOCK_TIMEOUT: Final = timedelta(seconds=4)
"""The same for activities: Temporal tries them again, and each has to end before its own time-out."""
CONNECTION_TIMEOUT: Final = ACTIVITY_LOCK_TIMEOUT
"""How long a free one of this process's connections to a server is waited for. An activity may wait for it and then
for a lock: both together are less than its own time-out.
"""
_FAULTS_OF_DATA: Final = (DataError, IntegrityError, ProgrammingError)
CONNECTIONS: Final = 15
"""How many connections to a server one process opens at most, unless it is told otherwise."""
_LOCK: Final = 0x62696875616E
"""PostgreSQL's advisory lock of bihuan: who holds it upgrades the schema, or chooses an owner."""


class Database:
    """Open with `Database.open`; `migrate` before the first use, `close` at the end."""

    _migrating: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()

    def __init__(
        self, address: DatabaseUrl, engine: AsyncEngine, writers: AbstractAsyncContextManager[None] | None = None
    ) -> None:
        self.address = address
        self.engine = engine
        self.lock_timeout: timedelta = engine.get_execution_options().get("bihuan_lock_timeout", LOCK_TIMEOUT)
        self._writing = engine.execution_options(bihuan_begin="IMMEDIATE", bihuan_brief="writing")
        self._reading_brief = engine.execution_options(bihuan_begin=None, bihuan_brief="reading")
        # SQLite has one writer at a time: queueing here is fair and quick, its own waiting is neither.
        self._probe = f"write probe {uuid4().hex}"
        """A key that nobody else uses: a process that is halted while it tries may hold up no other."""
        self._writers = writers or (asyncio.Lock() if address.kind == "sqlite" else nullcontext())
        self._readers = KeptConnections()

    @classmethod
    def open(cls, url: str, *, synchronous: Literal["FULL", "NORMAL"] = "FULL", connections: int = CONNECTIONS) -> Self:
        """The database at `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`; nothing is connected yet.

        Args:
            url: see `DatabaseUrl`.
            synchronous: SQLite only: FULL keeps what was committed through a power cut, NORMAL through a crash.
            connections: PostgreSQL only: how many are open at most; whoever needs one more waits.

        Raises:
            Problem: the address is not understood, its folder cannot be used, or its driver is not installed.
        """
        address = DatabaseUrl.parse(url)
        address.check_folder()
        if address.kind == "sqlite":
            engine = sqlite_engine(address.path, LOCK_TIMEOUT, synchronous)
        else:
            opener = postgresql_driver.opener(address.dsn, LOCK_TIMEOUT)
            engine = postgresql_engine(opener, LOCK_TIMEOUT, connections, CONNECTION_TIMEOUT)
        return cls(address, engine)

    def with_lock_timeout(self, lock_timeout: timedelta) -> Self:
        """The same database and connections with another time-out for what is locked.

        With one below `LOCK_TIMEOUT` the driver's own error is raised, for a caller that tries again.
        """
        return type(self)(self.address, self.engine.execution_options(bihuan_lock_timeout=lock_timeout), self._writers)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed at the end, rolled back by any exception. Do not nest.

        On SQLite it holds the write lock from its first moment, so that what is read inside stays true. It is brief:
        others wait for it, and on SQLite its statements are done in place (see `activities.database.sqlite_driver`).

        Raises:
            Problem: another process has locked it for the whole lock time-out.
        """
        with self._locks_explained():
            async with self._turn(), self._writing.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; on SQLite it sees one moment, whatever is written meanwhile.

        Raises:
            Problem: another process has locked it, against readers too, for the whole lock time-out.
        """
        with self._locks_explained():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read_brief(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that reads a few rows by their keys. On SQLite they are read in place, which holds everybody
        else up, and each statement sees a moment of its own.
        """
        with self._locks_explained():
            async with self._reading_brief.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """A reader (see `activities.database.reader`) that takes no connection beside those of this database.

        Raises:
            Problem: the database cannot be reached, or lacks what is asked for.
        """
        if self.address.kind == "sqlite":
            async with open_reader(self.address, self._readers) as reader:
                yield reader
            return
        with self._faults_explained(), self._locks_explained():
            async with self.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                async with read_server(driver) as reader:
                    yield reader

    async def revision(self) -> str | None:
        """The revision of the schema, None for a database without one.

        Raises:
            Problem: the database cannot be reached or opened.
        """
        with self._faults_explained():
            async with self.read() as connection:
                try:
                    revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
                except (OperationalError, ProgrammingError) as error:
                    if _names_no_table(error):
                        return None
                    raise
        return revision

    async def ready(self) -> None:
        """Look whether commands can use this database as it is.

        Raises:
            Problem: it cannot be reached or opened, or its schema is not of this release. No file is made.
        """
        if self.address.kind == "sqlite" and not self.address.path.is_file():
            # Opening it would make one, such as in the folder on which the right one is not mounted.
            raise Problem(
                f"there is no installation in {self.address.path.parent} (no {self.address.path.name}): "
                "start `bihuan up` once, or name another with --data"
            )
        revision = await self.revision()
        if revision is None:
            raise Problem(
                f"the database {self.address.name} has no tables yet: start `bihuan up` once, or `bihuan worker`"
            )
        if revision != HEAD:
            raise Problem(
                f"the database {self.address.name} has schema {revision}, this release works with {HEAD}: "
                "start `bihuan up` or `bihuan worker` of the newest release once"
            )

    async def try_write(self) -> None:
        """Write a row and roll it back: a database that answers questions may still take nothing.

        Raises:
            Problem: it cannot be reached, is read-only or full, is not in UTF-8, or this user lacks a right.
        """
        await self._check_encoding()
        try:
            with self._locks_explained():
                async with self._turn(), self._writing.connect() as connection:
                    row = {"key": self._probe, "value": {"text": "可写"}}
                    if self.address.kind == "postgresql" and (refused := await without_right(connection)):
                        raise Problem(
                            f"the database {self.address.name} cannot be written: no right to {refused}; needed are "
                            "SELECT, INSERT and UPDATE on every table, DELETE on "
                            f"{', '.join(DELETED_FROM)}, and USAGE on every sequence"
                        )
                    await connection.execute(insert(installation), row)
                    await connection.rollback()
        except Problem:
            raise
        except _database_errors() as error:
            if isinstance(error, DBAPIError) and _names_no_table(error):
                raise Problem(f"the database {self.address.name} has no tables") from error
            raise Problem(f"the database {self.address.name} cannot be written: {reason(_cause(error))}") from error

    async def migrate(self) -> None:
        """Bring the schema to this release, in one transaction; quick when it is there already.

        Several processes may do so at once: one does it, the others wait and find it done.

        Raises:
            Problem: the database cannot be reached or opened, its encoding is not UTF-8, or its schema is of a newer
                release.
        """
        await self._check_encoding()
        if await self.revision() == HEAD:
            return
        from activities.database.migrations.upgrade import upgrade

        # Alembic keeps the upgrade it is in as a global of the process.
        lock = self._migrating.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        with self._faults_explained(), self._locks_explained():
            async with lock, self._writers, self._upgrading() as connection:
                await self._foreign_keys(connection, on=False)
                try:
                    async with connection.begin():
                        await lock_for_choice(connection)
                        await connection.run_sync(upgrade)
                        await connection.run_sync(_check_references)
                finally:
                    await self._foreign_keys(connection, on=True)

    async def close(self) -> None:
        """Give every connection back."""
        self._readers.close()
        await self.engine.dispose()

    async def _check_encoding(self) -> None:
        if self.address.kind == "sqlite":
            return
        with self._faults_explained(), self._locks_explained():
            async with self.engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
        encoding = driver.get_settings().server_encoding
        if encoding != "UTF8":
            raise Problem(
                f"the database {self.address.name} has the encoding {encoding}, needed is UTF8: make another one "
                "(CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0), and take along what is in this one "
                "(pg_dump, psql)"
            )

    @asynccontextmanager
    async def _upgrading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements may take as long as they need: tables of years are rewritten."""
        if self.address.kind == "sqlite":
            async with self._writing.execution_options(bihuan_brief=None).connect() as connection:
                yield connection
            return
        opener = postgresql_driver.opener(self.address.dsn, LOCK_TIMEOUT, patient=True)
        engine = postgresql_engine(opener, LOCK_TIMEOUT, 1, CONNECTION_TIMEOUT)
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    async def _foreign_keys(self, connection: AsyncConnection, *, on: bool) -> None:
        """Off while tables are rebuilt (SQLite's way to alter one); possible only outside of a transaction."""
        if self.address.kind != "sqlite":
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Be the one writer of this process, which is waited for as long as another process is, and no longer: behind
        those who wait for a locked file, each for its whole time, an activity would outlast its own time-out.
        """
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self.lock_timeout.total_seconds()):
                    await held.enter_async_context(self._writers)
            except TimeoutError:
                raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError(LOCKED)) from None
            yield

    @contextmanager
    def _locks_explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            busy = self.address.busy(_cause(error), self.lock_timeout)
            if busy is None or (self.lock_timeout < LOCK_TIMEOUT and is_locked(_cause(error))):
                raise
            raise busy from error
        except PoolTimeoutError as error:
            raise DatabaseBusyError(
                f"all connections of this process to the database {self.address.name} were in use for "
                f"{CONNECTION_TIMEOUT.total_seconds():g} s: raise BIHUAN_DATABASE_CONNECTIONS"
            ) from error
        except TimeoutError as error:
            if self.lock_timeout < LOCK_TIMEOUT:
                raise
            raise Problem(f"the database {self.address.name} cannot be used: {reason(error)}") from error

    def _reason(self, error: BaseException) -> str:
        """What the file system shows, else the database's own words, in one line."""
        cause = _cause(error) or error
        shown = explained(self.address.path, cause) if self.address.kind == "sqlite" else None
        return shown or reason(cause)

    @contextmanager
    def _faults_explained(self) -> Iterator[None]:
        try:
            yield
        except Problem:
            raise
        except _database_errors() as error:
            raise Problem(f"the database {self.address.name} cannot be used: {self._reason(error)}") from error


def insert_into(connection: AsyncConnection, table: Table) -> postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of the connection's database (the same on both)."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> postgresql.Insert:
    """The same by the database's name, for statements that are made once and kept."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    insert: Any = sqlite.insert(table)
    return insert  # type: ignore[no-any-return]


def is_outage(error: BaseException) -> bool:
    """Whether the database itself failed, which may be over soon, and not what it was given."""
    if isinstance(error, DatabaseBusyError):
        return True
    cause = error.__cause__ if isinstance(error, Problem) else error
    if isinstance(cause, StatementError) and not isinstance(cause, DBAPIError):
        return False
    return isinstance(cause, _database_errors()) and not isinstance(cause, _FAULTS_OF_DATA)


async def lock_for_choice(connection: AsyncConnection) -> None:
    """Let nobody else pass here until the transaction ends; writers of SQLite are alone anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _database_errors() -> tuple[type[Exception], ...]:
    asyncpg = sys.modules.get("asyncpg")
    driver = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (SQLAlchemyError, OSError, *driver)


def _cause(error: BaseException) -> BaseException:
    """The driver's own error, without what SQLAlchemy wraps it in."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return said.__cause__ or said


def _names_no_table(error: DBAPIError) -> bool:
    said = str(error.orig)
    return "no such table" in said or "UndefinedTableError" in said or "does not exist" in said


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Problem(f"the upgrade would leave a row of {broken[0]} without its {broken[2]}; nothing was changed")
