"""The same life twice on a real `bihuan up`: once by commands of the console, once by a customer on the pages.

Handed in without the steps, asked for them, supplied, refused, solved again, confirmed and rated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from activities.database.url import DatabaseUrl
from activities.queries.case_record import read_case_record
from starter.demo.browser import Browser
from starter.demo.customer import PlayedCustomer
from starter.demo.outside.mail_server import MailServer
from starter.services.cases import commands
from starter.services.intake.submissions import Intake
from worker.installation.settings import Settings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER

_WITHIN = 120.0
_STEPS = {"fields": {"description.steps": "登录后按平时的步骤操作"}}
_ANSWERS = {"name": "王芳", "symptom": "登录后页面一直空白", "blocks": "no", "occurred": "2026-01-05T09:00"}
_SOLUTION = {"cause": "缓存", "solution": "已清除缓存并重启同步服务", "verified": "yes"}
Say = Callable[..., Awaitable[None]]


@dataclass
class Lives:
    """Where they are lived; `pages` is the address."""

    settings: Settings
    client: Client
    intake: Intake
    mailbox: MailServer
    pages: str

    async def by_console(self) -> str:
        """The number of a case whose customer's words are commands of the console."""
        form = {
            "intake_key": "console-life", "channel": "portal", "product": "产品一",
            "customer": {"name": _ANSWERS["name"], "email": "console@example.com", "locale": "zh_CN"},
            "occurred_at": f"{_ANSWERS['occurred']}+08:00",
            "description": {"symptom": _ANSWERS["symptom"]}, "impact": {"blocks_normal_use": False},
        }  # fmt: skip
        number = (await self.intake.accept(form)).number

        async def say(command: str, **fields: Any) -> None:
            await self._send(command, number, CUSTOMER, **fields)

        return await self._live(number, say)

    async def by_pages(self) -> str:
        """The number of a case whose customer acts through the pages."""
        customer = PlayedCustomer(Browser(self.pages), "pages@example.com", self.mailbox.letters)
        number = await customer.hand_in({**_ANSWERS, "product": "产品二"})
        return await self._live(number, customer.say)

    async def open_one(self) -> str:
        """The number of a case that waits for its customer to confirm."""
        customer = PlayedCustomer(Browser(self.pages), "open@example.com", self.mailbox.letters)
        number = await customer.hand_in({**_ANSWERS, "product": "产品三", "steps": "登录后按平时的步骤操作"})
        await self._answer(number, "已定位原因,正在处理。")
        return number

    async def events(self, number: str) -> int:
        """Events of its history, once it is over."""
        handle = self.client.get_workflow_handle(number)
        await handle.result()
        return len((await handle.fetch_history()).events)

    async def _live(self, number: str, say: Say) -> str:
        await self._until(number, lambda view: view["status"] == "awaiting_information")
        await say("supply", **_STEPS)
        await self._answer(number, "正在处理。")
        await say("refuse", why="还是空白")
        await self._until(number, lambda view: view["reopened"] == 1)
        await self._answer(number, "由我跟进。")
        await say("confirm")
        await self._until(number, lambda view: view["status"] == "awaiting_rating")
        await say("rate", score="satisfied")
        return number

    async def _answer(self, number: str, text: str) -> None:
        owner = (await self._until(number, lambda view: view["owner"]))["owner"]
        await self._send("claim", number, owner)
        await self._send("reply", number, owner, text=text)
        await self._send("progress", number, owner, text="已定位原因,方案测试中。")
        await self._send("resolve", number, owner, **_SOLUTION)
        await self._until(number, lambda view: view["status"] == "awaiting_confirmation")

    async def _send(self, command: str, number: str, by: str, **fields: Any) -> None:
        result = await commands.send(self.settings, command, number, fields, by=by)
        if result.outcome != "accepted":
            raise Problem(f"{number}: {command} was {result.outcome}: {result.reason}")

    async def _until(self, number: str, holds: Callable[[Any], Any]) -> Any:
        try:
            async with asyncio.timeout(_WITHIN):
                while True:
                    file = await read_case_record(DatabaseUrl.parse(self.settings.database), number)
                    if file is not None and file.view is not None and holds(file.view):
                        return file.view
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Problem(f"{number}: did not come to pass within {_WITHIN:g} s") from None
