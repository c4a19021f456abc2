"""The driver of PostgreSQL: asyncpg, whose connections never wait for ever.

A lock that somebody else holds is given up by the server (`lock_timeout`), an answer that does not come by the driver.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any, Final

from workflows.domain.problem import Problem

CONNECTING: Final = timedelta(seconds=10)
"""For a connection to be made, login included."""
ANSWER: Final = timedelta(minutes=5)
"""For one statement: a report over years takes seconds, a server that is frozen never answers."""


async def connect(dsn: str, lock_timeout: timedelta, *, patient: bool = False) -> Any:
    """A connection (asyncpg's) whose statements wait for a lock as long as `lock_timeout`.

    A statement of a `patient` one may take as long as it needs.

    Raises:
        Problem: the driver is not installed.
        OSError, asyncpg.PostgresError: the server does not answer (TimeoutError), or refuses.
    """
    connection = await _driver().connect(
        dsn,
        timeout=CONNECTING.total_seconds(),
        command_timeout=None if patient else ANSWER.total_seconds(),
        server_settings={"application_name": "bihuan"},
    )
    try:
        await limit_locks(connection, lock_timeout)
        # By it the server reads an index that holds all that is asked for, instead of the table, which is many times as
        # large; 4, which it takes by itself, is for disks that turn.
        await connection.execute("SET random_page_cost = 1.1")
    except BaseException:
        connection.terminate()
        raise
    return connection


async def limit_locks(connection: Any, lock_timeout: timedelta) -> None:
    """Outside of a transaction: from now on no statement of this connection waits longer for a lock."""
    # Not a parameter of the connection: poolers between here and the server refuse those they do not know.
    await connection.execute(f"SET lock_timeout = {lock_timeout // timedelta(milliseconds=1)}")


def opener(dsn: str, lock_timeout: timedelta, *, patient: bool = False) -> Callable[[], Awaitable[Any]]:
    """What SQLAlchemy calls for each connection of its pool.

    Raises:
        Problem: the driver is not installed.
    """
    _driver()
    return partial(connect, dsn, lock_timeout, patient=patient)


def _driver() -> Any:
    try:
        return import_module("asyncpg")
    except ImportError:
        raise Problem("PostgreSQL needs its driver: install bihuan[postgresql]") from None
