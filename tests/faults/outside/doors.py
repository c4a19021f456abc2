"""Which way each customer has: the pages, the pages and mails, or the telephone alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.faults.customers import Customers
from tests.faults.driver import Driver
from tests.faults.outside.letters import Letters
from workflows.domain.vocabulary import CUSTOMER, Heard

_TAKES_DOWN = "followup-001"
"""Who answers the telephone, and owns no case."""


@dataclass
class Doors:
    """A `CustomersDoor`. `writers`: number -> the address of who writes mails; `callers`: who has only a telephone."""

    pages: Customers
    letters: Letters
    driver: Driver
    writers: dict[str, str] = field(default_factory=dict)
    callers: set[str] = field(default_factory=set)

    async def say(self, number: str, command: str, **fields: Any) -> None:
        """By the way that this customer has. Words in a mail are an answer to a question, and never consent."""
        if number in self.callers:
            heard = {"relayed_by": _TAKES_DOWN, "heard": Heard.TELEPHONE.value}
            await self.driver.send(number, command, CUSTOMER, **heard, **fields)
            return
        if (sender := self.writers.get(number)) is None:
            await self.pages.say(number, command, **fields)
        elif command == "supply":
            await self.letters.answer(number, sender, "新建客户,填写,保存", acknowledged=False)
            await self.driver.until(number, lambda view: view["status"] != "awaiting_information")
        else:
            if command == "confirm":
                await self.letters.answer(number, sender, "收到,可以了,谢谢")
            await self.pages.say(number, command, **fields)
