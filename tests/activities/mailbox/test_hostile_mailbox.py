"""A mailbox full of hostile mails is taken in to its end, and each gets an answer where a person looks (R42)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import incoming_mail
from activities.mailbox.inbox import MailState
from tests.activities.mailbox.hostile_mailbox import hostile_mails
from tests.activities.mailbox.killed_process import look
from tests.activities.mailbox.scripted_server import ScriptedServer
from tests.activities.mailbox.way_in import way_in


async def test_fifty_hostile_mails_each_get_a_clear_answer_and_a_second_look_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    way, mails = await way_in(database, tmp_path), dict(enumerate(hostile_mails(50), 1))
    with ScriptedServer(mails={uid: one.raw for uid, one in mails.items()}) as server:
        await look(way, server.port, "INBOX")
        server.seen.clear()
        await look(way, server.port, "INBOX")

    async with database.read() as connection:
        rows = (await connection.execute(select(incoming_mail))).all()
    found = {int(row.place.split(":")[1]): row for row in rows}
    assert sorted(found) == sorted(mails)
    for uid, one in mails.items():
        row = found[uid]
        assert row.kind in one.kinds, (uid, one.what, row)
        assert "\n" not in row.note
        if row.state == MailState.ASIDE:
            assert row.note, (uid, one.what)
        else:
            assert (row.kind == "new") == (row.number is not None), (uid, one.what)
    opened = [row.number for row in rows if row.kind == "new" and row.number]
    assert len(set(opened)) == len(opened) == await way.cases() == len(way.started)
    for number in opened:
        assert (await way.form(number))["description"]["symptom"]  # type: ignore[index,call-overload]
    assert Counter(row.kind for row in rows)["refuse"] >= 8
    assert way.sent == []
