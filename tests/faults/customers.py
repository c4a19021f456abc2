"""Customers who act through the pages while the processes behind these die: what was not answered, they do again.

What a page took down counts as said: in the end it has to be in the histories once, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import httpx2

from starter.demo.browser import Browser
from starter.demo.customer import PlayedCustomer
from tests.activities.delivery.mail_server import MailServer
from tests.faults.driver import TIMEOUT
from tests.faults.pages import PageProcesses, Turns

_PAUSE = 0.7
_NO_CODE = 120.0
"""Seconds after which somebody asks for another code: five may be had in a quarter of an hour."""


@dataclass
class Customers:
    """All of them. `said`: (number, command) -> how often a page took it down; `repeated`: what was done again."""

    pages: PageProcesses
    mail: MailServer
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    handed_in: set[str] = field(default_factory=set)
    repeated: Counter[str] = field(default_factory=Counter)
    timeout: float = TIMEOUT
    _known: dict[str, PlayedCustomer] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)
    _mails: dict[str, list[EmailMessage]] = field(default_factory=dict)
    _read: int = 0

    def knows(self, number: str, email: str) -> None:
        """That case is this customer's."""
        self._known[number] = self._customer(email)
        self._known[number].number = number

    async def hand_in(self, email: str, **answers: str) -> str:
        """Somebody hands in an issue; its number."""
        customer = self._customer(email)
        async with asyncio.timeout(self.timeout):
            number = await customer.hand_in(answers)
        self._known[number] = customer
        self.handed_in.add(number)
        return number

    async def say(self, number: str, command: str, **fields: Any) -> None:
        """The customer of that case says it, by the pages, until a page has taken it down."""
        async with asyncio.timeout(self.timeout):
            if command == "withdraw":
                await self._known[number].let_in_by_code(_NO_CODE)
            await self._known[number].say(command, **fields)
        self.said[number, command] += 1

    def mails(self, address: str) -> list[EmailMessage]:
        """What came to that address, as it came."""
        self.letters(address)
        return self._mails.get(address, [])

    def letters(self, address: str) -> list[str]:
        """The texts of what came to that address."""
        for mail in self.mail.mails[self._read :]:
            part = mail.get_body(("plain",))
            text = f"{mail['Subject']}\n{part.get_content() if part is not None else ''}"
            for one in mail["To"].addresses:
                self._texts.setdefault(one.addr_spec, []).append(text)
                self._mails.setdefault(one.addr_spec, []).append(mail)
            self._read += 1
        return self._texts.get(address, [])

    async def leave(self) -> None:
        """Let go of all connections."""
        for customer in self._known.values():
            await customer.browser.close()

    def _customer(self, email: str) -> PlayedCustomer:
        # Everybody comes from an address of their own: the limits are for each.
        own = int("".join(filter(str.isdigit, email)) or 0)
        headers = {"X-Forwarded-For": f"10.0.{own // 256}.{own % 256}"}
        browser = Browser("http://127.0.0.1", Turns(self.pages.ports), **headers)
        return Persistent(self, browser, email)


class Persistent(PlayedCustomer):
    """Does a step again from the page where it began, until a page comes."""

    look = 2.0

    def __init__(self, among: Customers, browser: Browser, email: str) -> None:
        super().__init__(browser, email, among.letters)
        self._among = among

    async def step(self, do: Callable[[], Awaitable[str]]) -> None:
        before = self.browser.page
        while True:
            try:
                await do()
            except httpx2.TransportError:
                self._among.repeated["no answer"] += 1
            else:
                if self.browser.status < 500:
                    return
                self._among.repeated["a page that says to try later"] += 1
            self.browser.page = before
            await asyncio.sleep(_PAUSE)
