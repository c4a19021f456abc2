"""A mailbox that nobody reads, and a mail that waits for a person, are seen where people look (R42)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from activities.archive.erasure import mask_case
from activities.database.database import Database
from activities.mailbox.inbox import Inbox
from activities.queries.cases import Cases
from activities.queries.monitoring.attention import MAILBOX, AttentionReason
from activities.queries.monitoring.mailbox_health import FailingMailbox, find_failing_mailboxes
from tests.activities.mailbox.way_in import NOW, mail, way_in

HOUR = timedelta(hours=1)


async def failing(record: Database, at: datetime) -> list[FailingMailbox]:
    async with record.read() as connection:
        return await find_failing_mailboxes(connection, at)


async def test_a_mailbox_is_named_that_cannot_be_read_or_that_nobody_reads(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.watch("service", NOW)
    assert await failing(database, NOW) == []
    assert [one.name for one in await failing(database, NOW + HOUR)] == ["service"]
    await inbox.failed("service", "refused the login", NOW + HOUR)
    await inbox.failed("service", "refused the login", NOW + 2 * HOUR)
    assert await failing(database, NOW + 2 * HOUR) == [FailingMailbox("service", NOW + HOUR, "refused the login")]
    await inbox.read_to("service", 7, 3, NOW + 3 * HOUR)
    assert await failing(database, NOW + 3 * HOUR) == []


async def test_a_mail_that_waits_for_a_person_is_something_to_look_at(database: Database, tmp_path: Path) -> None:
    way = await way_in(database, tmp_path)
    taken = await way.intake.take(b"\r\n", "service", "7:1")
    [found] = [
        one for one in await Cases(database).attention(datetime.now(UTC)) if one.reason is AttentionReason.MAIL_ASIDE
    ]

    assert (found.number, found.what) == ("service", MAILBOX)
    assert found.error is not None and found.error.startswith(f"{taken.id[:12]}: kept aside")


async def test_of_a_masked_case_no_mail_is_left(database: Database, tmp_path: Path) -> None:
    way = await way_in(database, tmp_path)
    taken = await way.intake.take(mail(), "service", "7:1")
    async with database.begin() as connection:
        gone = await mask_case(connection, str(taken.number), NOW)
    assert taken.sha256 in gone
    found = await way.intake.inbox.find(taken.id)
    assert found is not None and (found.sha256, found.sender, found.sends) == (None, "", None)
