"""A worker that is stopped, slow or cut off while it sends: the customer still gets one mail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.database.database import Database
from activities.delivery.outbox import Outbox
from activities.delivery.sent_memory import SentMemory
from tests.activities.delivery.mail_server import mail_server
from tests.activities.delivery.outgoing import SHORT, delivering, entries, put
from tests.timeouts import TIMEOUT


async def test_a_worker_that_is_stopped_while_sending_gives_the_mail_back(record: Database) -> None:
    async with mail_server(waits=True) as server:
        delivery = await put(record, "a")
        stopped = asyncio.create_task(delivering(record, server).deliver(delivery))
        await server.busy.wait()
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
        assert (await entries(record))["a"].status == "pending"
        server.waits = False
        await delivering(record, server).deliver(delivery)
    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    assert (await entries(record))["a"].status == "sent"


async def test_a_mail_that_takes_long_stays_with_the_worker_that_sends_it(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewals, renew = asyncio.Queue[bool](), Outbox.renew

    async def counted(outbox: Outbox, key: str, **facts: Any) -> bool:
        renewals.put_nowait(kept := await renew(outbox, key, **facts))
        return kept

    def wall() -> datetime:
        return datetime.now(UTC)

    monkeypatch.setattr(Outbox, "renew", counted)
    async with mail_server(waits=True) as server:
        delivery = await put(record, "a", created_at=wall())
        first = asyncio.create_task(delivering(record, server, now=wall, lease=SHORT).deliver(delivery))
        await server.busy.wait()
        # More than the claim would have lasted.
        assert all([await asyncio.wait_for(renewals.get(), TIMEOUT) for _ in range(4)])
        with pytest.raises(ApplicationError, match="another delivery has it in hand"):
            await delivering(record, server, now=wall).deliver(delivery)
        server.go_on.set()
        await first
    assert len(server.mails) == 1
    assert (await entries(record))["a"].attempts == 1


async def test_a_mail_is_not_sent_on_once_another_worker_may_have_it(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any, **__: Any) -> bool:
        raise OperationalError("UPDATE", {}, Exception("disk is full"))

    async with mail_server(waits=True) as server:
        delivery = await put(record, "a")
        with monkeypatch.context() as patch:
            patch.setattr(Outbox, "renew", gone)
            with pytest.raises(ApplicationError, match="its claim could not be renewed while it was on its way"):
                await delivering(record, server, lease=SHORT).deliver(delivery)
        assert server.mails == []
    assert (await entries(record))["a"].status == "pending"


async def test_the_server_hears_of_a_mail_that_takes_long_so_that_a_killed_worker_is_missed_soon(
    record: Database,
) -> None:
    environment, beats = ActivityEnvironment(), asyncio.Queue[None]()
    environment.on_heartbeat = lambda *_: beats.put_nowait(None)
    async with mail_server(waits=True) as server:
        delivery = await put(record, "a")
        sending = asyncio.ensure_future(environment.run(delivering(record, server, lease=SHORT).deliver, delivery))
        for _ in range(4):
            await asyncio.wait_for(beats.get(), TIMEOUT)
        server.go_on.set()
        await sending
    assert (await entries(record))["a"].status == "sent"


@pytest.mark.parametrize("reason", ["timed_out", "not_found"])
async def test_a_mail_on_its_way_is_not_called_back_because_the_server_was_away(record: Database, reason: str) -> None:
    environment = ActivityEnvironment()
    async with mail_server(waits=True) as server:
        delivery = await put(record, "a")
        sending = asyncio.ensure_future(environment.run(delivering(record, server).deliver, delivery))
        await server.busy.wait()
        environment.cancel(ActivityCancellationDetails(**{reason: True}))
        with pytest.raises(ApplicationError, match="another delivery has it in hand"):
            await delivering(record, server).deliver(delivery)
        server.go_on.set()
        await sending
    assert len(server.mails) == 1
    assert ((await entries(record))["a"].status, (await entries(record))["a"].attempts) == ("sent", 1)


class AwayAfterSending:
    """A database that is away for the first so many attempts to note what was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.times = times
        self._sent = Outbox.sent
        monkeypatch.setattr(Outbox, "sent", lambda outbox, key, *, at, lacking: self._note(outbox, key, at))

    async def _note(self, outbox: Outbox, key: str, at: datetime) -> None:
        self.times -= 1
        if self.times >= 0:
            raise OperationalError("UPDATE", {}, Exception("disk is full"))
        await self._sent(outbox, key, at=at)


async def test_a_customer_gets_one_mail_though_the_database_was_away_for_a_moment_after_it_was_sent(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    AwayAfterSending(monkeypatch, times=1)
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a"))
    assert len(server.mails) == 1
    assert (await entries(record))["a"].status == "sent"


@pytest.mark.parametrize("same_worker", [True, False])
async def test_a_customer_gets_one_mail_though_the_next_attempt_is_another_workers(
    record: Database, monkeypatch: pytest.MonkeyPatch, same_worker: bool
) -> None:
    away, beats = AwayAfterSending(monkeypatch, times=1), list[Any]()
    first, second = ActivityEnvironment(), ActivityEnvironment()
    first.on_heartbeat = lambda *details: beats.append(details)
    async with mail_server() as server:
        delivery = await put(record, "a")
        worker = delivering(record, server, unnoted=SentMemory(timedelta(0)))
        with pytest.raises(OperationalError):
            await first.run(worker.deliver, delivery)
        assert away.times == 0
        if not same_worker:
            worker = delivering(record, server)
            second.info = replace(second.info, heartbeat_details=list(beats[-1]))
        await second.run(worker.deliver, delivery)
    assert len(server.mails) == 1
    assert (await entries(record))["a"].status == "sent"


async def test_what_an_attempt_hands_on_is_not_lost_in_the_next_one_that_fails_too(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, beats = AwayAfterSending(monkeypatch, times=2), list[Any]()
    async with mail_server() as server:
        delivery = await put(record, "a")
        for _ in range(2):
            environment = ActivityEnvironment()
            environment.on_heartbeat = lambda *details: beats.append(list(details))
            environment.info = replace(environment.info, heartbeat_details=beats[-1] if beats else [])
            with pytest.raises(OperationalError):
                await environment.run(delivering(record, server, unnoted=SentMemory(timedelta(0))).deliver, delivery)
        assert (away.times, beats[-1]) == (0, [["a"]])
        last = ActivityEnvironment()
        last.info = replace(last.info, heartbeat_details=beats[-1])
        await last.run(delivering(record, server).deliver, delivery)
    assert len(server.mails) == 1
