"""Mail over SMTP: each message bears a Message-ID made of its outbox key, so that a second copy is known as one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from activities.delivery import headers
from activities.delivery.threads import LOOP_HEADER, MailThreads
from activities.delivery.transport import (
    AddressKind,
    DeliveryError,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    TransportConnection,
    UnreachableError,
)
from activities.mail_address import carried_address
from activities.url_hint import password_hint
from workflows.domain.problem import Problem

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_OWN_FAULT = re.compile(r"55[25] |5\d\d 5\.(2\.3|3\.4|6\.\d)")
"""Answers to a sender that are about the message: too large, or in need of an extension (RFC 1870, RFC 3463)."""
_ALLOWED = "use smtp://HOST:PORT, smtp+starttls://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"


@dataclass(frozen=True)
class Smtp:
    """A mail server. `sender` is the From of every message; `timeout` (seconds) holds for each of its answers.

    `mailbox` is where answers are read, `secret` what signs the ids and reply addresses of `threads`.
    """

    host: str
    port: int
    sender: Address
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 10.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    mailbox: Address | None = None
    secret: bytes = field(default=b"", repr=False)
    takes: ClassVar[AddressKind] = AddressKind.MAIL
    knows_repeats: ClassVar[bool] = True
    """A second copy bears the same Message-ID."""

    def carries(self, message: str) -> bool:  # noqa: ARG002
        """A mail says everything."""
        return True

    @classmethod
    def from_url(cls, url: str, mail_from: str, *, timeout: float = 10.0) -> Self:
        """The server at `url`, sending as `mail_from` (`support@example.com` or `Support <support@example.com>`).

        Raises:
            Problem: one of them is not understood; the line never repeats a password.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise _not_understood(url) from None
        rest = parts.query or parts.fragment or parts.path.strip("/")
        if parts.scheme not in _PORTS or not parts.hostname or rest:
            raise _not_understood(url)
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            sender=_sender(mail_from),
            scheme=parts.scheme,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            timeout=timeout,
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[TransportConnection]:
        """One connection for the messages of a delivery, made at the first of them."""
        connection = _SmtpConnection(self)
        try:
            yield connection
        finally:
            connection.close()

    async def check(self) -> None:
        """Connect, log in and let the server say that it is there, without sending anything.

        Raises:
            DeliveryError: it cannot be used; one line.
        """
        connection = _SmtpConnection(self)
        try:
            with _classified():
                await (await connection.connected()).noop()
        finally:
            connection.close()

    def message(self, envelope: Envelope) -> bytes:
        """The mail as it is sent: plain text and HTML, and files that go with it.

        Raises:
            ValueError: it cannot be written, or would not read as it was meant.
        """
        content = EmailMessage()
        content.set_content(envelope.text, cte="base64")
        content.add_alternative(envelope.html, subtype="html", cte="base64")
        for attachment in envelope.attachments:
            main, _, sub = attachment.kind.partition("/")
            content.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
        address, sender, threads = carried_address(envelope.address), self.sender, self.threads
        subject = threads.subject(envelope.number, headers.plain_text(envelope.subject))
        own = {
            "Message-ID": self.message_id(envelope.key, envelope.number),
            **threads.headers(envelope.number, envelope.follows),
            "Date": format_datetime(self.now()),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            LOOP_HEADER: sender.addr_spec,
            "Content-Language": envelope.locale.replace("_", "-"),
        }
        mailboxes = {"From": (sender.display_name, sender.addr_spec), "To": (envelope.name, address)}
        if reply_address := threads.reply_address(envelope.number):
            mailboxes["Reply-To"] = (sender.display_name, reply_address)
        lines = [
            *(headers.token(name, value) for name, value in own.items()),
            *(headers.mailbox(name, *mailbox) for name, mailbox in mailboxes.items()),
            headers.unstructured("Subject", subject),
        ]
        mail = b"".join((*lines, content.as_bytes(policy=SMTP_POLICY)))
        headers.verify(mail, own | {"Subject": subject}, mailboxes)
        return mail

    @property
    def threads(self) -> MailThreads:
        """What makes the mails of a case one thread."""
        return MailThreads(self.sender.domain, self.secret, self.mailbox)

    def message_id(self, key: str, number: str = "") -> str:
        """The Message-ID, the same at every attempt to send the same row."""
        return self.threads.message_id(key, number)


