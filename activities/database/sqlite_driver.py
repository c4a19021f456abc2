"""The driver of SQLite: aiosqlite, but what cannot wait is done in place.

aiosqlite sends each call to a thread and waits for its answer. SQLAlchemy makes about four calls a statement, so a
step of a case took some thirty-five of these journeys. Within a brief transaction only three things can make anybody
wait: connecting, the beginning of one that writes (for the lock), and its end (for the disk). These still go to the
thread; a statement between them takes microseconds, less than the way there and back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Self

import aiosqlite

_ROWS_AT_ONCE: Final = 64
"""aiosqlite's own default for iterating, which nothing here does."""
_MAY_WAIT: Final = ("BEGIN IMMEDIATE",)

Brief = Literal["reading", "writing"]


class SqliteConnection(aiosqlite.Connection):
    """Like aiosqlite's, with `brief`: what of the present transaction is done in place.

    No call is ever made while another one is in the thread: whoever waits for the thread is the only user of the
    connection.
    """

    brief: Brief | None = None
    _abandoned: bool = False
    """Somebody gave up waiting for the thread, which may still be at it."""

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Connect to the file; it is made when it is not there."""
        connection = cls(partial(sqlite3.connect, path, check_same_thread=False), _ROWS_AT_ONCE)
        # As SQLAlchemy does with those it makes itself: a process that ends does not wait for idle connections.
        connection._thread.daemon = True
        await connection
        return connection

    async def commit(self) -> None:
        """Commit the current transaction."""
        if self.brief == "writing":
            self.brief = None
        await super().commit()
        self.brief = None

    async def rollback(self) -> None:
        """Roll back the current transaction. Where there is none, as whenever a pool takes a connection back, there is
        nothing to wait for.
        """
        self.brief = None
        if self._abandoned or self.in_transaction:
            await super().rollback()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.brief and self._running and args[:1] != _MAY_WAIT:
            return fn(*args, **kwargs)
        try:
            done = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            # The thread may still be at it; whatever comes next has to queue up behind it.
            self.brief, self._abandoned = None, True
            raise
        self._abandoned = False
        return done


def opener(path: Path) -> Callable[[], Awaitable[SqliteConnection]]:
    """What SQLAlchemy calls for each connection of its pool."""
    return partial(SqliteConnection.open, path)
