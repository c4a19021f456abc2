"""A mailbox over IMAP (RFC 9051): look, fetch, mark as read. Nothing in it is ever moved or deleted (R42).

`IMAPClient` waits for the network, so a mailbox is used from a thread. Whatever goes wrong is one of two errors here,
whose texts hold no secret.
"""

from __future__ import annotations

import imaplib
import re
import select
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, Final

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from activities.mailbox.errors import MailboxError, MailboxHeldError, MailboxLoginError
from activities.mailbox.mime.parsing import LARGEST_MAIL
from activities.mailbox.readers import leave_mark, readers_of, remove_marks, state_of
from activities.mailbox.settings import MailboxSettings
from workflows.domain.model import one_line

TIMEOUT: Final = 30.0
"""Seconds for each answer of the server."""
_HEAD: Final = 200_000
"""Bytes that are fetched of a mail which is too large to be taken in."""
_ID: Final = {"name": "bihuan", "version": "1"}
"""What NetEase (163, 126) wants to be told between login and the first look, or calls the login unsafe."""
_NOT_NOW: Final = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
"""Answers to a login that say nothing about user and password (RFC 5530)."""


class ImapMailbox:
    """A connection with one folder open. Close it with `close`.

    `held_by` is another installation that reads it, in words; `is_marked` whether this one could say that it does.
    """

    def __init__(self, settings: MailboxSettings, *, change: bool = True, reader: str | None = None) -> None:
        """Connect, log in, open the folder; without `change` nothing is marked. `reader` is this installation's id.

        Raises:
            MailboxHeldError: another installation reads it; not without `change`.
            MailboxLoginError: the login was refused.
            MailboxError: anything else.
            Problem: the file of the password cannot be read.
        """
        self._settings = settings
        secret = settings.secret()
        with _explained(settings, "connect to"):
            self._client = IMAPClient(
                settings.host,
                settings.at_port,
                ssl=settings.tls == "implicit",
                ssl_context=ssl.create_default_context() if settings.tls == "implicit" else None,
                timeout=TIMEOUT,
            )
        try:
            with _explained(settings, "log in to"):
                if settings.tls == "starttls":
                    self._client.starttls(ssl.create_default_context())
                self._login(secret)
            with _explained(settings, "open"):
                self._say_who()
                self.held_by: str | None = None
                self._mark: tuple[str, dict[Any, Any]] | None = None
                if reader is not None:
                    self._find_readers(reader, change=change)
                found: dict[bytes, Any] = self._client.select_folder(settings.folder, readonly=not change)
                self.validity = int(found[b"UIDVALIDITY"])
                """Changes where the server has numbered its mails anew."""
                self.next_uid = int(found.get(b"UIDNEXT") or 0)
        except BaseException:
            self.close()
            raise

    def _find_readers(self, reader: str, *, change: bool) -> None:
        """See whether this installation is the first; say that it reads where nobody does."""
        client, settings = self._client, self._settings
        readers = readers_of(client, settings)
        if not readers and change and leave_mark(client, settings, reader):
            readers = readers_of(client, settings)
        if not readers:
            return
        if readers[0].id == reader:
            self._mark = readers[0].folder, state_of(client, readers[0].folder)
            return
        self.held_by = readers[0].what
        if change:
            remove_marks(client, [one for one in readers if one.id == reader])
            raise MailboxHeldError(
                f"{_where(settings)} is read by another installation of bihuan already ({self.held_by}): let one alone "
                "read it; where that one is gone: bihuan mailbox claim"
            )

    @property
    def is_marked(self) -> bool:
        """Whether others can see that this installation reads."""
        return self._mark is not None

    def check_readers(self) -> None:
        """See that no other installation has begun to read.

        Raises:
            MailboxError: something has changed; connecting anew tells what.
        """
        if self._mark is not None:
            folder, state = self._mark
            with _explained(self._settings, "ask"):
                if state_of(self._client, folder) != state:
                    raise MailboxError(f"who reads {_where(self._settings)} has changed: looking again")

    @property
    def tells(self) -> bool:
        """Whether the server says by itself that something has come."""
        return bool(self._client.has_capability("IDLE"))

    def waiting(self, after: int | None, since: date | None = None) -> list[int]:
        """UIDs of mails to look at, the oldest first: those not marked as read, and those that came after this UID, or
        since this day, which a person may have read meanwhile.
        """
        with _explained(self._settings, "search"):
            found = {int(uid) for uid in self._client.search("UNSEEN")}
            if after is not None:
                # `n:*` always holds the last mail, also where it is older than n.
                found |= {int(uid) for uid in self._client.search(["UID", f"{after + 1}:*"]) if int(uid) > after}
            if since is not None:
                found |= {int(uid) for uid in self._client.search(["SINCE", since])}
        return sorted(found)

    def fetch(self, uid: int) -> bytes | None:
        """The mail as it came, without marking it; only the beginning of one that is too large, so that it is refused
        and named; None where it is gone, such as moved away meanwhile.
        """
        with _explained(self._settings, "fetch a mail from"):
            sizes = self._client.fetch([uid], ["RFC822.SIZE"])
            if uid not in sizes:
                return None
            if int(sizes[uid][b"RFC822.SIZE"]) > LARGEST_MAIL:
                part = self._client.fetch([uid], [f"BODY.PEEK[]<0.{_HEAD}>"])
                return None if uid not in part else _padded(_body(part[uid]))
            whole = self._client.fetch([uid], ["BODY.PEEK[]"])
            return _body(whole[uid]) if uid in whole else None

    def mark(self, uids: Sequence[int]) -> None:
        """Mark as read; what is gone meanwhile does not matter."""
        if uids:
            with _explained(self._settings, "mark a mail in"):
                self._client.add_flags(list(uids), [SEEN], silent=True)

    def wait(self, seconds: float) -> bool:
        """Wait until the server tells of something, for at most so long; whether it did."""
        with _explained(self._settings, "wait for"):
            told = self._begin_waiting()
            try:
                told = told or self._has_more() or self._is_readable(seconds)
            finally:
                self._client.idle_done()
        return told

    def _begin_waiting(self) -> bool:
        """Send IDLE; whether the server told of something before its word that the waiting has begun, which
        `IMAPClient.idle` takes for a fault.
        """
        protocol, told = self._client._imap, False
        self._client._idle_tag = tag = protocol._command("IDLE")
        while protocol._get_response() is not None:
            if refused := protocol.tagged_commands.get(tag):
                raise IMAPClientError(f"IDLE: {refused}")
            told = True
        return told

    def _has_more(self) -> bool:
        """Whether something came together with that word: it stands in the buffer by then."""
        connection = self._client.socket()
        before = connection.gettimeout()
        connection.settimeout(0)
        try:
            return bool(self._client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(before)

    def _is_readable(self, seconds: float) -> bool:
        """Whether anything comes in that time. What it is stays to be read: `IMAPClient.idle_check` would lose a line
        that comes in two pieces, and not understand its end.
        """
        poll = select.poll()
        poll.register(self._client.socket(), select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def refresh(self) -> None:
        """See that the connection still stands."""
        with _explained(self._settings, "ask"):
            self._client.noop()

    def close(self) -> None:
        """Say goodbye, whether or not the server still listens."""
        with suppress(Exception):
            self._client.logout()
        with suppress(Exception):
            self._client.shutdown()

    def _say_who(self) -> None:
        """Tell the server which program reads, where it wants to know; one that refuses that can still be read."""
        if self._client.has_capability("ID"):
            with suppress(IMAPClientError, imaplib.IMAP4.error):
                self._client.id_(_ID)

    def _login(self, secret: str) -> None:
        settings = self._settings
        try:
            if settings.by_token:
                self._client.sasl_login("XOAUTH2", _Bearer(settings.login, secret))
            else:
                self._client.login(settings.login, secret)
        except LoginError as error:
            said = one_line(_text(error).replace(secret, "…"), 200)
            if isinstance(error.__context__, imaplib.IMAP4.abort) or _NOT_NOW.search(said):
                raise MailboxError(f"cannot log in to {_where(settings)} now: {said}") from None
            raise MailboxLoginError(
                f"{_where(settings)} refused the login of {settings.login}: {said}; correct user, password or token"
            ) from None


class _Bearer:
    """Answers the server's challenges: the first by the token, the one that tells why it is refused by nothing."""

    def __init__(self, user: str, token: str) -> None:
        self._answers = [f"user={user}\1auth=Bearer {token}\1\1".encode()]

    def __call__(self, _: bytes) -> bytes:
        return self._answers.pop() if self._answers else b""


def claim_mailbox(settings: MailboxSettings, reader: str) -> list[str]:
    """Let this installation read a mailbox that others read, or did; answers who they were, in words.

    Raises:
        MailboxError, Problem: it cannot be opened.
    """
    mailbox = ImapMailbox(settings, change=False)
    try:
        with _explained(settings, "claim"):
            others = [one for one in readers_of(mailbox._client, settings) if one.id != reader]
            remove_marks(mailbox._client, others)
    finally:
        mailbox.close()
    ImapMailbox(settings, reader=reader).close()
    return [one.what for one in others]


@contextmanager
def _explained(settings: MailboxSettings, doing: str) -> Iterator[None]:
    try:
        yield
    except MailboxError:
        raise
    except (IMAPClientError, imaplib.IMAP4.error, OSError, KeyError, ValueError, AssertionError) as error:
        said = one_line(_text(error), 200) or type(error).__name__
        raise MailboxError(f"cannot {doing} {_where(settings)}: {said}") from error


def _where(settings: MailboxSettings) -> str:
    return f"mailbox {settings.address} at {settings.host}:{settings.at_port}"


def _text(error: BaseException) -> str:
    first = error.args[0] if error.args and len(error.args) == 1 else error
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _body(data: dict[bytes, Any]) -> bytes:
    found = next((value for key, value in data.items() if key.startswith(b"BODY[]")), b"")
    return found if isinstance(found, bytes) else b""


def _padded(part: bytes) -> bytes:
    """Long enough to be refused as too large; its head says whose it was."""
    return part + b"\n" * (LARGEST_MAIL + 1 - len(part))
