"""Mail over SMTP: each message bears a Message-ID made of its outbox key, so that a second copy is known as one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Self
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

from activities.delivery.transport import (
    DeliveryError,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    TransportConnection,
    UnreachableError,
)
from workflows.domain.problem import Problem

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ALLOWED = "use smtp://HOST:PORT, smtp+starttls://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"


@dataclass(frozen=True)
class Smtp:
    """A mail server. `sender` is the From of every message; `timeout` (seconds) holds for each of its answers."""

    host: str
    port: int
    sender: Address
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 10.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

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
            raise Problem(f"the SMTP URL is not understood: {_ALLOWED}") from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise Problem(f"the SMTP URL is not understood: {_ALLOWED}")
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

    def message(self, envelope: Envelope) -> EmailMessage:
        """The mail as it is sent: plain text and HTML, and files that go with it."""
        message = EmailMessage()
        message["Message-ID"] = self.message_id(envelope.key)
        message["Date"] = format_datetime(self.now())
        message["From"] = self.sender
        message["To"] = _address(envelope.name, envelope.address)
        message["Subject"] = " ".join(envelope.subject.split())
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(envelope.text, cte="base64")
        message.add_alternative(envelope.html, subtype="html", cte="base64")
        for attachment in envelope.attachments:
            main, _, sub = attachment.kind.partition("/")
            message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
        # At the end: setting the content takes every Content header away.
        message["Content-Language"] = envelope.locale.replace("_", "-")
        return message

    def message_id(self, key: str) -> str:
        """The same at every attempt to send the same row."""
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{self.sender.domain}>"


class _SmtpConnection:
    def __init__(self, server: Smtp) -> None:
        self._server = server
        self._client: SMTP | None = None

    async def send(self, envelope: Envelope) -> None:
        try:
            message = self._server.message(envelope)
        except (ValueError, MessageError, UnicodeError) as error:
            raise PermanentDeliveryError(f"the mail address cannot be used: {error}") from error
        try:
            client = await self.connected()
            with _classified():
                await client.send_message(message, sender=self._server.sender.addr_spec, recipients=[envelope.address])
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

    A refused sender (also for want of a login) is the operator's to mend, so no message is given up for it.
    """
    try:
        yield
    except SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise _fault_of(first.code, _said(first)) from error
    except (SMTPSenderRefused, SMTPConnectError, SMTPNotSupported) as error:
        raise UnreachableError(f"the mail server does not take messages from here: {_said(error)}") from error
    except SMTPTimeoutError as error:
        raise UnreachableError(f"the mail server does not answer: {_said(error)}") from error
    except SMTPServerDisconnected as error:
        raise TemporaryDeliveryError(
            f"the mail server closed the connection before its answer: {_said(error)}"
        ) from error
    except SMTPResponseException as error:
        raise _fault_of(error.code, _said(error)) from error
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


def _address(name: str, address: str) -> Address:
    shown = " ".join(name.replace("\x00", "").split())
    return Address(display_name=shown, addr_spec=address)


def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    try:
        sender = Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError):
        sender = Address()
    if not sender.username or not sender.domain:
        raise Problem(f"the mail sender {mail_from!r} is no mail address; use support@example.com")
    return sender
