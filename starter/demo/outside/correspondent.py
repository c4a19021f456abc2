"""A customer who only writes mails: a first one, and answers to what comes, as mail programs write them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib

from starter.demo.outside.mail_server import SERVICE, MailServer

_NUMBER = re.compile(r"\[(FB\d{12,15})\]")


@dataclass(frozen=True)
class Letter:
    """The first mail of somebody."""

    name: str
    sender: str
    subject: str
    text: str


@dataclass
class Correspondent:
    """`look` seconds are between two looks into their mailbox."""

    server: MailServer
    letter: Letter
    look: float = 0.2

    async def write(self) -> str:
        """Send the first mail; the number is in the subject of what comes back."""
        await self._send(self.letter.subject, self.letter.text, to=SERVICE)
        found = _NUMBER.search(str((await self._mail_with("[FB"))["Subject"]))
        return found[1] if found else ""

    async def answer(self, about: str, text: str) -> None:
        """Answer the mail that says `about`, which is quoted below, and wait for one that has these words in it."""
        mail = await self._mail_with(about)
        quoted = "".join(f"> {line}\n" for line in _said(mail).splitlines())
        await self._send(
            f"Re: {mail['Subject']}",
            f"{text}\n\n在 2026年6月15日,{mail['From']} 写道:\n{quoted}",
            to=str(mail["Reply-To"] or mail["From"]),
            follows=mail,
        )
        await self._mail_with(text)

    async def _mail_with(self, words: str) -> EmailMessage:
        while True:
            for mail in self.server.mails_to(self.letter.sender):
                if words in _said(mail):
                    return mail
            await asyncio.sleep(self.look)

    async def _send(self, subject: str, text: str, *, to: str, follows: EmailMessage | None = None) -> None:
        mail = EmailMessage()
        mail["From"] = Address(self.letter.name, addr_spec=self.letter.sender)
        mail["To"], mail["Subject"] = to, subject
        mail["Message-ID"] = make_msgid(domain=self.letter.sender.partition("@")[2])
        if follows is not None:
            mail["In-Reply-To"] = follows["Message-ID"]
            mail["References"] = " ".join(f"{follows['References'] or ''} {follows['Message-ID']}".split())
        mail.set_content(text)
        smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.server.port, use_tls=False, start_tls=False)
        async with smtp as client:
            await client.send_message(mail)


def _said(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{part.get_content() if part else ''}"
