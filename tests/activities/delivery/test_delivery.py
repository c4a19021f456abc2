"""Messages on their way: each arrives once, or somebody learns that it did not; against a real SMTP server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.database.database import Database
from activities.delivery.activity import IN_HAND, DeliveryActivities
from activities.delivery.headers import plain_text
from activities.delivery.mail import Smtp
from activities.delivery.outbox import GONE, Outbox
from activities.delivery.transport import Envelope, Transports
from activities.messages.routing import route_to_customer
from activities.queries.cases import Cases, OutboxEntry
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.samples import NUMBER, register_case
from workflows.domain.event import Message
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact
from workflows.ports import Delivery

NOW = datetime(2024, 5, 6, 2, 0, tzinfo=UTC)
SHORT = timedelta(seconds=1.5)
SENDER = "闭环客服 <support@bihuan.example>"


async def put(database: Database, *names: str, **changes: Any) -> Delivery:
    """Rows to mail to `<name>@example.com`, written at NOW."""
    standard: dict[str, Any] = {
        "number": NUMBER, "sequence": 1, "event": "progressed", "message": "progressed", "audience": "customer",
        "recipient": "customer", "channel": "email", "name": "王芳", "locale": "zh_CN", "subject": "问题 FB1 的进展",
        "text": "已定位原因。\n", "html": "<p>已定位原因。</p>", "short": "进展", "status": "pending", "attempts": 0,
        "created_at": NOW,
    }  # fmt: skip
    rows = [standard | {"key": name, "address": f"{name}@example.com"} | changes for name in names]
    async with database.begin() as connection:
        await Outbox(database).add(connection, rows)
    return Delivery(number=NUMBER, keys=names)


async def entries(database: Database) -> dict[str, OutboxEntry]:
    return {entry.key: entry for entry in await Cases(database).outbox()}


@pytest.fixture
async def record(database: Database) -> Database:
    """A database in which the case of these messages is registered."""
    assert await register_case(database) == NUMBER
    return database


def delivering(database: Database, server: MailServer | None, user: str = "", **changes: Any) -> DeliveryActivities:
    transports: Transports = (
        {Contact.EMAIL: replace(Smtp.from_url(server.url(user), SENDER), now=lambda: NOW)} if server else {}
    )
    return replace(DeliveryActivities(database=database, transports=transports, now=lambda: NOW), **changes)


class Case:
    """Who is told of failures; `deaf` is how often that fails first."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf = deaf
        self.told: list[dict[str, str]] = []

    async def hear(self, **facts: str) -> None:
        if self.deaf:
            self.deaf -= 1
            raise ConnectionError
        self.told.append(facts)


async def test_a_customer_gets_a_readable_mail_that_no_robot_answers(record: Database) -> None:
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a"))
    mail = server.mails[0]
    assert server.recipients == ["a@example.com"]
    assert mail["Subject"] == f"[{NUMBER}] 问题 FB1 的进展"
    assert mail["From"].addresses[0].display_name == "闭环客服"
    assert mail["To"].addresses[0].display_name == "王芳"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and plain.get_content() == "已定位原因。\n"
    assert html is not None and html.get_content().strip() == "<p>已定位原因。</p>"
    entry = (await entries(record))["a"]
    assert (entry.status, entry.attempts, entry.sent_at, entry.error) == ("sent", 1, NOW, None)


async def test_what_was_sent_is_never_sent_again(record: Database) -> None:
    async with mail_server() as server:
        delivery = await put(record, "a", "b")
        await put(record, "kept", status="stored")
        for _ in range(2):
            await delivering(record, server).deliver(Delivery(number=NUMBER, keys=(*delivery.keys, "kept", "unknown")))
    assert sorted(server.recipients) == ["a@example.com", "b@example.com"]
    assert server.connections == 1
    assert (await entries(record))["kept"].status == "stored"


async def test_two_deliveries_at_once_send_one_mail(record: Database) -> None:
    async with mail_server(waits=True) as server:
        delivery = await put(record, "a")
        first = asyncio.create_task(delivering(record, server).deliver(delivery))
        await server.busy.wait()
        with pytest.raises(ApplicationError, match="another delivery has it in hand") as caught:
            await delivering(record, server).deliver(delivery)
        assert caught.value.type == IN_HAND
        server.go_on.set()
        await first
        await delivering(record, server).deliver(delivery)
    assert len(server.mails) == 1
    assert (await entries(record))["a"].attempts == 1


