"""Messages on their way: each arrives once, or somebody learns that it did not; against a real SMTP server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.activity import IN_HAND
from activities.delivery.mail import Smtp
from activities.delivery.outbox import Outbox
from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.delivery.outgoing import NOW, SENDER, Case, delivering, entries, put
from tests.activities.samples import NUMBER
from workflows.domain.event import Message
from workflows.domain.vocabulary import Contact
from workflows.ports import Delivery


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
