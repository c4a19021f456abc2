"""A channel that takes messages and never ends with them holds up no other: tried against servers on real sockets."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.activity import DeliveryActivities
from activities.delivery.channel_limits import WAIT, ChannelLimits
from activities.delivery.transport import TemporaryDeliveryError
from tests.activities.channels.made import FEISHU, GATEWAY, channel
from tests.activities.channels.vendors.vendor_server import vendor_server
from tests.activities.delivery.outgoing import NOW, entries, put
from tests.activities.samples import register_case
from workflows.ports import Delivery

PLACES = 50
"""Activities that a worker carries out at a time."""


@pytest.fixture
async def record(database: Database) -> Database:
    await register_case(database)
    return database


async def test_a_hundred_messages_to_a_gateway_that_hangs_leave_a_worker_its_places_for_others(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing ends by itself: without a limit the fifty places would be taken for good.
    monkeypatch.setattr("activities.channels.http.ANSWER_TIMEOUT", 1e6)
    await put(record, *(f"dead-{index}" for index in range(100)), channel="sms", address="+8613800138000")
    await put(record, *(f"good-{index}" for index in range(5)), channel="chat", address="ou_1")
    async with vendor_server(lambda _: None) as hanging, vendor_server(b'{"code": 0}') as good:
        ways = {"sms": channel(GATEWAY, endpoint=hanging.url), "chat": channel(FEISHU, endpoint=good.url)}
        limits = ChannelLimits(4, patience=0.05)
        acting = DeliveryActivities(database=record, transports=ways, now=lambda: NOW, limits=limits)
        acting.send_timeout = WAIT * 10_000
        places = asyncio.Semaphore(PLACES)

        async def deliver(key: str) -> None:
            async with places:
                with suppress(ApplicationError):
                    await acting.deliver(Delivery(number="FB202405060001", keys=(key,)))

        dead = [asyncio.create_task(deliver(f"dead-{index}")) for index in range(100)]
        async with asyncio.timeout(300):
            await asyncio.gather(*(deliver(f"good-{index}") for index in range(5)))
        for task in dead:
            task.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
        assert len(good.received) == 5
        assert len(hanging.received) < PLACES
    assert [(await entries(record))[f"good-{index}"].status for index in range(5)] == ["sent"] * 5


async def test_whoever_finds_no_place_is_put_off_for_as_long_as_none_ends() -> None:
    limits, held = ChannelLimits(1, patience=0.01), asyncio.Event()

    async def hold() -> None:
        async with limits.hold("sms"):
            await held.wait()

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    with pytest.raises(TemporaryDeliveryError) as refused:
        async with limits.hold("sms"):
            raise AssertionError
    assert refused.value.wait == WAIT
    assert "none comes to an end" in str(limits.fault("sms"))
    async with limits.hold("email"):
        assert limits.fault("email") is None
    held.set()
    await holding
    assert limits.fault("sms") is None
    async with limits.hold("sms"):
        pass
