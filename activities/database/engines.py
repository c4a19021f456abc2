"""Engines of SQLAlchemy over each driver: how their connections are prepared, and what begins with a transaction.

Execution options: `bihuan_lock_timeout` is how long a transaction waits for others, where it is not as long as usual;
`bihuan_begin` and `bihuan_brief` are SQLite's, see `activities.database.sqlite_driver`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from activities.database import postgresql_driver, sqlite_driver

_KEPT: Final = 5
"""So many connections to a server stay open while nobody uses them."""
_dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


def sqlite_engine(path: Path, lock_timeout: timedelta, synchronous: str) -> AsyncEngine:
    """The engine for that file; `lock_timeout` is the usual one, `synchronous` SQLite's."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=sqlite_driver.opener(path),
        json_serializer=_dumps,
        hide_parameters=True,
    )
    prepare = partial(_prepare_sqlite, lock_timeout=lock_timeout, synchronous=synchronous)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", partial(_begin_sqlite, usual=lock_timeout))
    return engine


def postgresql_engine(
    opener: Callable[[], Awaitable[Any]], lock_timeout: timedelta, connections: int, connection_timeout: timedelta
) -> AsyncEngine:
    """Over connections that `opener` makes with the usual `lock_timeout`, `connections` of them at most; who needs one
    more waits for `connection_timeout`.
    """
    kept = min(connections, _KEPT)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=opener, pool_pre_ping=True, json_serializer=_dumps, hide_parameters=True,
        pool_size=kept, max_overflow=connections - kept, pool_timeout=connection_timeout.total_seconds(),
    )  # fmt: skip
    event.listen(engine.sync_engine, "begin", partial(_begin_postgresql, usual=lock_timeout))
    event.listen(engine.sync_engine, "handle_error", _give_up_silent)
    return engine


def _prepare_sqlite(connection: Any, record: object, *, lock_timeout: timedelta, synchronous: str) -> None:  # noqa: ARG001
    # The driver would begin transactions by itself, too late and never IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    _wait_for_others(cursor, lock_timeout)
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


def _begin_sqlite(connection: Connection, *, usual: timedelta) -> None:
    options = connection.get_execution_options()
    if lock_timeout := _other_lock_timeout(connection, usual):
        cursor = connection.connection.cursor()
        _wait_for_others(cursor, lock_timeout)
        cursor.close()
    driver: Any = connection.connection.driver_connection
    driver.brief = options.get("bihuan_brief")
    if mode := options.get("bihuan_begin", "DEFERRED"):
        connection.exec_driver_sql(f"BEGIN {mode}")


def _begin_postgresql(connection: Connection, *, usual: timedelta) -> None:
    if lock_timeout := _other_lock_timeout(connection, usual):
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(partial(postgresql_driver.limit_locks, lock_timeout=lock_timeout))


def _other_lock_timeout(connection: Connection, usual: timedelta) -> timedelta | None:
    """The time-out that is wanted now, where this connection of the pool has another one."""
    wanted: timedelta = connection.get_execution_options().get("bihuan_lock_timeout", usual)
    if connection.info.setdefault("bihuan_lock_timeout", usual) == wanted:
        return None
    connection.info["bihuan_lock_timeout"] = wanted
    return wanted


def _wait_for_others(cursor: Any, lock_timeout: timedelta) -> None:
    cursor.execute(f"PRAGMA busy_timeout={lock_timeout // timedelta(milliseconds=1)}")


def _give_up_silent(context: ExceptionContext) -> None:
    """A connection that did not answer in time is not asked again: even to roll back it would have to answer."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
