"""A mail server of the demonstration's own: what is sent is kept here, and leaves this machine by no way.

What customers write to the service lies in a mailbox that is read over IMAP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from starter.demo.outside.imap import ImapFolder

SERVICE = "service@example.com"
"""Whose mailbox it is."""
_LONGEST = 10_000_000
"""Bytes of a line; mails have far shorter ones."""
_OK = b"250 OK\r\n"


@dataclass
class MailServer:
    """`mails` in the order in which they came; `service` holds those that were written to the service."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    service: ImapFolder = field(default_factory=ImapFolder)
    _by_address: dict[str, list[EmailMessage]] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL for the settings."""
        return f"smtp://127.0.0.1:{self.port}"

    def letters(self, address: str) -> list[str]:
        """The texts of what came to that address, the oldest first."""
        return self._texts.get(address, [])

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The mails that came to that address, as they came."""
        return self._by_address.get(address, [])

    def take(self, raw: bytes) -> None:
        """Keep one."""
        mail = message_from_bytes(raw, policy=policy.default)
        self.mails.append(mail)
        part = mail.get_body(("plain",))
        for address in mail["To"].addresses if mail["To"] else ():
            if f"{address.username.partition('+')[0]}@{address.domain}" == SERVICE:
                self.service.put(raw)
            text = f"{mail['Subject']}\n{part.get_content() if part is not None else ''}"
            self._by_address.setdefault(address.addr_spec, []).append(mail)
            self._texts.setdefault(address.addr_spec, []).append(text.replace("\r\n", "\n"))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, as far as SMTP is needed to take a mail (RFC 5321)."""
        with suppress(OSError, asyncio.IncompleteReadError):
            writer.write(b"220 demo\r\n")
            while line := await reader.readline():
                match line[:4].upper():
                    case b"DATA":
                        writer.write(b"354 go on\r\n")
                        await writer.drain()
                        raw = await reader.readuntil(b"\r\n.\r\n")
                        self.take(raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
                        writer.write(_OK)
                    case b"EHLO":
                        writer.write(b"250-demo\r\n250 8BITMIME\r\n")
                    case b"QUIT":
                        writer.write(b"221 bye\r\n")
                        break
                    case _:
                        writer.write(_OK)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def open_mail_server() -> AsyncIterator[MailServer]:
    """A mail server on ports of this machine while the block runs."""
    mails = MailServer()
    sending = await asyncio.start_server(mails.serve, "127.0.0.1", 0, limit=_LONGEST)
    reading = await asyncio.start_server(mails.service.serve, "127.0.0.1", 0)
    mails.port, mails.service.port = (one.sockets[0].getsockname()[1] for one in (sending, reading))
    try:
        yield mails
    finally:
        sending.close()
        reading.close()
