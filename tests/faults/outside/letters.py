"""Customers who write mails to the service's mailbox, and what they have written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from activities.database.database import Database
from activities.mailbox.inbox import Inbox, TakenMail
from tests.faults.driver import TIMEOUT
from tests.faults.outside.imap_server import ImapServer

_NUMBER = re.compile(r"\[(FB\d{12,15})\]")
_LOOK = 1.0
_FIRST = "您好,请问怎样批量导入客户资料?\n谢谢"
"""A question, for which nothing more has to be asked."""


@dataclass
class Letters:
    """`opened`: the intake of each first mail -> its number; `answered`: number -> the words of each further one.

    `mails` answers what came to an address, the oldest first.
    """

    server: ImapServer
    mails: Callable[[str], Sequence[EmailMessage]]
    opened: dict[str, str] = field(default_factory=dict)
    answered: dict[str, list[str]] = field(default_factory=dict)
    timeout: float = TIMEOUT

    async def write(self, key: str, sender: str) -> str:
        """The first mail of somebody; the number, as what comes back says it."""
        mail = _mail(f"{key}@letters.example", sender, self.server.address, "请教", _FIRST)
        await self.server.deliver(mail.as_bytes())
        acknowledgement = await self._mail_with(sender, "[FB")
        found = _NUMBER.search(str(acknowledgement["Subject"]))
        assert found is not None, acknowledgement["Subject"]
        self.opened[str(mail["Message-ID"])] = found[1]
        return found[1]

    async def answer(self, number: str, sender: str, words: str, *, acknowledged: bool = True) -> None:
        """Answer the newest mail; with `acknowledged` wait for the note that these words have come."""
        said = self.answered.setdefault(number, [])
        words = f"{words} ({number}-{len(said) + 1})"
        newest = self.mails(sender)[-1]
        mail = _mail(
            f"{number}.{len(said) + 1}@letters.example", sender, str(newest["Reply-To"]), f"Re: {newest['Subject']}",
            f"{words}\n\n> {newest['Subject']}\n",
        )  # fmt: skip
        mail["In-Reply-To"] = newest["Message-ID"]
        mail["References"] = " ".join(f"{newest['References'] or ''} {newest['Message-ID']}".split())
        said.append(words)
        await self.server.deliver(mail.as_bytes())
        if acknowledged:
            await self._mail_with(sender, words)

    async def until_settled(self, database: Database) -> None:
        """Wait until every mail is read and the watch has noted what its case said to it, which is once a look."""
        await self.server.until_all_read()
        left: Sequence[TakenMail] = ()
        try:
            async with asyncio.timeout(self.timeout):
                while left := await Inbox(database).open():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise AssertionError(f"mails without an answer of their case: {[mail.place for mail in left]}") from None

    async def _mail_with(self, address: str, words: str) -> EmailMessage:
        async with asyncio.timeout(self.timeout):
            while True:
                for mail in self.mails(address):
                    part = mail.get_body(("plain",))
                    if words in f"{mail['Subject']}\n{part.get_content() if part else ''}":
                        return mail
                await asyncio.sleep(_LOOK)


def _mail(id_: str, sender: str, to: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, to, subject, f"<{id_}>"
    mail.set_content(text)
    return mail
