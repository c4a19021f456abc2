"""A whole installation with a mail server, for lives by pages, mails and API; shared by all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.activities.delivery.mail_server import MailServer, mail_server
from tests.activities.webhooks.told import SECRET
from tests.starter.installation import Installation, kept_running
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports

_LINK = r"http://127\.0\.0\.1:\d+(/l/\S+)"
MAIL = "linxiao@example.com"


@dataclass
class Office:
    up: Installation
    mail: MailServer
    customer: str = MAIL
    """Whose mails are looked at."""
    system: int = 0
    """The port at which a system would hear of notes."""

    async def letters(self, number: str, word: str | re.Pattern[str]) -> list[str]:
        """Texts of the mails to the customer that hold this word, once there is one."""
        found: list[str] = []
        async with asyncio.timeout(TIMEOUT):
            while not found:
                await asyncio.sleep(0.1)
                found = [text for text in self._texts() if number in text and re.search(word, text)]
        return found

    async def link(self, number: str, word: str) -> str:
        """The path of the link in the newest of them."""
        newest = (await self.letters(number, word))[-1]
        return str(re.findall(_LINK, newest)[-1])

    def links(self) -> list[str]:
        """Each once, in the order in which they came; a link that is sent again is the same one."""
        return list(dict.fromkeys(re.findall(_LINK, "\n".join(self._texts()))))

    def _texts(self) -> list[str]:
        mails = [mail for mail in self.mail.mails if self.customer in str(mail["To"])]
        parts = [mail.get_body(("plain",)) for mail in mails]
        return [part.get_content() for part in parts if part is not None]

    async def solve(self, number: str, solution: str) -> None:
        owner = (await self.up.case(number))["owner"]
        await self.up.send("claim", number, owner)
        await self.up.send("reply", number, owner, "--text", "正在处理")
        await self.up.send("resolve", number, owner, "--cause", "缓存", "--solution", solution, "--verified", "yes")


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(mail_server())
        up, (system,) = Installation(folder), free_ports(1)
        up.environment = {
            "BIHUAN_SMTP_URL": mail.url(),
            "BIHUAN_MAIL_FROM": "service@example.com",
            "BIHUAN_WEB__URL": up.pages,
            "BIHUAN_WEBHOOKS__SHOP__URL": f"http://127.0.0.1:{system}/hook",
            "BIHUAN_WEBHOOKS__SHOP__SECRET": SECRET,
            "BIHUAN_WEBHOOKS__SHOP__ALLOW_PRIVATE": '["127.0.0.1"]',
            "BIHUAN_WEBHOOKS__SHOP__EVENTS": '["noted"]',
        }
        await stack.enter_async_context(kept_running(up))
        yield Office(up, mail, system=system)
