"""What a customer's link is good for, and for how long; a stranger learns nothing from trying."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from activities.archive.erasure import mask_case
from activities.archive.ledger import Ledger
from activities.archive.store import StoredFile
from activities.database.database import Database
from activities.database.tables import case_record, link
from activities.key_ring import Key, KeyRing
from activities.links.store import CustomerLink, IssuedLink, find_link, note_use, remember_links
from activities.links.token import derive_token
from tests.activities.samples import NUMBER, register_case
from tests.builders import MONDAY, open_case
from workflows.domain.vocabulary import LinkPurpose

KEY = Key("2026-11", bytes(range(32)))
MONTH = timedelta(days=30)
TOKEN = derive_token(KEY, NUMBER, 0, LinkPurpose.CONFIRM, "wangfang@example.com")
ISSUED = IssuedLink(TOKEN, NUMBER, 0, LinkPurpose.CONFIRM, KEY.fingerprint, MONDAY)
FOUND = CustomerLink(NUMBER, 0, LinkPurpose.CONFIRM, MONDAY + MONTH)


async def write_case(database: Database, reopened: int = 0) -> None:
    """The row of the case, as its recording writes it."""
    view = open_case()[0].view().model_dump(mode="json") | {"reopened": reopened}
    row = {
        "number": NUMBER, "sequence": 1, "status": "dispatched", "priority": "P3", "type": "technical",
        "escalation_level": 0, "acknowledged": False, "breached": False, "opened_at": MONDAY, "updated_at": MONDAY,
        "view": view,
    }  # fmt: skip
    async with database.begin() as connection:
        await connection.execute(case_record.insert(), row)


async def remember(database: Database, *issued: IssuedLink, valid: timedelta = MONTH) -> None:
    async with database.begin() as connection:
        await remember_links(connection, issued, valid)


@pytest.fixture
async def record(database: Database) -> Database:
    """A case whose customer has a link."""
    assert await register_case(database) == NUMBER
    await write_case(database)
    await remember(database, ISSUED)
    return database


@pytest.mark.parametrize("written", [TOKEN, TOKEN.upper(), f"{TOKEN}。", f"{TOKEN}）"])
async def test_a_link_opens_its_case_for_its_purpose_until_it_expires(record: Database, written: str) -> None:
    assert await find_link(record, written, MONDAY) == FOUND
    assert await find_link(record, written, MONDAY + MONTH - timedelta(seconds=1)) == FOUND
    assert await find_link(record, written, MONDAY + MONTH) is None


@pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN[1:], f"a{TOKEN}", "a" * 32, "。", "x" * 100_000, "\0"])
async def test_a_forged_or_cut_link_opens_nothing(record: Database, token: str) -> None:
    assert await find_link(record, token, MONDAY) is None


async def test_a_link_of_before_the_case_was_reopened_opens_nothing(record: Database) -> None:
    view = open_case()[0].view().model_dump(mode="json") | {"reopened": 1}
    async with record.begin() as connection:
        await connection.execute(update(case_record).values(view=view))
    assert await find_link(record, TOKEN, MONDAY) is None
    again = derive_token(KEY, NUMBER, 1, LinkPurpose.CONFIRM, "wangfang@example.com")
    await remember(record, replace(ISSUED, token=again, cycle=1))
    assert await find_link(record, again, MONDAY) == replace(FOUND, cycle=1)
    assert await find_link(record, TOKEN, MONDAY) is None


async def test_a_link_of_an_archived_case_opens_nothing(record: Database) -> None:
    async with record.begin() as connection:
        await Ledger.archived(connection, NUMBER, StoredFile("2024/05/a.zip", "ab", 1), MONDAY)
    assert await find_link(record, TOKEN, MONDAY) is None


async def test_nothing_is_left_of_the_links_of_a_masked_case(record: Database) -> None:
    async with record.begin() as connection:
        await mask_case(connection, NUMBER, MONDAY)
    async with record.read() as connection:
        assert (await connection.execute(select(link))).all() == []
    assert await find_link(record, TOKEN, MONDAY) is None


async def test_a_key_that_others_may_have_is_taken_out_and_its_links_are_void(record: Database) -> None:
    new = Key("2026-12", bytes(32))
    assert await find_link(record, TOKEN, MONDAY, keys=KeyRing((new, KEY))) == FOUND
    assert await find_link(record, TOKEN, MONDAY, keys=KeyRing((new,))) is None
    assert await find_link(record, TOKEN, MONDAY, keys=KeyRing((Key(KEY.id, bytes(32)),))) is None


async def test_a_second_message_with_the_same_link_makes_it_last_longer_never_shorter(record: Database) -> None:
    later = MONDAY + timedelta(days=5)
    await remember(record, replace(ISSUED, at=later))
    assert await find_link(record, TOKEN, MONDAY) == replace(FOUND, expires_at=later + MONTH)
    await remember(record, ISSUED, replace(ISSUED, at=MONDAY), valid=timedelta(days=1))
    assert await find_link(record, TOKEN, MONDAY) == replace(FOUND, expires_at=later + MONTH)


async def test_a_token_is_nowhere_in_the_record_and_looking_changes_nothing(record: Database) -> None:
    async def rows() -> list[tuple[object, ...]]:
        async with record.read() as connection:
            return [tuple(row) for row in await connection.execute(select(link))]

    before = await rows()
    assert TOKEN not in repr(before)
    for _ in range(10):
        await find_link(record, TOKEN, MONDAY)
    assert await rows() == before
    async with record.begin() as connection:
        await note_use(connection, TOKEN.upper(), MONDAY + timedelta(hours=1))
    async with record.read() as connection:
        assert await connection.scalar(select(link.c.used_at)) == MONDAY + timedelta(hours=1)


async def test_a_known_and_an_unknown_link_are_looked_for_by_the_same_statements(record: Database) -> None:
    async def asked(token: str, now: datetime) -> list[str]:
        said: list[str] = []

        def note(*arguments: object) -> None:
            said.append(str(arguments[2]))

        event.listen(record.engine.sync_engine, "before_cursor_execute", note)
        await find_link(record, token, now)
        event.remove(record.engine.sync_engine, "before_cursor_execute", note)
        return said

    known = await asked(TOKEN, MONDAY)
    assert known
    assert known == await asked("a" * 32, MONDAY) == await asked(TOKEN, MONDAY + 2 * MONTH) == await asked("", MONDAY)
