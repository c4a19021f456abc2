"""A worker that takes no work looks well from outside: readiness has to see it, and liveness must not be misled."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import asyncpg
import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.database.database import Database
from tests.timeouts import TIMEOUT
from tests.worker.temporal.wire import Wire, wire
from tests.workflows.workers import worker_of
from worker.embedded.server import find_binary
from worker.monitoring.health import Health, HealthLimits, Phase
from worker.temporal.pollers import Pollers

_LIMITS = HealthLimits(
    every=timedelta(milliseconds=200), silence=timedelta(seconds=3), database=timedelta(milliseconds=500)
)
_POLL = "matching.longPollExpirationInterval"


@activity.defn
async def nothing() -> None: ...


@workflow.defn
class Nothing:
    @workflow.run
    async def run(self) -> None: ...


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A server that lets a poll wait for a second instead of a minute, so that a silent poller shows soon."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()),
        dev_server_log_level="error",
        dev_server_extra_args=["--dynamic-config-value", f'{_POLL}="1s"'],
    ) as environment:
        yield environment


@asynccontextmanager
async def watched(client: Client, queue: str, database: Database) -> AsyncIterator[Health]:
    health = Health(_LIMITS)
    health.enter(Phase.RUNNING)
    watching = asyncio.create_task(health.watch(Pollers(client, queue), database))
    try:
        yield health
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def until(health: Health, holds: Callable[[list[str]], bool]) -> list[str]:
    async with asyncio.timeout(TIMEOUT):
        while not holds(problems := health.readiness()):  # noqa: ASYNC110 - what changes is at the server
            await asyncio.sleep(0.05)
    return problems


def ready(problems: list[str]) -> bool:
    return not problems


@pytest.fixture
def queue() -> str:
    return uuid.uuid4().hex


async def _its_activity_poller_dies(client: Client, queue: str, database: Database) -> None:
    async with watched(client, queue, database) as health, worker_of(client, queue, [], [Nothing]):
        alone = ["activity poller: the server has not seen one of this process"]
        await until(health, lambda problems: problems == alone)
        async with Worker(client, task_queue=queue, activities=[nothing]):
            await until(health, ready)
        (problem,) = await until(health, bool)
        assert problem.startswith("activity poller: the server has not seen one of this process for ")
        assert health.liveness() == []


async def _somebody_elses_pollers(client: Client, queue: str, database: Database) -> None:
    async with (
        worker_of(client, queue, [nothing], [Nothing], identity="another"),
        watched(client, queue, database) as health,
    ):
        problems = await until(health, lambda problems: "not looked yet" not in problems)
        assert [problem.split()[0] for problem in problems] == ["workflow", "activity"]


async def _the_network_swallows_everything(address: str, queue: str, database: Database) -> None:
    async with wire(address) as to_server:
        client = await Client.connect(to_server.address)
        async with (
            watched(client, queue, database) as health,
            worker_of(client, queue, [nothing], [Nothing]),
        ):
            for break_off in (Wire.freeze, Wire.cut):
                await until(health, ready)
                break_off(to_server)
                await until(health, lambda problems: any(one.startswith("temporal: ") for one in problems))
                assert health.liveness() == []
                to_server.mend()
            await until(health, ready)


async def test_readiness_sees_each_way_to_take_no_work_and_liveness_blames_no_outage_on_the_process(
    impatient: WorkflowEnvironment, database: Database, queue: str
) -> None:
    client = impatient.client
    async with asyncio.TaskGroup() as together:
        together.create_task(_its_activity_poller_dies(client, f"{queue}-1", database))
        together.create_task(_somebody_elses_pollers(client, f"{queue}-2", database))
        together.create_task(
            _the_network_swallows_everything(client.service_client.config.target_host, f"{queue}-3", database)
        )


async def test_a_database_that_is_gone_or_takes_nothing_makes_a_worker_unready_until_it_is_mended(
    impatient: WorkflowEnvironment, queue: str, tables_url: str
) -> None:
    client = impatient.client
    given, _, name = tables_url.rpartition("/")
    user, _, host = given.rpartition("@")
    async with (
        wire(host) as to_database,
        worker_of(client, queue, [nothing], [Nothing]),
    ):
        database = Database.open(f"{user}@{to_database.address}/{name}")
        async with watched(client, queue, database) as health:
            await until(health, ready)
            to_database.freeze()
            await until(health, lambda problems: any(one.startswith("database: ") for one in problems))
            assert health.liveness() == []
            to_database.mend()
            await until(health, ready)
            await _set_read_only(tables_url, "on")
            # What a server is told so holds for connections that are made from now on.
            to_database.cut()
            to_database.mend()
            refused = "cannot be written: cannot execute INSERT in a read-only transaction"
            await until(health, lambda problems: any(one.endswith(refused) for one in problems))
            await _set_read_only(tables_url, "off")
            to_database.cut()
            to_database.mend()
            await until(health, ready)
        await database.close()


async def _set_read_only(url: str, value: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("SET default_transaction_read_only = off")
    await owner.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" SET default_transaction_read_only = {value}')
    await owner.close()


def test_a_worker_gets_no_work_before_it_runs_nor_once_it_drains() -> None:
    health = Health()
    assert health.readiness() == ["the worker is starting"]
    health.enter(Phase.DRAINING)
    assert health.readiness() == ["the worker is draining"]
    assert health.liveness() == []
    health.enter(Phase.ENDED)
    assert health.liveness() == ["the worker has ended"]


def test_a_drain_that_never_ends_is_for_the_supervisor_to_end() -> None:
    health = Health(HealthLimits(drain=timedelta(0)))
    health.enter(Phase.DRAINING)
    assert health.liveness() == ["has been draining for 0 s"]
