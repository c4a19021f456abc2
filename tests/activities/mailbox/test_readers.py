"""Two installations on one mailbox: one reads, the other says why it does not, and no mail is a case twice (R42)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from imapclient import SEEN
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.mailbox.errors import MailboxError, MailboxHeldError
from activities.mailbox.imap import ImapMailbox, claim_mailbox
from activities.mailbox.readers import leave_mark
from tests.activities.mailbox.imap_server import client, mailbox, new_folder, put
from tests.activities.mailbox.killed_process import look
from tests.activities.mailbox.way_in import WayIn, mail, way_in


@pytest.fixture
async def two(migrated_file: Path, tmp_path: Path) -> AsyncIterator[tuple[WayIn, WayIn]]:
    """Two installations: each has a record of its own."""
    opened = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(migrated_file, tmp_path / name / "bihuan.db")
        opened.append(Database.open(f"sqlite:///{tmp_path}/{name}/bihuan.db", synchronous="NORMAL"))
    yield await way_in(opened[0], tmp_path / "one"), await way_in(opened[1], tmp_path / "two")
    for database in opened:
        await database.close()


def marks(port: int) -> list[str]:
    with client(port) as server:
        server.select_folder("bihuan", readonly=True)
        found = server.fetch(server.search("ALL"), ["BODY.PEEK[HEADER]", "FLAGS"])
        assert all(SEEN in data[b"FLAGS"] for data in found.values())
        return [data[b"BODY[HEADER]"].decode() for data in found.values()]


async def error_of(way: WayIn) -> str:
    state = await way.intake.inbox.state("service")
    return (state.error if state else None) or ""


async def test_the_second_installation_reads_nothing_and_says_who_does(two: tuple[WayIn, WayIn], imap: int) -> None:
    first, second = two
    folder = new_folder(imap, mail())
    await look(first, imap, folder)
    put(imap, folder, mail("第二封", message_id="<2@x.cn>"))
    with pytest.raises(ApplicationError, match="another installation of bihuan"):
        await look(second, imap, folder)
    assert "bihuan mailbox claim" in await error_of(second)
    assert (await first.intake.inbox.reader())[:8] in await error_of(second)
    await look(first, imap, folder)

    assert (await first.cases(), await second.cases()) == (2, 0)


async def test_who_claims_a_mailbox_reads_it_and_the_other_stops_at_its_next_look(
    two: tuple[WayIn, WayIn], imap: int
) -> None:
    first, second = two
    folder = new_folder(imap)
    await look(first, imap, folder)
    [one, other] = [await way.intake.inbox.reader() for way in two]
    box = mailbox(imap, folder)
    with closing(ImapMailbox(box, reader=one)) as reading:
        reading.check_readers()
        [was] = claim_mailbox(box, other)
        assert was.startswith(f"bihuan {one[:8]} reads this mailbox")
        with pytest.raises(MailboxError, match="has changed"):
            reading.check_readers()
    with pytest.raises(ApplicationError, match=f"bihuan {other[:8]} reads this mailbox"):
        await look(first, imap, folder)
    put(imap, folder, mail())
    await look(second, imap, folder)

    assert (await first.cases(), await second.cases()) == (0, 1)
    assert claim_mailbox(box, other) == []


async def test_of_two_that_begin_at_the_same_moment_the_first_message_counts(
    two: tuple[WayIn, WayIn], imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(imap, new_folder(imap))
    [one, other] = [await way.intake.inbox.reader() for way in two]
    begun: list[bool] = []

    def meanwhile(*given: object) -> bool:
        if not begun:
            begun.append(True)
            ImapMailbox(box, reader=other).close()
        return leave_mark(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("activities.mailbox.imap.leave_mark", meanwhile)
    with pytest.raises(MailboxHeldError):
        ImapMailbox(box, reader=one)
    assert sum(one in mark for mark in marks(imap)) == 0, "who was second leaves no message behind"
    ImapMailbox(box, reader=other).close()


async def test_another_folder_of_the_same_mailbox_is_free(two: tuple[WayIn, WayIn], imap: int) -> None:
    first, second = two
    await look(first, imap, new_folder(imap))
    await look(second, imap, new_folder(imap, mail()))

    assert await second.cases() == 1


async def test_a_look_of_a_person_leaves_no_message_and_tells_who_reads(two: tuple[WayIn, WayIn], imap: int) -> None:
    first, _ = two
    folder = new_folder(imap, mail())
    with closing(ImapMailbox(mailbox(imap, folder), change=False, reader="")) as looked:
        assert looked.held_by is None
    await look(first, imap, folder)
    with closing(ImapMailbox(mailbox(imap, folder), change=False, reader="")) as looked:
        assert looked.held_by is not None and "reads this mailbox" in looked.held_by
    reader = await first.intake.inbox.reader()
    with closing(ImapMailbox(mailbox(imap, folder), change=False, reader=reader)) as looked:
        assert looked.held_by is None
    assert sum(reader in mark for mark in marks(imap)) == 1
