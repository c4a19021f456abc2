"""The database goes away while cases are worked on: what had to be done meanwhile is done when it is back."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from asyncio import Task
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.audit import Audit
from tests.faults.driver import form_of
from tests.faults.line import Line, line_to
from tests.faults.tenant import Tenant, Tenants, concurrently, tenants
from tests.postgresql import Postgresql, own_server
from tests.starter.installation import Answer
from workflows.domain.problem import Problem

pytestmark = [
    pytest.mark.xdist_group("database_outage"),
    pytest.mark.timeout(900),
    # The engine says so where a local activity ends at the moment it is given up.
    pytest.mark.filterwarnings("ignore:Cannot find activity to cancel"),
]

_SPEED = 600
"""A claim is due after 1.5 s, an answer after 6 s, and an escalation every 3 s from then on."""
_CUTS = 15

Outage = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Lived:
    """How a tenant came through an outage; what commands answered meanwhile."""

    audit: Audit
    opened: Answer
    stuck: Answer


@pytest.fixture(scope="module")
async def outages(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> AsyncIterator[dict[str, Task[Any]]]:
    """Run all outages at the same time, each on a tenant of its own."""
    with own_server() as postgresql:
        folder = tmp_path_factory.mktemp("outages")
        async with (
            line_to(postgresql.port) as line,
            tenants(folder, migrated_file) as opened,
            concurrently(
                postgresql=_postgresql(opened, postgresql, line),
                locked=_locked(opened),
                gone=_gone(opened),
                unmarked=_unmarked(opened),
            ) as scenarios,
        ):
            yield scenarios


async def test_a_database_server_that_dies_and_comes_back_costs_no_case_a_step(outages: dict[str, Task[Any]]) -> None:
    stopped, cut, silent = await outages["postgresql"]
    for lived in (stopped, silent):
        _all_is_well(lived)
    # Cut off for moments only: whether a deadline falls into one is chance.
    assert cut.audit.discrepancies == (), cut.audit.discrepancies
    assert cut.audit.ended == cut.audit.accepted
    for lived in (stopped, silent):
        assert (lived.opened.code, lived.opened.out) == (1, "")
        assert lived.opened.err.startswith("bihuan: the database 127.0.0.1:")
        assert lived.opened.err.count("\n") == 1, lived.opened.err
    assert stopped.stuck == Answer(1, "", stopped.stuck.err)
    assert "cannot be read: " in stopped.stuck.err


async def test_a_record_that_somebody_locks_for_long_costs_no_case_a_step(outages: dict[str, Task[Any]]) -> None:
    lived = await outages["locked"]
    _all_is_well(lived)
    assert (lived.opened.code, lived.opened.out) == (1, "")
    assert lived.opened.err.startswith("bihuan: the database ")
    assert " is locked by another process for 20 s: end the program that holds it " in lived.opened.err
    assert lived.opened.err.count("\n") == 1


async def test_a_submission_that_has_its_number_is_accepted_whatever_becomes_of_the_record_afterwards(
    outages: dict[str, Task[Any]],
) -> None:
    answer, opened = await outages["unmarked"]
    assert answer.value["created"] is True
    assert opened == answer.value["number"]


async def test_a_worker_without_its_record_says_so_in_a_line_and_the_next_one_makes_up_for_everything(
    outages: dict[str, Task[Any]],
) -> None:
    lived = await outages["gone"]
    _all_is_well(lived)
    assert lived.opened.code == 1
    assert lived.opened.err.endswith("bihuan.db cannot be opened: it is a folder\n")


def _all_is_well(lived: Lived) -> None:
    audit = lived.audit
    assert audit.discrepancies == (), audit.discrepancies
    assert audit.ended == audit.accepted
    assert 0 < audit.escalations_due == audit.escalations_came


async def _postgresql(opened: Tenants, server: Postgresql, line: Line) -> tuple[Lived, Lived, Lived]:
    @asynccontextmanager
    async def stopped() -> AsyncIterator[None]:
        await asyncio.to_thread(server.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(server.start)

    url = await _created(server)
    driver_url = url.replace("postgres@", "driver@")
    direct = await opened.open("postgresql", speed=_SPEED, database_url=url, driver_url=driver_url)
    url = (await _created(server)).replace(f":{server.port}/", f":{line.port}/")
    far = await opened.open("far", speed=_SPEED, database_url=url)
    cut, silent = await asyncio.gather(_cut(direct, server), _live_through(far, line.silent))
    return await _live_through(direct, stopped), cut, silent


async def _cut(tenant: Tenant, server: Postgresql) -> Lived:
    """End every connection of the worker, again and again, while a case is worked on."""
    driver = tenant.driver
    number = await driver.open(form_of("cut"))
    ended = asyncio.create_task(_to_the_end(tenant, number))
    connection = await import_module("asyncpg").connect(f"{server.url}/postgres")
    database = (tenant.settings.database_url or "").rpartition("/")[2]
    cuts = 0
    for _ in range(_CUTS):
        await asyncio.wait({ended}, timeout=0.3)
        cuts += await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND usename = 'postgres'",
            database,
        )
    await connection.close()
    await ended
    assert cuts > 0
    nothing = Answer(0, "", "")
    return Lived(await tenant.audit(), nothing, nothing)


async def _locked(opened: Tenants) -> Lived:
    tenant = await opened.open("locked", speed=_SPEED)

    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        with closing(_connected(tenant)) as holder:
            # In a thread: whoever writes at this moment does so in this loop, and has to come to its end.
            await asyncio.to_thread(holder.execute, "BEGIN EXCLUSIVE")
            yield

    return await _live_through(tenant, locked)


async def _unmarked(opened: Tenants) -> tuple[Answer, str]:
    """A record that takes the submission, and then nothing more until the command has answered."""
    tenant = await opened.open("unmarked", speed=1)
    form = json.dumps(form_of("unmarked", intake_key=None), ensure_ascii=False)
    with closing(_connected(tenant)) as connection:
        await asyncio.to_thread(
            connection.execute,
            "CREATE TRIGGER full BEFORE UPDATE OF started_at ON registration "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
        )
        answer = await tenant.run("open", "-", "--json", given=form)
        await asyncio.to_thread(connection.execute, "DROP TRIGGER full")
        ((number,),) = connection.execute("SELECT number FROM registration")
    await tenant.driver.until(number, lambda view: view["owner"])
    return answer, number


async def _gone(opened: Tenants) -> Lived:
    tenant = await opened.open("gone", speed=_SPEED)
    data = tenant.settings.data

    @asynccontextmanager
    async def gone() -> AsyncIterator[None]:
        await tenant.stop()
        await tenant.driver.installation.database.close()
        away = data / "away"
        away.mkdir()
        moved = [file.rename(away / file.name) for file in data.glob("bihuan.db*")]
        (data / "bihuan.db").mkdir()
        try:
            with pytest.raises(Problem, match=r"bihuan\.db cannot be opened: it is a folder$"):
                await tenant.start()
            yield
        finally:
            (data / "bihuan.db").rmdir()
            for file in moved:
                file.rename(data / file.name)
        await tenant.start()

    return await _live_through(tenant, gone, shown=False)


def _connected(tenant: Tenant) -> sqlite3.Connection:
    file = tenant.settings.data / "bihuan.db"
    return sqlite3.connect(file, isolation_level=None, timeout=60, check_same_thread=False)


async def _live_through(tenant: Tenant, outage: Outage, *, shown: bool = True) -> Lived:
    """One case waits for its customer, one is just claimed, one is touched by nobody; all of them end at last.

    Where no worker runs in the outage, no case can show that it is blocked.
    """
    driver = tenant.driver
    resting, moving, untouched = [await driver.open(form_of(name)) for name in ("resting", "moving", "untouched")]
    await driver.handle(resting)
    await driver.until(resting, lambda view: view["status"] == "awaiting_confirmation")
    owner = (await driver.until(moving, lambda view: view["owner"]))["owner"]
    await driver.until(untouched, lambda view: view["owner"])
    accepted = await tenant.registered()
    async with outage():
        await driver.send(resting, "confirm", "customer")
        await driver.send(moving, "claim", owner)
        form = json.dumps(form_of("meanwhile"), ensure_ascii=False)
        answers = asyncio.gather(tenant.run("open", "-", given=form), tenant.run("stuck"))
        if shown:
            await tenant.until_blocked(resting, moving, untouched)
        opened, stuck = await answers
    assert await tenant.registered() == accepted
    await driver.until(untouched, lambda view: view["escalation_level"] > 0)
    await driver.send(resting, "rate", "customer", score="satisfied")
    await asyncio.gather(
        _to_the_end(tenant, moving),
        _to_the_end(tenant, untouched),
        driver.until(resting, lambda view: view["closed_at"]),
    )
    return Lived(await tenant.audit(), opened, stuck)


async def _to_the_end(tenant: Tenant, number: str) -> None:
    await tenant.driver.handle(number)
    await tenant.driver.close(number)


async def _created(server: Postgresql) -> str:
    name = f"bihuan_{uuid4().hex}"
    connection = await import_module("asyncpg").connect(f"{server.url}/postgres")
    if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'driver'"):
        await connection.execute("CREATE ROLE driver SUPERUSER LOGIN")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server.url}/{name}"
