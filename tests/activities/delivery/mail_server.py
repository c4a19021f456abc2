"""A real SMTP server in the test's own loop, which answers as a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailServer:
    """`answers` are given to one message after the other, then all are accepted; `refused` recipients get 550.

    An answer of None closes the connection after the message was taken, "" never comes.
    """

    port: int = 0
    answers: list[str | None] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    """A message has arrived and waits for its answer."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Lets a message that waits for `busy` be accepted."""
    waits: bool = False
    largest: int | None = None
    """Bytes; what is larger is refused before it is sent."""
    held: set[str] = field(default_factory=set)
    """Messages to these wait as well, those to others do not."""

    def url(self, user: str = "") -> str:
        return f"smtp://{user}127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 5.1.1 <{address}>: user unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if self.waits or self.held & set(envelope.rcpt_tos):
            self.busy.set()
            await self.go_on.wait()
        if answer == "":
            await asyncio.Event().wait()
        if answer is None or answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.recipients += envelope.rcpt_tos
        if answer is None:
            assert server.transport is not None
            server.transport.close()
            return "250 nobody hears this"
        return answer

    def session(self) -> SMTP:
        self.connections += 1
        return SMTP(
            self,
            hostname="test",
            authenticator=_only_the_right_password,
            auth_require_tls=False,
            enable_SMTPUTF8=False,
            data_size_limit=self.largest,
        )


def _only_the_right_password(*arguments: Any) -> AuthResult:
    return AuthResult(success=arguments[-1].password == b"right", handled=False)


@asynccontextmanager
async def mail_server(**settings: Any) -> AsyncIterator[MailServer]:
    """A server on a port of its own, or on the one that is given."""
    behaviour = MailServer(**settings)
    server = await asyncio.get_running_loop().create_server(behaviour.session, "127.0.0.1", behaviour.port)
    behaviour.port = server.sockets[0].getsockname()[1]
    async with server:
        yield behaviour
