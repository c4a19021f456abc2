"""SQLite without a thread for every call: quick, but nobody waits in the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from activities.database.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database.open(f"sqlite:///{path}", synchronous="NORMAL")
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE note (what TEXT)"))
    yield database
    await database.close()


@pytest.fixture
def other(path: Path, database: Database) -> Iterator[sqlite3.Connection]:
    """Another process's connection, in the middle of writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


async def _write(database: Database, what: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO note VALUES (:what)"), {"what": what})


async def _notes(database: Database) -> list[str]:
    async with database.read_brief() as connection:
        return list(await connection.scalars(text("SELECT what FROM note")))


async def test_deadlines_are_seen_to_while_a_step_waits_for_another_process(
    database: Database, other: sqlite3.Connection
) -> None:
    """Waiting in the event loop would end in `database is locked`: the other one is let go by this very loop."""
    writing = asyncio.create_task(_write(database, "ours"))
    assert await _notes(database) == []
    assert not writing.done()
    other.execute("COMMIT")
    await writing
    assert await _notes(database) == ["ours"]


async def test_a_step_that_is_given_up_while_it_waits_spoils_nothing(
    database: Database, other: sqlite3.Connection
) -> None:
    writing = asyncio.create_task(_write(database, "given up"))
    for _ in range(3):
        assert await _notes(database) == []
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    other.execute("COMMIT")
    await _write(database, "next")
    assert await _notes(database) == ["next"]


async def test_statements_of_a_brief_transaction_make_no_journeys_to_a_thread(database: Database) -> None:
    threads: set[int] = set()

    async def noted(connection: Any) -> None:
        driver = (await connection.get_raw_connection()).driver_connection
        await driver.create_function("whereabouts", 0, lambda: threads.add(threading.get_ident()))
        await connection.execute(text("SELECT whereabouts()"))

    async with database.begin() as connection:
        await noted(connection)
    async with database.read_brief() as connection:
        await noted(connection)
    assert threads == {threading.get_ident()}


async def test_long_reading_leaves_the_event_loop_to_others(database: Database) -> None:
    seen: list[int] = []
    async with database.read() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.create_function("whereabouts", 0, lambda: seen.append(threading.get_ident()))
        await connection.execute(text("SELECT whereabouts()"))
    assert seen
    assert threading.get_ident() not in seen
