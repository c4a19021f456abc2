"""A mailbox that does not do what it should stops nothing: no mail is lost, none taken twice, and it is said (R42)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.mailbox import imap
from activities.mailbox.errors import MailboxError
from tests.activities.mailbox.imap_server import mailbox
from tests.activities.mailbox.killed_process import look
from tests.activities.mailbox.scripted_server import Hook, ScriptedServer, drop, hang, refuse
from tests.activities.mailbox.way_in import WayIn, mail, way_in

_COMMANDS = ("CAPABILITY", "ID", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH", "UID STORE")


@pytest.fixture
async def way(migrated_file: Path, tmp_path: Path) -> AsyncIterator[WayIn]:
    shutil.copy(migrated_file, tmp_path / "bihuan.db")
    database = Database.open(f"sqlite:///{tmp_path}/bihuan.db", synchronous="NORMAL")
    yield await way_in(database, tmp_path)
    await database.close()


def two_mails() -> ScriptedServer:
    return ScriptedServer(mails={3: mail("一"), 4: mail("二", message_id="<2@x.cn>")})


async def error_of(way: WayIn) -> str:
    state = await way.intake.inbox.state("service")
    assert state is not None
    return state.error or ""


def once(hook: Hook, *, on: int = 1) -> Hook:
    """At the `on`-th time that the command comes, and never again."""
    times = 0

    def at(server: ScriptedServer) -> str | None:
        nonlocal times
        times += 1
        return hook(server) if times == on else None

    return at


@pytest.mark.parametrize(
    ("command", "turn"),
    [*((command, 1) for command in _COMMANDS), *(("UID FETCH", turn) for turn in (2, 3, 4)), ("UID STORE", 2)],
)
async def test_a_connection_that_ends_at_a_command_costs_nothing_but_another_look(
    way: WayIn, command: str, turn: int
) -> None:
    with two_mails() as server:
        server.hooks[command] = once(drop, on=turn)
        with pytest.raises(ApplicationError):
            await look(way, server.port, "INBOX")
        assert "127.0.0.1" in await error_of(way) and "refused" not in await error_of(way)
        await look(way, server.port, "INBOX")

        assert (await way.cases(), await way.count(), server.seen) == (2, 2, {3, 4})
        assert await error_of(way) == ""


@pytest.mark.parametrize("command", _COMMANDS)
async def test_a_server_that_never_answers_is_given_up(
    way: WayIn, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_mails() as server:
        server.hooks[command] = once(hang)
        with monkeypatch.context() as patched:
            patched.setattr(imap, "TIMEOUT", 0.3)
            with pytest.raises(ApplicationError):
                await look(way, server.port, "INBOX")
        assert "127.0.0.1" in await error_of(way)
        await look(way, server.port, "INBOX")

        assert (await way.cases(), await way.count(), server.seen) == (2, 2, {3, 4})


async def test_a_full_mailbox_in_which_nothing_can_be_marked_is_read_to_its_end(way: WayIn) -> None:
    with two_mails() as server:
        server.hooks["UID STORE"] = refuse("NO [OVERQUOTA] mailbox is full")
        for _ in range(2):
            with pytest.raises(ApplicationError, match="mailbox is full"):
                await look(way, server.port, "INBOX")
        assert (await way.cases(), await way.count()) == (2, 2)
        assert "cannot mark a mail" in await error_of(way)
        assert server.said.count("UID FETCH") == 4, "what is taken in is not fetched again"

        del server.hooks["UID STORE"]
        await look(way, server.port, "INBOX")
        assert (await way.cases(), server.seen, await error_of(way)) == (2, {3, 4}, "")


@pytest.mark.parametrize(("command", "turn"), [("UID FETCH", 1), ("UID FETCH", 2), ("UID STORE", 1)])
async def test_a_mail_that_is_moved_away_at_any_moment_stops_no_other(way: WayIn, command: str, turn: int) -> None:
    def move(server: ScriptedServer) -> None:
        server.mails.pop(3, None)

    with two_mails() as server:
        server.hooks[command] = once(move, on=turn)
        await look(way, server.port, "INBOX")
        await look(way, server.port, "INBOX")

        assert await way.cases() == (1 if command == "UID FETCH" else 2)
        assert await error_of(way) == ""


async def test_where_mails_are_numbered_anew_what_a_person_read_meanwhile_comes_in_and_nothing_twice(
    way: WayIn,
) -> None:
    nameless = mail("没有标识", message_id="<>")  # taken in by its place, which is another one now
    with two_mails() as server:
        server.mails[5] = nameless
        await look(way, server.port, "INBOX")
        assert await way.cases() == 3
        server.validity = 8
        server.mails = {1: server.mails[3], 2: server.mails[4], 6: nameless, 9: mail("新", message_id="<9@x.cn>")}
        server.seen = {1, 2, 6, 9}
        await look(way, server.port, "INBOX")

        assert (await way.cases(), await way.count()) == (4, 4)


async def test_a_server_that_wants_to_know_who_reads_is_told_at_every_connection(way: WayIn) -> None:
    """NetEase (163, 126): `SELECT Unsafe Login` otherwise."""
    with two_mails() as server:
        server.wants_id = True
        await look(way, server.port, "INBOX")
        await look(way, server.port, "INBOX")

        assert await way.cases() == 2
        assert server.said.count("ID") == 2


async def test_a_server_that_calls_the_login_unsafe_is_quoted(way: WayIn) -> None:
    with two_mails() as server:
        server.wants_id, server.capabilities = True, "IMAP4rev1"
        with pytest.raises(ApplicationError, match="Unsafe Login"):
            await look(way, server.port, "INBOX")


async def test_a_server_that_does_not_like_how_it_is_told_can_still_be_read(way: WayIn) -> None:
    with two_mails() as server:
        server.hooks["ID"] = refuse("BAD invalid arguments")
        await look(way, server.port, "INBOX")

        assert await way.cases() == 2


async def test_a_server_that_has_no_time_for_a_login_says_nothing_about_the_password(way: WayIn) -> None:
    with two_mails() as server:
        server.hooks["LOGIN"] = refuse("NO [UNAVAILABLE] come back later")
        with pytest.raises(ApplicationError, match=r"now: .*come back later"):
            await look(way, server.port, "INBOX")
        server.hooks["LOGIN"] = refuse("NO [AUTHENTICATIONFAILED] wrong")
        with pytest.raises(ApplicationError, match="correct user, password or token"):
            await look(way, server.port, "INBOX")


@pytest.mark.parametrize(
    ("idling", "told"),
    [
        ((b"", b"", b""), False),
        ((b"* 3 EXISTS\r\n", b"", b""), True),
        ((b"", b"* 3 EXISTS\r\n", b""), True),
        ((b"", b"* 3 FETCH (", b"FLAGS (\\Seen))\r\n"), True),
    ],
    ids=["nothing", "before the waiting begins", "with it", "in two pieces"],
)
def test_what_a_server_tells_while_it_is_listened_to_is_heard_whenever_and_however_it_comes(
    idling: tuple[bytes, bytes, bytes], told: bool
) -> None:
    with ScriptedServer(mails={3: mail("一")}, capabilities="IMAP4rev1 ID IDLE", idling=idling) as server:
        opened = imap.ImapMailbox(mailbox(server.port, "INBOX"))
        try:
            assert opened.wait(0.2) is told
            assert opened.wait(0.2) is told, "the connection goes on"
            opened.refresh()
        finally:
            opened.close()


def test_a_server_that_listens_to_nobody_after_all_is_named() -> None:
    with ScriptedServer(capabilities="IMAP4rev1 ID IDLE", hooks={"IDLE": refuse("NO not now")}) as server:
        opened = imap.ImapMailbox(mailbox(server.port, "INBOX"))
        with pytest.raises(MailboxError, match="not now"):
            opened.wait(0.2)
        opened.close()
