"""A mailbox over IMAP (RFC 9051): look, fetch, mark as read. Nothing in it is ever moved or deleted (R42).

`IMAPClient` waits for the network, so a mailbox is used from a thread. Whatever goes wrong is one of two errors here,
whose texts hold no secret.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, Final

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from activities.mailbox.errors import MailboxError, MailboxLoginError
from activities.mailbox.mime.parsing import LARGEST_MAIL
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
    """A connection with one folder open. Close it with `close`."""

    def __init__(self, settings: MailboxSettings, *, change: bool = True) -> None:
        """Connect, log in, open the folder; without `change` nothing can be marked.

        Raises:
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
                found: dict[bytes, Any] = self._client.select_folder(settings.folder, readonly=not change)
                self.validity = int(found[b"UIDVALIDITY"])
                """Changes where the server has numbered its mails anew."""
                self.next_uid = int(found.get(b"UIDNEXT") or 0)
        except BaseException:
            self.close()
            raise

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
        """Until the server tells of something, for at most so long; whether it did."""
        with _explained(self._settings, "wait for"):
            self._client.idle()
            try:
                told = self._client.idle_check(timeout=seconds)
            finally:
                self._client.idle_done()
        return bool(told)

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
        """Where the server can be told; one that does not like how it is told can still be read."""
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

    def __call__(self, challenge: bytes) -> bytes:
        return self._answers.pop() if self._answers else b""


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
