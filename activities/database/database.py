"""The database of the record: SQLite in a file, or PostgreSQL; one interface for both."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Final, Literal, Self
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Table, event, text
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
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from activities.database import sqlite_driver
from activities.database.migrations import HEAD
from activities.database.url import LOCKED, DatabaseUrl
from workflows.domain.problem import Problem

LOCK_TIMEOUT: Final = timedelta(seconds=20)
"""How long SQLite waits for another process that holds its file, for commands and starts, which nothing repeats."""
ACTIVITY_LOCK_TIMEOUT: Final = timedelta(seconds=4)
"""The same for activities: Temporal tries them again, and each has to end before its own time-out."""
_FAULTS_OF_DATA: Final = (DataError, IntegrityError, ProgrammingError)
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
        self._writers = writers or (asyncio.Lock() if address.kind == "sqlite" else nullcontext())

    @classmethod
    def open(cls, url: str, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> Self:
        """The database at `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`; nothing is connected yet.

        Args:
            url: see `DatabaseUrl`.
            synchronous: SQLite only: FULL keeps what was committed through a power cut, NORMAL through a crash.

        Raises:
            Problem: the address is not understood, its folder cannot be used, or its driver is not installed.
        """
        address = DatabaseUrl.parse(url)
        address.check_folder()
        if address.kind == "sqlite":
            engine = create_async_engine(
                f"sqlite+aiosqlite:///{address.path}",
                async_creator=sqlite_driver.opener(address.path),
                json_serializer=_dumps,
                hide_parameters=True,
            )
            event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, synchronous=synchronous))
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        else:
            engine = create_async_engine(
                "postgresql+asyncpg://",
                async_creator=_asyncpg(address.dsn),
                pool_pre_ping=True,
                json_serializer=_dumps,
                hide_parameters=True,
            )
        return cls(address, engine)

    def with_lock_timeout(self, lock_timeout: timedelta) -> Self:
        """The same database and connections with another time-out for a locked file.

        With one below `LOCK_TIMEOUT` the driver's own error is raised, for a caller that tries again.
        """
        return type(self)(self.address, self.engine.execution_options(bihuan_lock_timeout=lock_timeout), self._writers)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed at the end, rolled back by any exception. Do not nest.

        On SQLite it holds the write lock from its first moment, so that what is read inside stays true. It is brief:
        others wait for it, and on SQLite its statements are done in place (see `activities.database.sqlite_driver`).

        Raises:
            Problem: another process has locked the file for the whole lock time-out.
        """
        with self._locks_explained():
            async with self._writers, self._writing.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; on SQLite it sees one moment, whatever is written meanwhile.

        Raises:
            Problem: another process has locked the file, against readers too, for the whole lock time-out.
        """
        with self._locks_explained():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read_brief(self) -> AsyncIterator[AsyncConnection]:
        """For a few rows by their keys. On SQLite they are read in place, which holds everybody else up, and each
        statement sees a moment of its own.
        """
        with self._locks_explained():
            async with self._reading_brief.begin() as connection:
                yield connection

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

    async def migrate(self) -> None:
        """Bring the schema to this release, in one transaction; quick when it is there already.

        Several processes may do so at once: one does it, the others wait and find it done.

        Raises:
            Problem: the database cannot be reached or opened, or its schema is of a newer release.
        """
        if await self.revision() == HEAD:
            return
        from activities.database.migrations.upgrade import upgrade

        # Alembic keeps the upgrade it is in as a global of the process.
        lock = self._migrating.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        # Not brief: rewriting the tables of years takes seconds.
        upgrading = self._writing.execution_options(bihuan_brief=None)
        with self._faults_explained(), self._locks_explained():
            async with lock, self._writers, upgrading.connect() as connection:
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
        await self.engine.dispose()

    async def _foreign_keys(self, connection: AsyncConnection, *, on: bool) -> None:
        """Off while tables are rebuilt (SQLite's way to alter one); possible only outside of a transaction."""
        if self.address.kind != "sqlite":
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")

    @contextmanager
    def _locks_explained(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if self.lock_timeout < LOCK_TIMEOUT or str(error.orig) != LOCKED:
                raise
            raise self.address.locked(self.lock_timeout) from error

    @contextmanager
    def _faults_explained(self) -> Iterator[None]:
        try:
            yield
        except Problem:
            raise
        except _database_errors() as error:
            raise Problem(f"the database {self.address.name} cannot be used: {_reason(error)}") from error


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
    cause = error.__cause__ if isinstance(error, Problem) else error
    if isinstance(cause, StatementError) and not isinstance(cause, DBAPIError):
        return False
    return isinstance(cause, _database_errors()) and not isinstance(cause, _FAULTS_OF_DATA)


async def lock_for_choice(connection: AsyncConnection) -> None:
    """Until the transaction ends, nobody else passes here; SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


_dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(connection: Any, record: object, *, synchronous: str) -> None:  # noqa: ARG001
    # The driver would begin transactions by itself, too late and never IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    _wait_for_others(cursor, LOCK_TIMEOUT)
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except Exception:  # noqa: BLE001 - the driver's own error type; another process is changing the mode
        # That change does not heed the busy timeout, but an ordinary transaction does; afterwards it is made.
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA synchronous={synchronous}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    lock_timeout = options.get("bihuan_lock_timeout", LOCK_TIMEOUT)
    if connection.info.setdefault("bihuan_lock_timeout", LOCK_TIMEOUT) != lock_timeout:
        cursor = connection.connection.cursor()
        _wait_for_others(cursor, lock_timeout)
        cursor.close()
        connection.info["bihuan_lock_timeout"] = lock_timeout
    driver: Any = connection.connection.driver_connection
    driver.brief = options.get("bihuan_brief")
    if mode := options.get("bihuan_begin", "DEFERRED"):
        connection.exec_driver_sql(f"BEGIN {mode}")


def _wait_for_others(cursor: Any, lock_timeout: timedelta) -> None:
    cursor.execute(f"PRAGMA busy_timeout={lock_timeout // timedelta(milliseconds=1)}")


def _asyncpg(dsn: str) -> Callable[..., Awaitable[Any]]:
    try:
        asyncpg = import_module("asyncpg")
    except ImportError:
        raise Problem("PostgreSQL needs its driver: install bihuan[postgresql]") from None
    return partial(asyncpg.connect, dsn, timeout=10, server_settings={"application_name": "bihuan"})


def _database_errors() -> tuple[type[Exception], ...]:
    asyncpg = sys.modules.get("asyncpg")
    driver = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (SQLAlchemyError, OSError, *driver)


def _names_no_table(error: DBAPIError) -> bool:
    said = str(error.orig)
    return "no such table" in said or "UndefinedTableError" in said or "does not exist" in said


def _reason(error: BaseException) -> str:
    """The database's own words, in one line; drivers never repeat a password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Problem(f"the upgrade would leave a row of {broken[0]} without its {broken[2]}; nothing was changed")
