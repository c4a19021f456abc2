"""A process opens no more connections to a server than it may, and says which setting helps where that is not right."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from activities.database.database import ACTIVITY_LOCK_TIMEOUT, CONNECTION_TIMEOUT, Database
from activities.database.reader import read_remembered
from activities.database.url import DatabaseUrl
from starter.doctor.check import CheckStatus
from starter.doctor.checks.record import database as look_at_database
from starter.doctor.context import DoctorContext
from worker.installation.settings import IsolatedSettings
from workflows import activity_calls
from workflows.domain.problem import Problem


async def test_a_process_that_may_open_two_works_through_twenty_transactions_at_once(tables_url: str) -> None:
    database = Database.open(tables_url, connections=2)
    seen: set[int] = set()

    async def one() -> None:
        async with database.begin() as connection:
            seen.add(await connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        async with database.reader() as reader:
            [row] = await reader.rows("SELECT pg_backend_pid() AS pid")
            seen.add(row["pid"])

    await asyncio.gather(*(one() for _ in range(20)))
    assert len(seen) <= 2
    await database.close()


async def test_who_waits_too_long_for_a_connection_of_the_process_is_told_the_setting(
    tables_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.database.database.CONNECTION_TIMEOUT", timedelta(milliseconds=100))
    database = Database.open(tables_url, connections=2)
    async with database.read(), database.read():
        for asking in (database, database.with_lock_timeout(ACTIVITY_LOCK_TIMEOUT)):
            with pytest.raises(Problem) as refused:
                await asking.ready()
            assert str(refused.value) == (
                f"all connections of this process to the database {database.address.name} were in use for 0.1 s: "
                "raise BIHUAN_DATABASE_CONNECTIONS"
            )
    await database.ready()
    await database.close()


def test_an_activity_that_waits_for_a_connection_and_then_for_a_lock_says_so_before_its_own_time_out() -> None:
    assert CONNECTION_TIMEOUT + ACTIVITY_LOCK_TIMEOUT < activity_calls._ATTEMPT


async def test_a_server_that_takes_no_more_connections_is_said_so_with_the_way_out(
    tables_url: str, tmp_path: Path
) -> None:
    owner, name = await asyncpg.connect(tables_url), f"clerk_{uuid4().hex}"
    await owner.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 1")
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}")
    url = tables_url.replace("postgres@", f"{name}@")
    database = Database.open(url)
    said = (
        f"the database {DatabaseUrl.parse(url).name} takes no more connections "
        f'(too many connections for role "{name}"): '
        "lower BIHUAN_DATABASE_CONNECTIONS of the workers, or raise max_connections of the server"
    )
    async with database.read():
        for asked in (database.ready(), read_remembered(database.address)):
            with pytest.raises(Problem) as refused:
                await asked
            assert str(refused.value) == said
    await database.close()
    await owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    takes = await owner.fetchval(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    )
    await owner.close()
    settings = IsolatedSettings(data=tmp_path, database_url=tables_url, database_connections=1000)
    context = DoctorContext(settings)
    [_, line] = await look_at_database(context)
    await context.close()
    assert (line.status, line.what) == (
        CheckStatus.WARNING, f"1 worker(s) may open 1000 connections each, the server takes {takes} in all",
    )  # fmt: skip
    assert line.todo == (
        f"set BIHUAN_DATABASE_CONNECTIONS={takes - 1} for each worker, or raise max_connections of the server"
    )
