"""What was wrongly refused is sent again by one command, as the same message."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.mail import Smtp
from activities.delivery.outbox import GONE, Outbox
from tests.activities.delivery.mail_server import mail_server
from tests.activities.delivery.outgoing import NOW, SENDER, Case, delivering, entries, put


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
