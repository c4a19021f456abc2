"""A message whose channel fails goes on by the next one, never twice by one that cannot tell; else a person is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.activity import DeliveryActivities
from activities.delivery.outbox import Outbox
from activities.delivery.transport import (
    AddressKind,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
    UnreachableError,
)
from tests.activities.delivery.outgoing import NOW, Case, entries, put
from tests.activities.samples import register_case

MINUTE = timedelta(minutes=1)
ONWARD: dict[str, Any] = {"channel": "sms", "others": [["email", "a@example.com"]]}


@dataclass
class Way:
    """A channel that does what a test says, message after message; then it takes them."""

    faults: list[BaseException] = field(default_factory=list)
    takes: AddressKind = AddressKind.MOBILE
    knows_repeats: bool = False
    sent: list[Envelope] = field(default_factory=list)

    def carries(self, message: str) -> bool:
        return True

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Way]:
        yield self

    async def send(self, envelope: Envelope) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(envelope)


@pytest.fixture
async def record(database: Database) -> Database:
    await register_case(database)
    return database


def delivering(record: Database, case: Case | None = None, **ways: Way) -> DeliveryActivities:
    heard = case.hear if case else None
    return DeliveryActivities(database=record, transports=ways, on_failed=heard, now=lambda: NOW)


async def test_a_number_that_is_refused_gets_a_mail_at_once_and_nobody_is_asked_to_call(record: Database) -> None:
    sms, mail, case = Way([PermanentDeliveryError("it answers isv.MOBILE_NUMBER_ILLEGAL")]), Way(), Case()
    delivery = await put(record, "a", **ONWARD)
    await delivering(record, case, sms=sms, email=mail).deliver(delivery)
    assert [one.address for one in mail.sent] == ["a@example.com"]
    entry = (await entries(record))["a"]
    assert (entry.status, entry.channel, entry.error) == ("sent", "email", None)
    assert entry.as_json()["tried"] == [{"channel": "sms", "error": "it answers isv.MOBILE_NUMBER_ILLEGAL"}]
    assert case.told == []


async def test_the_last_channel_that_fails_is_told_to_the_case(record: Database) -> None:
    sms, mail, case = Way([PermanentDeliveryError("no")]), Way([PermanentDeliveryError("no mailbox")]), Case()
    delivery = await put(record, "a", **ONWARD)
    await delivering(record, case, sms=sms, email=mail).deliver(delivery)
    assert (await entries(record))["a"].status == "failed"
    assert [(one["channel"], one["error"]) for one in case.told] == [("email", "no mailbox")]


async def test_what_may_have_arrived_is_never_sent_again_by_the_same_channel(record: Database) -> None:
    sms, case = Way([UnknownOutcomeError("no answer within 10 s")]), Case()
    delivery = await put(record, "a", channel="sms")
    for _ in range(2):
        await delivering(record, case, sms=sms).deliver(delivery)
    assert sms.sent == []
    entry = (await entries(record))["a"]
    assert (entry.status, entry.error) == ("failed", "may have arrived: no answer within 10 s")
    assert [one["error"] for one in case.told] == [entry.error]
    sms, mail = Way([UnknownOutcomeError("no answer within 10 s")]), Way()
    await delivering(record, case, sms=sms, email=mail).deliver(await put(record, "b", **ONWARD))
    assert (len(sms.sent), len(mail.sent)) == (0, 1)


async def test_a_message_whose_worker_died_is_not_sent_again_where_nobody_knows_repeats(record: Database) -> None:
    sms, mail = Way(), Way(knows_repeats=True)
    delivery = await put(record, "a", channel="sms")
    mailed = await put(record, "m")
    for key in ("a", "m"):
        assert await Outbox(record).claim(key, by="a worker that was killed", now=NOW, until=NOW, tried=True)
    later = replace(delivering(record, sms=sms, email=mail), now=lambda: NOW + MINUTE)
    await later.deliver(delivery)
    await later.deliver(mailed)
    assert (len(sms.sent), len(mail.sent)) == (0, 1)
    assert "may have arrived: its delivery ended" in str((await entries(record))["a"].error)


async def test_a_fault_of_the_program_while_it_is_sent_counts_as_perhaps_sent(record: Database) -> None:
    sms, mail = Way([RuntimeError("x")]), Way([RuntimeError("x")], knows_repeats=True)
    await delivering(record, sms=sms).deliver(await put(record, "a", channel="sms"))
    assert (await entries(record))["a"].status == "failed"
    with pytest.raises(ApplicationError):
        await delivering(record, email=mail).deliver(await put(record, "m"))
    assert (await entries(record))["m"].status == "pending"


async def test_a_vendor_is_asked_again_when_it_said_so(record: Database) -> None:
    sms = Way([TemporaryDeliveryError("too fast", timedelta(seconds=42))])
    delivery = await put(record, "a", **ONWARD)
    with pytest.raises(ApplicationError) as caught:
        await delivering(record, sms=sms, email=Way()).deliver(delivery)
    assert caught.value.next_retry_delay == timedelta(seconds=42)
    await delivering(record, sms=sms, email=Way()).deliver(delivery)
    assert len(sms.sent) == 1


async def test_whom_a_vendor_refuses_for_the_day_gets_it_by_the_next_channel_now(record: Database) -> None:
    sms, mail = Way([TemporaryDeliveryError("fifty a day", timedelta(days=1))]), Way()
    await delivering(record, sms=sms, email=mail).deliver(await put(record, "a", **ONWARD))
    assert len(mail.sent) == 1


async def test_a_dead_channel_is_left_after_a_quarter_of_an_hour_and_holds_up_no_other(record: Database) -> None:
    dead, mail = Way([UnreachableError("cannot be reached") for _ in range(3)]), Way()
    delivery = await put(record, "a", "b", **ONWARD)
    mailed = await put(record, "m")

    acting = delivering(record, sms=dead, email=mail)
    with pytest.raises(ApplicationError, match="2 of 2"):
        await acting.deliver(delivery)
    assert len(dead.faults) == 2  # the second message did not wait for a dead channel
    await acting.deliver(mailed)
    assert [one.key for one in mail.sent] == ["m"]
    await replace(acting, now=lambda: NOW + 16 * MINUTE).deliver(delivery)
    assert sorted(one.key for one in mail.sent) == ["a", "b", "m"]


async def test_a_channel_that_is_no_longer_set_up_gives_way_to_the_next(record: Database) -> None:
    mail = Way()
    delivery = await put(record, "a", **ONWARD)
    with pytest.raises(ApplicationError, match="sms is not configured on this worker"):
        await delivering(record, email=mail).deliver(delivery)
    await replace(delivering(record, email=mail), now=lambda: NOW + 16 * MINUTE).deliver(delivery)
    assert len(mail.sent) == 1


@dataclass
class Hanging(Way):
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, envelope: Envelope) -> None:
        self.sent.append(envelope)
        self.begun.set()
        await asyncio.Event().wait()


async def test_what_was_on_its_way_when_the_claim_was_lost_is_nobodys_to_send_again(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any, **__: Any) -> bool:
        raise OperationalError("UPDATE", {}, Exception("disk is full"))

    sms = Hanging()
    delivery = await put(record, "a", channel="sms")
    acting = replace(delivering(record, sms=sms), lease=timedelta(seconds=0.5))
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "renew", gone)
        with pytest.raises(ApplicationError, match="could not be renewed while it was on its way"):
            await acting.deliver(delivery)
    assert (await entries(record))["a"].status == "sending"
    await replace(acting, now=lambda: NOW + MINUTE).deliver(delivery)
    entry = (await entries(record))["a"]
    assert (entry.status, len(sms.sent)) == ("failed", 1)
    assert str(entry.error).startswith("may have arrived:")


async def test_a_delivery_that_is_interrupted_while_it_sends_is_not_begun_anew(record: Database) -> None:
    sms = Hanging()
    delivery = await put(record, "a", channel="sms")
    acting = replace(delivering(record, sms=sms), send_timeout=timedelta(seconds=0.3))
    sending = asyncio.ensure_future(acting.deliver(delivery))
    await sms.begun.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError, ApplicationError):
        await sending
    await replace(delivering(record, sms=sms), now=lambda: NOW + MINUTE).deliver(delivery)
    entry = (await entries(record))["a"]
    assert (entry.status, len(sms.sent)) == ("failed", 1)
