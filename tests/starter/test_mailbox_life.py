"""A whole installation reads a mailbox full of hostile mails, and a hundred ordinary ones (R42)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import pytest
from imapclient.exceptions import IMAPClientError

from activities.mailbox.inbox import identity_of
from tests.activities.mailbox.hostile_mailbox import hostile_mails
from tests.activities.mailbox.imap_server import PASSWORD, USER, client, new_folder, put, running_server
from tests.activities.mailbox.known import US
from tests.activities.mailbox.way_in import mail
from tests.starter.installation import Installation, running

_FOLDER = """
[mailboxes.service]
address = "{address}"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password = "{password}"
folder = "{folder}"
"""


def _rows(up: Installation, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(up.data / "bihuan.db")) as connection:
        return connection.execute(statement).fetchall()


def _mails(count: int) -> list[tuple[str, bytes]]:
    """The first so many, but of 10,000 parts two alone: the mail server of the tests needs 50 MB for each."""
    some = (one for turn, one in enumerate(hostile_mails(2 * count)) if one.what != "10,000 parts" or turn < 50)
    return [(one.what, one.raw) for one in islice(some, count)]


def _put_all(port: int, folder: str, mails: list[tuple[str, bytes]]) -> Counter[str]:
    """Answers which ones the mail server itself does not take."""
    refused = Counter[str]()
    server = client(port)
    for what, raw in mails:
        try:
            server.append(folder, raw)
        except (IMAPClientError, OSError) as error:
            refused[f"{what}: {str(error)[:60]}"] += 1
            with suppress(IMAPClientError, OSError):
                server.shutdown()
            server = client(port)
    server.logout()
    return refused


def _unread(port: int, folder: str) -> int:
    with client(port) as server:
        server.select_folder(folder, readonly=True)
        return len(server.search("UNSEEN"))


def _different(port: int, folder: str) -> int:
    """How many mails there are that are not the same one again."""
    with client(port) as server:
        validity = server.select_folder(folder, readonly=True)[b"UIDVALIDITY"]
        mails = ((uid, server.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]) for uid in server.search("ALL"))
        return len({identity_of(raw, "service", f"{validity}:{uid}") for uid, raw in mails})


async def _taken(up: Installation, port: int, folder: str) -> None:
    """Until the mailbox is read to its end, and every case of it is under way."""
    async with asyncio.timeout(1500):
        while await asyncio.to_thread(_unread, port, folder):  # noqa: ASYNC110 - another process is watched
            await asyncio.sleep(0.2)
        while _rows(up, "SELECT number FROM registration EXCEPT SELECT number FROM case_record"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.drill
@pytest.mark.timeout(3600)
async def test_five_hundred_hostile_mails_go_through_a_whole_installation_and_it_lives(tmp_path: Path) -> None:
    with running_server() as port:
        folder = new_folder(port)
        refused = await asyncio.to_thread(_put_all, port, folder, _mails(500))
        given = await asyncio.to_thread(_different, port, folder)
        toml = _FOLDER.format(address=US, port=port, user=USER, password=PASSWORD, folder=folder)
        (tmp_path / "bihuan.toml").write_text(toml, "utf-8")
        began = time.monotonic()
        async with running(tmp_path) as up:
            ready = time.monotonic()
            await _taken(up, port, folder)
            took = time.monotonic() - ready
            kinds = Counter(row[0] for row in _rows(up, "SELECT kind FROM incoming_mail"))
            assert kinds.total() == given
            aside = _rows(up, "SELECT id FROM incoming_mail WHERE state = 'aside'")
            stuck = (await up.run("stuck", "--json")).out
            found = Counter(item["reason"] for item in json.loads(stuck))
            doctor = await up.run("doctor")
            assert found["mail_aside"] == len(aside) > 100
            assert found["mailbox_failing"] == 0 == found["task_failing"]
            assert "mailboxes" in doctor.out + doctor.err and "Traceback" not in doctor.out + doctor.err

            put(
                port,
                folder,
                *(mail(f"第 {turn} 台", sender=f"d{turn}@x.cn", message_id=f"<h{turn}@x.cn>") for turn in range(100)),
            )
            began_hundred = time.monotonic()
            await _taken(up, port, folder)
            hundred = time.monotonic() - began_hundred
        print(f"\n{given} mails {dict(kinds)} in {took:.1f} s (ready after {ready - began:.1f} s); refused: {refused}")
        print(f"100 mails, each a case under way, in {hundred:.1f} s; stuck: {dict(found)}")
    with suppress(FileNotFoundError):
        assert not any("Traceback" in line for line in up.said)
