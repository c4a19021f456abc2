"""A message's delivery starts once, outlives its case, and falls back to the case where the server takes none."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.workflows.workers import worker_of
from worker.embedded.server import find_binary
from worker.temporal.standalone_delivery import StandaloneDelivery, UndeliverableReport, stable_id
from workflows.ports import Delivery

NUMBER = "FB202605110001"


class Mailroom:
    """Takes deliveries; `closed` holds them up until it is set."""

    def __init__(self) -> None:
        self.delivered: asyncio.Queue[Delivery] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()

    @activity.defn
    async def deliver(self, delivery: Delivery) -> None:
        await self.open.wait()
        await self.delivered.put(delivery)


@workflow.defn(name="Case")
class OpenCase:
    """Stands for a case: keeps what it is signalled."""

    def __init__(self) -> None:
        self.command: dict[str, str | bool] | None = None

    @workflow.run
    async def run(self) -> dict[str, str | bool]:
        await workflow.wait_condition(lambda: self.command is not None)
        assert self.command is not None
        return self.command

    @workflow.signal
    def undeliverable(self, command: dict[str, str | bool]) -> None:
        self.command = command


@pytest.fixture
async def unsupporting() -> AsyncIterator[Client]:
    """A client of a server without standalone activities."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(find_binary().with_name("temporal-test-server")),
        data_converter=pydantic_data_converter,
    ) as skipping:
        yield skipping.client


@pytest.fixture
async def queue() -> str:
    return f"q{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def mailroom(local: WorkflowEnvironment, queue: str) -> AsyncIterator[Mailroom]:
    room = Mailroom()
    async with worker_of(local.client, queue, [room.deliver], [OpenCase]):
        yield room


async def test_each_message_is_delivered_without_the_case(
    local: WorkflowEnvironment, mailroom: Mailroom, queue: str
) -> None:
    keys = [f"{NUMBER}:created:open:customer-{uuid.uuid4().hex}", f"{NUMBER}:dispatched:open:agent-{uuid.uuid4().hex}"]
    assert await StandaloneDelivery(local.client, queue)(NUMBER, keys) == []
    delivered = [await mailroom.delivered.get() for _ in keys]
    assert sorted(key for delivery in delivered for key in delivery.keys) == sorted(keys)


async def test_a_message_handed_over_twice_is_in_delivery_once(
    local: WorkflowEnvironment, mailroom: Mailroom, queue: str
) -> None:
    start_deliveries = StandaloneDelivery(local.client, queue)
    key = f"{NUMBER}:created:open:{uuid.uuid4().hex}"
    mailroom.open.clear()
    assert await start_deliveries(NUMBER, [key]) == []
    assert await start_deliveries(NUMBER, [key]) == []
    mailroom.open.set()
    handle = local.client.get_activity_handle(stable_id("deliver", key))
    await handle.result()
    assert mailroom.delivered.qsize() == 1


async def test_a_message_whose_delivery_was_ended_by_hand_can_be_delivered_again(
    local: WorkflowEnvironment, mailroom: Mailroom, queue: str
) -> None:
    start_deliveries = StandaloneDelivery(local.client, queue)
    key = f"{NUMBER}:created:open:{uuid.uuid4().hex}"
    mailroom.open.clear()
    await start_deliveries(NUMBER, [key])
    await local.client.get_activity_handle(stable_id("deliver", key)).terminate(reason="by an operator")
    mailroom.open.set()
    assert await start_deliveries(NUMBER, [key]) == []
    await mailroom.delivered.get()


async def test_a_very_long_key_is_delivered_like_any_other(
    local: WorkflowEnvironment, mailroom: Mailroom, queue: str
) -> None:
    key = f"{NUMBER}:progressed:{'进展' * 600}:{uuid.uuid4().hex}"
    assert await StandaloneDelivery(local.client, queue)(NUMBER, [key]) == []
    assert (await mailroom.delivered.get()).keys == (key,)


async def test_the_case_delivers_itself_where_the_server_knows_no_standalone_activities(
    unsupporting: Client, caplog: pytest.LogCaptureFixture
) -> None:
    start_deliveries = StandaloneDelivery(unsupporting, "any")
    assert list(await start_deliveries(NUMBER, ["a", "b"])) == ["a", "b"]
    assert list(await start_deliveries(NUMBER, ["c"])) == ["c"]
    assert sum("no standalone activities" in record.message for record in caplog.records) == 1


async def test_the_case_delivers_itself_while_the_server_is_away() -> None:
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()), data_converter=pydantic_data_converter
    )
    client = environment.client
    await environment.shutdown()
    assert list(await StandaloneDelivery(client, "any")(NUMBER, ["a"])) == ["a"]


async def test_a_case_hears_of_a_message_that_will_never_arrive(
    local: WorkflowEnvironment, mailroom: Mailroom, queue: str
) -> None:
    number = f"FB{uuid.uuid4().hex[:12]}"
    at = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
    handle = await local.client.start_workflow("Case", id=number, task_queue=queue)
    report = UndeliverableReport(local.client, lambda: at)
    await report(number, key="k", message="result", recipient="customer", channel="email", error="550 no such user")
    assert await handle.result() == {
        "command_id": "undeliverable:k",
        "by": "system",
        "at": at.isoformat(),
        "message": "result",
        "recipient": "customer",
        "channel": "email",
        "error": "550 no such user",
        "key": "k",
        "refused": True,
    }


async def test_a_failed_message_of_a_closed_case_troubles_nobody(local: WorkflowEnvironment) -> None:
    report = UndeliverableReport(local.client, lambda: datetime(2026, 5, 11, tzinfo=UTC))
    await report("FB-nowhere", key="k", message="closed", recipient="customer", channel="email", error="550")
