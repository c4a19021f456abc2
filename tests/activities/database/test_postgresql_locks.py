"""A PostgreSQL server that holds something back, or falls silent, is said so in one line: nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from activities.database.database import _LOCK, ACTIVITY_LOCK_TIMEOUT, Database, lock_for_choice
from activities.database.migrations.head import HEAD
from activities.database.reader import read_remembered
from activities.database.url import DatabaseUrl
from activities.organisation.directory import Directory
from activities.queries.case_record import read_case_record
from tests.activities.samples import organisation as company
from tests.timeouts import TIMEOUT
from tests.worker.temporal.wire import Wire, wire
from workflows.domain.problem import Problem

_BRIEF = timedelta(milliseconds=100)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.database.database.LOCK_TIMEOUT", _BRIEF)
    monkeypatch.setattr("activities.database.reader.READING", _BRIEF)


@asynccontextmanager
async def held(url: str, statement: str) -> AsyncIterator[None]:
    """While somebody else has said that and does not go on."""
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute(statement)
        yield
    await other.close()


def locked(url: str) -> str:
    return (
        f"the database {DatabaseUrl.parse(url).name} is locked by another process for 0.1 s: end the program that "
        "holds it (psql, a viewer, a dump; pg_stat_activity names it), then try again"
    )


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("organisation", lambda database: Directory(database).load(company())),
        ("alembic_version", Database.ready),
        ("alembic_version", Database.migrate),
        ("pg_catalog.pg_class", Database.ready),
    ],
)
async def test_a_command_does_not_wait_without_end_for_a_table_that_somebody_locked(
    tables_url: str, table: str, command: Callable[[Database], Awaitable[None]]
) -> None:
    database = Database.open(tables_url)
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
    async with held(tables_url, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"):
        with pytest.raises(Problem) as refused:
            await command(database)
    assert str(refused.value) == locked(tables_url)
    await command(database)
    await database.close()


async def test_a_choice_that_somebody_holds_up_ends_in_a_line(tables_url: str) -> None:
    database = Database.open(tables_url)
    async with held(tables_url, f"SELECT pg_advisory_xact_lock({_LOCK})"):
        with pytest.raises(Problem) as refused:
            async with database.begin() as connection:
                await lock_for_choice(connection)
    assert str(refused.value) == locked(tables_url)
    await database.close()


async def test_an_upgrade_that_somebody_holds_up_ends_in_a_line_and_changes_nothing(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    async with held(postgresql_url, f"SELECT pg_advisory_xact_lock({_LOCK})"):
        with pytest.raises(Problem) as refused:
            await database.migrate()
    assert str(refused.value) == locked(postgresql_url)
    assert await database.revision() is None
    await database.close()


async def test_what_only_shows_something_says_so_as_well(tables_url: str) -> None:
    address = DatabaseUrl.parse(tables_url)
    async with held(tables_url, "LOCK TABLE installation, registration, case_record IN ACCESS EXCLUSIVE MODE"):
        for reading in (read_remembered(address), read_case_record(address, "FB202405010001")):
            with pytest.raises(Problem) as refused:
                await reading
            assert str(refused.value) == locked(tables_url)


async def test_an_activity_gives_up_a_lock_before_its_own_time_out_and_a_command_does_not(tables_url: str) -> None:
    database = Database.open(tables_url)
    activity = database.with_lock_timeout(ACTIVITY_LOCK_TIMEOUT)
    for opened, waits in ((database, "100ms"), (activity, "4s"), (database, "100ms"), (activity, "4s")):
        async with opened.read() as connection:
            assert await connection.scalar(text("SHOW lock_timeout")) == waits
            await connection.rollback()
        async with opened.begin() as connection:
            assert await connection.scalar(text("SHOW lock_timeout")) == waits
    await database.close()


async def test_an_activity_gets_the_drivers_error_and_is_tried_again(tables_url: str) -> None:
    database = Database.open(tables_url).with_lock_timeout(_BRIEF / 2)
    async with held(tables_url, "LOCK TABLE organisation IN ACCESS EXCLUSIVE MODE"):
        with pytest.raises(DBAPIError, match="lock timeout"):
            await Directory(database).current()
    assert await Directory(database).current() is None
    await database.close()


async def test_a_server_that_falls_silent_is_said_so_whether_it_was_reached_before_or_not(
    tables_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.database.postgresql_driver.CONNECTING", timedelta(seconds=1))
    monkeypatch.setattr("activities.database.postgresql_driver.ANSWER", timedelta(seconds=1))
    server, _, name = DatabaseUrl.parse(tables_url).name.partition("/")
    async with wire(server) as line, asyncio.timeout(TIMEOUT):
        database = Database.open(tables_url.replace(server, line.address))
        said = f"the database {line.address}/{name} cannot be used: it does not answer"
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
        line.freeze()
        for _ in range(2):
            with pytest.raises(Problem) as refused:
                await database.revision()
            assert str(refused.value) == said
        with pytest.raises(Problem, match="cannot be read: it does not answer"):
            await read_remembered(database.address)
        line.mend()
        assert await database.revision() == HEAD
        with pytest.raises(Problem) as refused:
            await _asks_when_frozen(database, line)
        assert str(refused.value) == said
        line.mend()
        await database.close()


async def _asks_when_frozen(database: Database, line: Wire) -> None:
    async with database.read() as connection:
        line.freeze()
        await connection.execute(text("SELECT 1"))