class _SmtpConnection:
    def __init__(self, server: Smtp) -> None:
        self._server = server
        self._client: SMTP | None = None

    async def send(self, envelope: Envelope) -> None:
        try:
            address = carried_address(envelope.address)
        except ValueError as error:
            raise PermanentDeliveryError(f"the mail address cannot be used: {error}") from error
        try:
            mail = self._server.message(envelope)
        except (ValueError, LookupError, MessageError) as error:
            raise PermanentDeliveryError(f"the mail cannot be written: {error}") from error
        try:
            client = await self.connected()
            with _classified():
                await client.sendmail(self._server.sender.addr_spec, [address], mail)
        except BaseException:
            # After a fault nobody knows what the server still expects; the next message begins anew.
            self.close()
            raise

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def connected(self) -> SMTP:
        if self._client is None:
            server = self._server
            self._client = SMTP(
                hostname=server.host,
                port=server.port,
                timeout=server.timeout,
                use_tls=server.scheme == "smtps",
                start_tls=server.scheme == "smtp+starttls",
            )
            try:
                await self._client.connect()
                if server.user:
                    await self._client.login(server.user, server.password)
            except SMTPAuthenticationError as error:
                raise UnreachableError(
                    f"the mail server {server.host}:{server.port} refused user name or password ({error.code}): "
                    "correct the SMTP URL"
                ) from error
            except (SMTPException, OSError) as error:
                raise UnreachableError(
                    f"the mail server {server.host}:{server.port} cannot be used: {_said(error)}"
                ) from error
        return self._client


@contextmanager
def _classified() -> Iterator[None]:
    """What an answer means: 5xx about this message or recipient is for good, all else may pass.

    A refused sender (also for want of a login) is the operator's to mend, so no message is given up for it. But the
    size of a message and what it needs of the server are told at the sender, too, and are the message's own fault.
    """
    try:
        yield
    except SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise _fault_of(first.code, _said(first)) from error
    except SMTPNotSupported as error:
        raise PermanentDeliveryError(f"the mail server cannot carry it: {_said(error)}") from error
    except SMTPSenderRefused as error:
        if _OWN_FAULT.match(f"{error.code} {error.message}"):
            raise _fault_of(error.code, _said(error)) from error
        raise UnreachableError(f"the mail server does not take messages from here: {_said(error)}") from error
    except SMTPConnectError as error:
        raise UnreachableError(f"the mail server cannot be used: {_said(error)}") from error
    except SMTPTimeoutError as error:
        raise UnreachableError(f"the mail server does not answer: {_said(error)}") from error
    except SMTPServerDisconnected as error:
        raise TemporaryDeliveryError(
            f"the mail server closed the connection before its answer: {_said(error)}"
        ) from error
    except SMTPResponseException as error:
        raise _fault_of(error.code, _said(error)) from error
    except ValueError as error:
        raise PermanentDeliveryError(f"the mail cannot be handed over: {_said(error)}") from error
    except (SMTPException, OSError) as error:
        raise TemporaryDeliveryError(f"the mail was not taken: {_said(error)}") from error


def _fault_of(code: int, said: str) -> DeliveryError:
    if 500 <= code < 600:
        return PermanentDeliveryError(f"the mail server refused it: {said}")
    if code == 421:
        return UnreachableError(f"the mail server is closing: {said}")
    return TemporaryDeliveryError(f"the mail server put it off: {said}")


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPRecipientRefused | SMTPResponseException):
        return f"{error.code} {error.message}"
    return " ".join(str(error).split()) or type(error).__name__


def _not_understood(url: str) -> Problem:
    return Problem(f"the SMTP URL is not understood: {_ALLOWED}{password_hint(url)}")


def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    try:
        return Address(display_name=name, addr_spec=carried_address(address))
    except (MessageError, ValueError) as error:
        raise Problem(f"the mail sender {mail_from!r} is no mail address ({error}); use support@example.com") from None