async def test_a_mail_whose_worker_was_killed_is_taken_over(record: Database) -> None:
    async with mail_server() as server:
        delivery = await put(record, "a")
        until = NOW + timedelta(seconds=40)
        assert await Outbox(record).claim("a", by="a worker that was killed", now=NOW, until=until, tried=True)
        with pytest.raises(ApplicationError, match="another delivery has it in hand"):
            await delivering(record, server).deliver(delivery)
        await delivering(record, server, now=lambda: NOW + timedelta(seconds=41)).deliver(delivery)
    assert len(server.mails) == 1
    assert (await entries(record))["a"].attempts == 2


async def test_a_worker_that_was_stopped_between_claim_and_hand_over_sends_nothing_a_second_time(
    record: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, loop = Outbox.claim, asyncio.get_running_loop()
    time = loop.time

    async with mail_server() as server:
        delivery = await put(record, "a")
        stopped = delivering(record, server)

        async def claim_and_stand_still(outbox: Outbox, key: str, **claimed: Any) -> bool:
            taken = await claim(outbox, key, **claimed)
            monkeypatch.setattr(Outbox, "claim", claim)
            await delivering(record, server, now=lambda: NOW + timedelta(minutes=1)).deliver(delivery)
            monkeypatch.setattr(loop, "time", lambda: time() + 60)
            return taken

        monkeypatch.setattr(Outbox, "claim", claim_and_stand_still)
        with suppress(ApplicationError):
            await stopped.deliver(delivery)
        monkeypatch.setattr(loop, "time", time)
    assert len(server.mails) == 1
    assert (await entries(record))["a"].status == "sent"


async def test_a_server_that_is_busy_is_tried_again_and_the_others_are_not_held_up(record: Database) -> None:
    async with mail_server(answers=["451 4.3.0 try again later"]) as server:
        delivery, case = await put(record, "a", "b"), Case()
        with pytest.raises(ApplicationError) as caught:
            await delivering(record, server, on_failed=case.hear).deliver(delivery)
        assert "1 of 2 notifications of FB202405060001 are not delivered yet: " in caught.value.message
        assert "451 4.3.0 try again later" in caught.value.message
        assert not caught.value.non_retryable
        waiting = (await entries(record))["a"]
        assert (waiting.status, waiting.attempts, waiting.sent_at) == ("pending", 1, None)
        assert "451" in (waiting.error or "")
        assert server.recipients == ["b@example.com"]
        await delivering(record, server, on_failed=case.hear).deliver(delivery)
    assert server.recipients == ["b@example.com", "a@example.com"]
    assert (await entries(record))["a"].attempts == 2
    assert case.told == []


async def test_the_case_learns_once_that_an_address_does_not_exist(record: Database) -> None:
    async with mail_server(refused={"a@example.com"}) as server:
        delivery, case = await put(record, "a", "b"), Case()
        for _ in range(2):
            await delivering(record, server, on_failed=case.hear).deliver(delivery)
    refused = (await entries(record))["a"]
    assert (refused.status, refused.attempts) == ("failed", 1)
    assert case.told == [
        {
            "number": NUMBER, "message": "progressed", "recipient": "customer", "channel": "email", "key": "a",
            "error": "the mail server refused it: 550 5.1.1 <the recipient>: user unknown",
        }
    ]  # fmt: skip
    assert server.recipients == ["b@example.com"]


async def test_a_message_refused_for_its_content_fails(record: Database) -> None:
    async with mail_server(answers=["554 5.7.1 looks like spam"]) as server:
        case = Case()
        await delivering(record, server, on_failed=case.hear).deliver(await put(record, "a"))
    assert [facts["key"] for facts in case.told] == ["a"]
    assert (await entries(record))["a"].status == "failed"


async def test_a_failure_the_case_could_not_hear_is_told_again_without_another_mail(record: Database) -> None:
    async with mail_server(refused={"a@example.com"}) as server:
        delivery, case = await put(record, "a"), Case(deaf=1)
        with pytest.raises(ApplicationError, match="could not be told"):
            await delivering(record, server, on_failed=case.hear).deliver(delivery)
        await delivering(record, server, on_failed=case.hear).deliver(delivery)
    assert [facts["key"] for facts in case.told] == ["a"]
    assert server.connections == 1


async def test_a_message_about_a_failure_that_fails_does_not_go_round_in_circles(record: Database) -> None:
    async with mail_server(refused={"a@example.com"}) as server:
        case = Case()
        delivery = await put(record, "a", message=Message.UNDELIVERABLE.value)
        await delivering(record, server, on_failed=case.hear).deliver(delivery)
    assert case.told == []
    assert (await entries(record))["a"].status == "failed"


async def test_a_second_copy_after_a_lost_answer_is_known_as_the_same_mail(record: Database) -> None:
    async with mail_server(answers=[None]) as server:
        delivery = await put(record, "a", "b")
        with pytest.raises(ApplicationError, match="closed the connection before its answer"):
            await delivering(record, server).deliver(delivery)
        assert (await entries(record))["b"].status == "sent"
        await delivering(record, server).deliver(delivery)
    first, _, second = [mail["Message-ID"] for mail in server.mails]
    assert first == second
    assert first.endswith("@bihuan.example>")
    assert len({mail["Message-ID"] for mail in server.mails}) == 2


async def test_a_server_that_is_down_is_asked_once_and_everything_waits(record: Database, unused_tcp_port: int) -> None:
    delivery = await put(record, "a", "b")
    down = MailServer(port=unused_tcp_port)
    with pytest.raises(ApplicationError, match=rf"2 of 2 .*127.0.0.1:{unused_tcp_port} cannot be used"):
        await delivering(record, down).deliver(delivery)
    waiting = await entries(record)
    assert [(entry.status, entry.attempts) for entry in waiting.values()] == [("pending", 1), ("pending", 0)]
    assert all(entry.error for entry in waiting.values())


@pytest.mark.parametrize("patient", [False, True])
async def test_a_server_that_never_answers_does_not_hold_a_delivery_for_ever(record: Database, patient: bool) -> None:
    async with mail_server(answers=["", ""]) as server:
        delivery = await put(record, "a", "b")
        mail = Smtp.from_url(server.url(), SENDER, timeout=30 if patient else 0.2)
        patience = timedelta(seconds=0.2 if patient else 30)
        with pytest.raises(ApplicationError, match=r"2 of 2 .*(does not answer|no answer within 0\.2 s)"):
            await delivering(record, server, transports={Contact.EMAIL: mail}, send_timeout=patience).deliver(delivery)
    assert [entry.status for entry in (await entries(record)).values()] == ["pending", "pending"]


async def test_a_wrong_password_is_the_operators_to_mend_and_loses_no_message(record: Database) -> None:
    async with mail_server() as server:
        delivery, case = await put(record, "a"), Case()
        with pytest.raises(ApplicationError) as caught:
            await delivering(record, server, "bihuan:s3cret@", on_failed=case.hear).deliver(delivery)
        assert "refused user name or password (535): correct the SMTP URL" in caught.value.message
        assert "s3cret" not in caught.value.message
        await delivering(record, server, "bihuan:right@", on_failed=case.hear).deliver(delivery)
    assert len(server.mails) == 1
    assert case.told == []


async def test_a_server_without_encryption_gets_no_mail_that_was_to_be_encrypted(record: Database) -> None:
    async with mail_server() as server:
        mail = Smtp.from_url(server.url().replace("smtp:", "smtp+starttls:"), SENDER)
        with pytest.raises(ApplicationError, match="cannot be used"):
            await delivering(record, server, transports={Contact.EMAIL: mail}).deliver(await put(record, "a"))
    assert server.mails == []


async def test_after_three_days_of_trying_the_case_learns_of_it(record: Database, unused_tcp_port: int) -> None:
    delivery, case = await put(record, "a", "b"), Case()
    down = MailServer(port=unused_tcp_port)
    almost, over = NOW + timedelta(days=3, seconds=-1), NOW + timedelta(days=3)
    with pytest.raises(ApplicationError):
        await delivering(record, down, on_failed=case.hear, now=lambda: almost).deliver(delivery)
    assert case.told == []
    await delivering(record, down, on_failed=case.hear, now=lambda: over).deliver(delivery)
    assert sorted(facts["key"] for facts in case.told) == ["a", "b"]
    assert case.told[0]["error"].startswith("given up after 3 days: the mail server 127.0.0.1:")
    assert {entry.status for entry in (await entries(record)).values()} == {"failed"}


async def test_mail_that_waits_while_mail_is_switched_off_is_not_lost(record: Database) -> None:
    delivery = await put(record, "a")
    with pytest.raises(ApplicationError, match="email is not configured on this worker"):
        await delivering(record, None).deliver(delivery)
    async with mail_server() as server:
        await delivering(record, server).deliver(delivery)
    assert len(server.mails) == 1


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
        assert all([await asyncio.wait_for(renewals.get(), 10) for _ in range(4)])
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
            await asyncio.wait_for(beats.get(), 10)
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
        worker = delivering(record, server, note_patience=timedelta(0))
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
                await environment.run(delivering(record, server, note_patience=timedelta(0)).deliver, delivery)
        assert (away.times, beats[-1]) == (0, [["a"]])
        last = ActivityEnvironment()
        last.info = replace(last.info, heartbeat_details=beats[-1])
        await last.run(delivering(record, server).deliver, delivery)
    assert len(server.mails) == 1


async def test_what_a_server_wrongly_refused_is_sent_again_as_the_same_message(record: Database) -> None:
    refused, case = {"a@example.com", "b@example.com"}, Case()
    async with mail_server(refused=refused) as server:
        delivery = await put(record, "a", "b", "c")
        await delivering(record, server, on_failed=case.hear).deliver(delivery)
        assert [entry.status for entry in (await entries(record)).values()] == ["failed", "failed", "sent"]
        server.refused.discard("a@example.com")
        assert await Outbox(record).resend(["a", "b", "c", "unknown"], now=NOW) == ["a", "b"]
        assert await Outbox(record).resend(["c"], now=NOW) == []
        await delivering(record, server, on_failed=case.hear).deliver(delivery)
    assert server.recipients == ["c@example.com", "a@example.com"]
    assert server.mails[1]["Message-ID"] == Smtp.from_url("smtp://localhost", SENDER).message_id("a")
    found = await entries(record)
    assert [(entry.status, entry.attempts) for entry in found.values()] == [("sent", 2), ("failed", 2), ("sent", 1)]
    # The case takes the second word on the same message for the first one.
    assert [facts["key"] for facts in case.told] == ["a", "b", "b"]


async def test_a_message_that_is_sent_again_has_its_three_days_anew(record: Database) -> None:
    week = timedelta(days=7)
    async with mail_server(refused={"a@example.com"}, answers=["451 4.3.0 later", "451 4.3.0 later"]) as server:
        delivery = await put(record, "a")
        await delivering(record, server).deliver(delivery)
        await Outbox(record).resend(["a"], now=NOW + week)
        server.refused.clear()
        for days, status in ((1, "pending"), (3, "failed")):
            late = delivering(record, server, now=lambda days=days: NOW + week + timedelta(days=days))
            with suppress(ApplicationError):
                await late.deliver(delivery)
            assert (await entries(record))["a"].status == status


async def test_of_a_masked_case_nothing_is_sent_again(record: Database) -> None:
    await put(record, "a", status="failed", text=GONE)
    assert await Outbox(record).resend(["a"], now=NOW) == []
    assert (await entries(record))["a"].status == "failed"


async def test_an_address_that_cannot_be_written_in_a_mail_fails_alone(record: Database) -> None:
    async with mail_server() as server:
        await put(record, "b")
        await put(record, "a", address="two\nlines@example.com")
        await delivering(record, server).deliver(Delivery(number=NUMBER, keys=("a", "b")))
    assert {key: entry.status for key, entry in (await entries(record)).items()} == {"a": "failed", "b": "sent"}


@pytest.mark.parametrize("address", ["林晓@example.com", "a@b@example.com", "a@-.example"])
async def test_an_address_that_no_server_serves_holds_up_nobody_behind_it(record: Database, address: str) -> None:
    async with mail_server() as server:
        case = Case()
        await put(record, "a", address=address)
        await put(record, "b", "c")
        await delivering(record, server, on_failed=case.hear).deliver(Delivery(number=NUMBER, keys=("a", "b", "c")))
    assert server.recipients == ["b@example.com", "c@example.com"]
    assert [facts["key"] for facts in case.told] == ["a"]
    assert case.told[0]["error"].startswith("the mail address cannot be used: ")


async def test_a_customer_with_an_international_domain_gets_mail_from_a_server_that_knows_only_ascii(
    record: Database,
) -> None:
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a", address="linxiao@例子.中国"))
    assert server.recipients == ["linxiao@xn--fsqu00a.xn--fiqs8s"]
    assert server.mails[0]["To"].addresses[0].addr_spec == "linxiao@xn--fsqu00a.xn--fiqs8s"


async def test_a_message_too_large_for_the_server_fails_alone(record: Database) -> None:
    async with mail_server(largest=9_000) as server:
        case = Case()
        await put(record, "large", text="长" * 20_000)
        await put(record, "b")
        await delivering(record, server, on_failed=case.hear).deliver(Delivery(number=NUMBER, keys=("large", "b")))
    assert server.recipients == ["b@example.com"]
    assert [(facts["key"], "552" in facts["error"]) for facts in case.told] == [("large", True)]


async def test_a_message_at_which_the_server_closes_does_not_keep_the_others_back_for_ever(record: Database) -> None:
    async with mail_server(answers=["421 4.3.2 closing"]) as server:
        delivery = await put(record, "a", "b")
        with pytest.raises(ApplicationError, match="2 of 2"):
            await delivering(record, server).deliver(delivery)
        server.answers = ["250 OK", "421 4.3.2 closing"]
        with pytest.raises(ApplicationError, match="1 of 2"):
            await delivering(record, server).deliver(delivery)
    assert server.recipients == ["b@example.com"]


_HEADERS = sorted(
    (
        "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Bihuan-Loop",
        "Content-Language", "MIME-Version", "Content-Type",
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?A=0D=0AReply-To:_evil@evil.org=0D=0AContent-Type:_text/html=0D=0A=0D=0A=3Ch1=3EPay=3C/h1=3E?=",
        "=?utf-8?q?A=0D=0AX-Evil:1?= 请问如何打印",
        "=?utf-8?b?QQ0KWC1FdmlsOiAx?= =?utf-8?q?b?=",
        "=?us-ascii?q?x?=",
        *(
            f"A{mark}X-Evil: 1"
            for mark in ("\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\0")
        ),
        "A\r\n\r\n<h1>Pay here</h1>",
        'a@b.example, "Boss" <boss@example.com>, (x) \\',
        "王芳" * 90,
        "half \ud83d an emoji",
    ],
    ids=ascii,
)
def test_no_text_of_a_customer_becomes_a_header_a_recipient_or_a_body(text: str) -> None:
    envelope = Envelope(
        key=f"FB1:{text}", number="FB1", message="created", recipient="customer", channel="email",
        address="wang@example.com", name=text, locale="zh_CN", subject=text, text="正文\n", html="<p>正文</p>",
        short="",
    )  # fmt: skip
    raw = Smtp.from_url("smtp://localhost", SENDER).message(envelope)
    mail = message_from_bytes(raw, policy=policy.default)
    assert sorted(mail.keys()) == _HEADERS
    assert [one.addr_spec for one in mail["To"].addresses] == ["wang@example.com"]
    assert mail["Subject"].split() == plain_text(text).split()
    plain = mail.get_body(("plain",))
    assert plain is not None and plain.get_content() == "正文\n"
    assert not mail.defects
    assert raw.isascii() and b"\n" not in raw.replace(b"\r\n", b"")


async def test_a_mail_that_cannot_be_written_is_given_up_at_once_and_the_reason_is_told(record: Database) -> None:
    async with mail_server() as server:
        case = Case()
        delivery = await put(record, "a", "b")
        broken = replace(Smtp.from_url(server.url(), SENDER), sender=Address("x", "support", "bihuan.example\xa0"))
        await delivering(record, server, transports={Contact.EMAIL: broken}, on_failed=case.hear).deliver(delivery)
    assert [facts["error"].partition(":")[0] for facts in case.told] == ["the mail cannot be written"] * 2


async def test_a_subject_of_several_lines_cannot_add_headers(record: Database) -> None:
    async with mail_server() as server:
        await delivering(record, server).deliver(await put(record, "a", subject="x\r\nBcc: all@example.com"))
    assert server.mails[0]["Subject"] == f"[{NUMBER}] x Bcc: all@example.com"
    assert server.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("url", "sender", "said"),
    [
        ("http://mail", "a@b.example", "the SMTP URL is not understood: use smtp://HOST:PORT"),
        ("smtp://", "a@b.example", "the SMTP URL is not understood"),
        ("smtp://u:secret@host:many", "a@b.example", "the SMTP URL is not understood"),
        ("smtp://u:secret#1@host", "a@b.example", "in user and password write # as %23, / as %2F, ? as %3F, [ as %5B"),
        ("smtp://u:12/secret@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://u:secret?1@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://u:secret[1@host", "a@b.example", "in user and password write # as %23"),
        ("smtp://host", "nobody", "'nobody' is no mail address"),
    ],
)
def test_wrong_mail_settings_get_one_line_without_the_password(url: str, sender: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        Smtp.from_url(url, sender)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_mail_settings_are_read_with_ports_and_encoded_passwords() -> None:
    smtp = Smtp.from_url("smtps://me%40example.com:p%2Fw@mail.example.com", "Support <support@example.com>")
    assert (smtp.host, smtp.port, smtp.user, smtp.password) == ("mail.example.com", 465, "me@example.com", "p/w")
    assert "p/w" not in repr(smtp)
    assert Smtp.from_url("smtp+starttls://host", "a@b.example").port == 587


def test_a_customer_without_any_contact_can_still_be_answered_in_the_portal() -> None:
    assert route_to_customer({"customer": {"name": "王芳", "other": "QQ 12345"}}, {}).channel == Contact.PORTAL
