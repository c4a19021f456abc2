"""Mails come in from a real IMAP server; what that does to us stops nothing (R42)."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.database.database import Database
from activities.files.reception import Reception
from activities.mailbox.activity import MailboxActivities
from activities.mailbox.errors import MailboxError, MailboxLoginError
from activities.mailbox.imap import ImapMailbox
from activities.mailbox.mail_files import keep_mail
from tests.activities.mailbox.imap_server import PASSWORD, USER, client, mailbox, new_folder, put
from tests.activities.mailbox.known import A
from tests.activities.mailbox.way_in import WayIn, answer, mail, way_in
from tests.timeouts import TIMEOUT
from workflows.ports import MailboxWatch, MailboxWatched

WATCH = MailboxWatch(name="service")


@pytest.fixture
async def way(migrated_file: Path, tmp_path: Path) -> AsyncIterator[WayIn]:
    """On SQLite alone: what a mail server does is the same for every database."""
    shutil.copy(migrated_file, tmp_path / "bihuan.db")
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db", synchronous="NORMAL")
    yield await way_in(database, tmp_path)
    await database.close()


async def looked(way: WayIn, settings: Any) -> MailboxWatched:
    """One look at the mailbox, as by the activity."""
    activities = MailboxActivities({"service": settings}, way.intake, span=timedelta(0))
    watched: MailboxWatched = await ActivityEnvironment().run(activities.watch_mailbox, WATCH)
    return watched


def unread(port: int, folder: str) -> int:
    with client(port) as server:
        server.select_folder(folder, readonly=True)
        return len(server.search("UNSEEN"))


async def test_what_lies_in_a_mailbox_is_taken_in_once_and_marked_as_read(way: WayIn, imap: int) -> None:
    folder = new_folder(imap, mail(), answer())
    settings = mailbox(imap, folder)

    assert (await looked(way, settings)).taken == 2
    assert unread(imap, folder) == 0
    assert (await looked(way, settings)).taken == 0
    assert (await way.cases(), [(number, name) for number, name, _ in way.sent]) == (1, [(A, "customer_wrote")])
    state = (await way.intake.inbox.states())["service"]
    assert (state.error, state.last_uid is not None) == (None, True)


async def test_a_mail_that_somebody_has_read_in_their_own_program_is_taken_in_all_the_same(
    way: WayIn, imap: int
) -> None:
    folder = new_folder(imap)
    await looked(way, mailbox(imap, folder))
    with client(imap) as server:
        server.append(folder, mail(), flags=[b"\\Seen"])

    assert (await looked(way, mailbox(imap, folder))).taken == 1
    assert await way.cases() == 1


async def test_mails_of_years_ago_do_not_become_issues_on_the_first_day(way: WayIn, imap: int) -> None:
    folder = new_folder(imap)
    with client(imap) as server:
        server.append(folder, mail(), flags=[b"\\Seen"])

    assert (await looked(way, mailbox(imap, folder))).taken == 0


async def test_where_the_server_numbers_its_mails_anew_none_is_taken_twice(way: WayIn, imap: int) -> None:
    folder = new_folder(imap, mail())
    await looked(way, mailbox(imap, folder))
    await way.intake.inbox.read_to("service", 1, 999, way.now)
    with client(imap) as server:
        server.select_folder(folder)
        server.remove_flags(server.search(), [b"\\Seen"])
    put(imap, folder, mail("另一台也停了。"))

    assert (await looked(way, mailbox(imap, folder))).taken == 2
    assert await way.cases() == 2


async def test_a_mail_that_is_moved_away_while_it_is_looked_at_stops_no_other(
    way: WayIn, imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder(imap, mail(), mail("另一台也停了。"))
    genuine = ImapMailbox.waiting

    def with_one_gone(self: ImapMailbox, *given: Any) -> list[int]:
        return [*genuine(self, *given), 99_999]

    monkeypatch.setattr(ImapMailbox, "waiting", with_one_gone)
    await looked(way, mailbox(imap, folder))
    assert await way.cases() == 2


async def test_a_mail_that_cannot_be_written_stays_unread_and_those_behind_it_come_in(
    way: WayIn, imap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder(imap, mail("一"), mail("二", message_id="<2@x.cn>"))
    failed: list[bytes] = []

    async def full_once(reception: Reception, raw: bytes) -> str | None:
        if not failed:
            failed.append(raw)
            raise OSError(28, "No space left on device")
        return await keep_mail(reception, raw)

    monkeypatch.setattr("activities.mailbox.taking_in.keep_mail", full_once)
    with pytest.raises(ApplicationError, match="No space left"):
        await looked(way, mailbox(imap, folder))
    assert (await way.cases(), unread(imap, folder)) == (1, 1)
    await looked(way, mailbox(imap, folder))
    assert (await way.cases(), unread(imap, folder)) == (2, 0)


async def test_a_refused_password_is_said_where_a_person_looks_and_shown_nowhere(way: WayIn, imap: int) -> None:
    settings = mailbox(imap, new_folder(imap), password="wrong-secret")
    with pytest.raises(ApplicationError, match="refused the login of demouser") as refusal:
        await looked(way, settings)

    state = (await way.intake.inbox.states())["service"]
    assert state.error is not None and "correct user, password or token" in state.error
    assert state.failed_since is not None
    assert "wrong-secret" not in state.error + str(refusal.value) + repr(settings)


async def test_a_token_is_read_again_at_every_login(tmp_path: Path, imap: int) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    settings = mailbox(imap, "INBOX", password=None, oauth2_token_file=file)
    assert settings.secret() == "first"
    file.write_text("second\n")
    assert settings.secret() == "second"
    with pytest.raises(MailboxError):
        ImapMailbox(settings)


def test_a_folder_that_is_not_there_is_named(imap: int) -> None:
    with pytest.raises(MailboxError, match="cannot open mailbox"):
        ImapMailbox(mailbox(imap, "Nowhere"))


def test_a_look_changes_nothing(imap: int) -> None:
    folder = new_folder(imap, mail())
    opened = ImapMailbox(mailbox(imap, folder), change=False)
    with closing(opened):
        assert [opened.fetch(uid) is not None for uid in opened.waiting(None)] == [True]
    assert unread(imap, folder) == 1


async def test_a_new_mail_is_heard_of_at_once(way: WayIn, imap: int) -> None:
    folder = new_folder(imap)
    activities = MailboxActivities({"service": mailbox(imap, folder, poll=600)}, way.intake, span=timedelta(hours=1))
    environment = ActivityEnvironment()
    watching = asyncio.create_task(environment.run(activities.watch_mailbox, WATCH))
    await _until(lambda: _was_looked_at(way))

    async def heard() -> int:
        # One that comes after the look and before the server is listened to waits for the next one.
        await asyncio.to_thread(put, imap, folder, mail())
        return await way.cases()

    await _until(heard)
    environment.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def _was_looked_at(way: WayIn) -> bool:
    state = await way.intake.inbox.state("service")
    return state is not None and state.checked_at is not None


async def _until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not await holds():  # noqa: ASYNC110 - it is in another process's hands
            await asyncio.sleep(0.02)


class Cutting:
    """A way to the server that is cut after so many of its lines."""

    def __init__(self, port: int, lines: int) -> None:
        self._to, self._lines = port, lines
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def _serve(self) -> None:
        with (
            suppress(OSError),
            self._listening.accept()[0] as near,
            socket.create_connection(("127.0.0.1", self._to)) as far,
        ):
            pump = threading.Thread(target=self._pump, args=(near, far), daemon=True)
            pump.start()
            left = self._lines
            with suppress(OSError):
                while (said := far.recv(65536)) and left > 0:
                    left -= said.count(b"\r\n")
                    near.sendall(said)
            for end in (near, far):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            pump.join()

    @staticmethod
    def _pump(near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while said := near.recv(65536):
                far.sendall(said)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._serving.join(10)
        self._listening.close()


@pytest.mark.drill  # test_misbehaving.py: at each command of a scripted server
async def test_a_connection_that_drops_at_any_command_loses_no_mail_and_takes_none_twice(way: WayIn, imap: int) -> None:
    folder = new_folder(imap, mail("一"), mail("二", message_id="<2@x.cn>"))
    cut = 0
    for lines in range(1, 60):
        with closing(Cutting(imap, lines)) as way_there:
            with suppress(ApplicationError):
                await looked(way, mailbox(way_there.port, folder))
                break
            cut += 1
    assert cut > 5
    await looked(way, mailbox(imap, folder))
    assert (await way.cases(), await way.count(), unread(imap, folder)) == (2, 2, 0)


def test_a_server_that_is_away_is_an_error_of_one_line() -> None:
    with pytest.raises(MailboxError, match="cannot connect to mailbox"):
        ImapMailbox(mailbox(1, "INBOX"))


def test_a_wrong_login_is_told_apart(imap: int) -> None:
    with pytest.raises(MailboxLoginError):
        ImapMailbox(mailbox(imap, "INBOX", user="nobody", password=PASSWORD))
    assert USER
