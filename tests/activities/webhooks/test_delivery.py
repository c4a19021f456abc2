"""Events on their way: a dead system holds up nobody, one that is gone is left alone, and no case hears of it (R47)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.activity import DeliveryActivities
from activities.delivery.channel_limits import ChannelLimits
from activities.delivery.outbox import Outbox
from activities.queries.cases import Cases
from activities.queries.monitoring.metrics import STANDING, TOTALS, read_figures
from activities.webhooks.build import build_webhook_transports
from activities.webhooks.switch import Switch
from tests.activities.channels.vendors.vendor_server import Received, ok, vendor_server
from tests.activities.delivery.outgoing import NOW, Case, entries, put
from tests.activities.delivery.test_channels import Way
from tests.activities.samples import register_case
from tests.activities.webhooks.told import settings, webhook
from tests.timeouts import TIMEOUT
from workflows.ports import Delivery

GONE = ok(b"", "410 Gone")


@pytest.fixture
async def registered(database: Database) -> Database:
    await register_case(database)
    return database


async def events(database: Database, system: str, *names: str, **changes: Any) -> Delivery:
    row = {"channel": "webhook", "message": "webhook", "audience": "system", "recipient": system, "event": "replied"}
    return await put(database, *names, **row, **changes)


def delivering(database: Database, case: Case | None = None, mail: Way | None = None, **urls: str) -> Any:
    told = {name: settings(url) for name, url in urls.items()}
    ways = {**({"email": mail} if mail else {}), **build_webhook_transports(told, database)}
    heard = case.hear if case else None
    return DeliveryActivities(database=database, transports=ways, on_failed=heard, now=lambda: NOW)


async def test_a_dead_system_holds_up_neither_people_nor_another_system(registered: Database) -> None:
    mail, case = Way(), Case()
    await events(registered, "dead", "d1", "d2")
    await events(registered, "shop", "s1")
    await put(registered, "m1")
    async with vendor_server(b"") as shop:
        acting = delivering(registered, case, mail, dead="http://127.0.0.1:9", shop=shop.url)
        with pytest.raises(ApplicationError, match=r"2 of 4 .* webhook|127.0.0.1:9 cannot be reached"):
            await acting.deliver(Delivery(keys=("d1", "d2", "s1", "m1")))
    assert [one.key for one in mail.sent] == ["m1"]
    found = await entries(registered)
    assert {key: (one.status, one.attempts) for key, one in found.items()} == {
        "d1": ("pending", 1), "d2": ("pending", 0), "s1": ("sent", 1), "m1": ("sent", 1),
    }  # fmt: skip
    assert case.told == []


async def test_a_system_that_hangs_delays_no_other(registered: Database) -> None:
    await events(registered, "dead", "d1")
    await events(registered, "shop", "s1")
    heard = asyncio.Event()

    def hear(_: Received) -> bytes:
        heard.set()
        return ok(b"")

    async with vendor_server(lambda _: None) as dead, vendor_server(hear) as shop:
        acting = delivering(registered, dead=dead.url, shop=shop.url)
        going = asyncio.create_task(acting.deliver(Delivery(keys=("d1", "s1"))))
        await asyncio.wait_for(heard.wait(), TIMEOUT)
        assert (await entries(registered))["d1"].status == "sending"
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)


async def test_an_event_whose_worker_was_killed_before_it_noted_it_comes_again_with_the_same_id(
    registered: Database,
) -> None:
    delivery = await events(registered, "shop", "s1")
    outbox, long_ago = Outbox(registered), NOW - timedelta(hours=1)
    async with vendor_server(b"") as shop:
        # As a worker leaves it that is killed after the system has answered.
        assert await outbox.claim("s1", by="killed", now=long_ago, until=long_ago, tried=True)
        async with webhook(shop.url).connect() as connection:
            await connection.send((await outbox.states(["s1"]))["s1"].envelope)
        await delivering(registered, shop=shop.url).deliver(delivery)
    assert [(one.headers["webhook-id"], one.body) for one in shop.received] == [("s1", shop.received[0].body)] * 2
    assert (await entries(registered))["s1"].status == "sent"


async def test_a_system_that_says_when_is_asked_then(registered: Database) -> None:
    delivery = await events(registered, "shop", "s1")
    async with vendor_server(lambda _: ok(b"", "429 Slow", Retry_After="77")) as shop:
        with pytest.raises(ApplicationError) as caught:
            await delivering(registered, shop=shop.url).deliver(delivery)
    assert caught.value.next_retry_delay == timedelta(seconds=77)


async def test_a_system_that_is_gone_is_told_nothing_more_until_it_is_turned_on(registered: Database) -> None:
    case = Case()
    await events(registered, "shop", "s1", "s2")
    async with vendor_server(lambda _: GONE) as shop:
        acting = delivering(registered, case, shop=shop.url)
        await acting.deliver(Delivery(keys=("s1",)))
        await acting.deliver(Delivery(keys=("s2",)))
        assert len(shop.received) == 1
        found = await entries(registered)
        assert [found[key].status for key in ("s1", "s2")] == ["failed"] * 2
        assert "bihuan webhook test shop turns it on again" in str(found["s2"].error)
        # The case is not told, or its record of that would be the next event.
        assert case.told == []
        assert await Switch(registered, "shop", "http://127.0.0.1:1").off_since() is None
        await Switch(registered, "shop", shop.url).turn(on=True)
        shop.answers = lambda _: ok(b"")
        again = await Outbox(registered).resend(["s1", "s2"], now=NOW)
        await acting.deliver(Delivery(keys=tuple(again)))
    assert [one.status for one in (await entries(registered)).values()] == ["sent"] * 2


async def test_events_that_have_waited_for_a_system_do_not_fall_upon_it_all_at_once(registered: Database) -> None:
    delivery = await events(registered, "shop", *(f"s{index}" for index in range(4)))
    async with vendor_server(b"") as shop:
        ways = build_webhook_transports({"shop": settings(shop.url, rate=["1/1h"])}, registered)
        acting, waits = DeliveryActivities(database=registered, transports=ways, now=lambda: NOW), []
        for key in delivery.keys[1:]:
            with suppress(ApplicationError):
                await acting.deliver(Delivery(keys=(delivery.keys[0],)))
            with pytest.raises(ApplicationError) as caught:
                await acting.deliver(Delivery(keys=(key,)))
            waits.append(caught.value.next_retry_delay)
        assert len(shop.received) == 1
    assert [round(wait / timedelta(hours=1)) for wait in waits if wait] == [1, 2, 3]
    # Nor do those that found no place, however many they are.
    assert ChannelLimits().wait("webhook:shop") is None


async def test_a_system_without_news_is_one_line_of_stuck_however_many_events_wait(registered: Database) -> None:
    await events(registered, "shop", "f1", status="failed", attempts=3, error="webhook shop: it answers status 500")
    await events(registered, "shop", "w1", "w2", "w3", attempts=1)
    await events(registered, "crm", "c1", status="sent")
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    assert [one.error for one in await Cases(registered).attention(soon) if one.what == "webhook"] == [
        "events: 1 failed; webhook shop: it answers status 500"
    ]
    found = [one for one in await Cases(registered).attention(later) if one.reason != "not_started"]
    assert [(one.number, one.reason, one.since, one.error) for one in found] == [
        ("shop", "webhook_failing", NOW, "events: 3 wait, 1 failed; webhook shop: it answers status 500")
    ]
    async with registered.read() as connection:
        read = await read_figures(connection, later, (*STANDING, *TOTALS))
    figures = {one.name: dict(one.values) for one in read}
    assert figures["bihuan_webhook_events_waiting"] == {("",): 0.0, ("shop",): 3.0}
    assert figures["bihuan_oldest_webhook_event_age_seconds"] == {(): 3600.0}
    told = {key: count for key, count in figures["bihuan_webhook_events"].items() if count}
    assert told == {("shop", "failed"): 1.0, ("crm", "sent"): 1.0}
    assert figures["bihuan_notifications_undelivered"] == {("email",): 0.0}
