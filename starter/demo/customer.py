"""A customer of the demonstration, who hands in and answers through the pages as people do.

Links and codes come from the mails that were sent to them; everything else they find on the page.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from starter.demo.browser import Browser
from starter.demo.failure import StoryFailedError

_LINK: Final = re.compile(r"https?://[\w.:-]+(/l/[a-z2-7]{32})")
_CODE: Final = re.compile(r"^(\d{6})$", re.MULTILINE)
_NUMBER: Final = re.compile(r'class="number">(\w+)<')
_ACCEPTED, _QUEUED = '<div class="notice good" role="status">', '<div class="notice" role="status">'
"""What the page of a case says of what was just done."""
_READING: Final = 0.75
"""Seconds of the wall clock: who confirms sooner than a person can read is asked again."""
_EVERYTHING: Final = 5
"""Looks at the page after which somebody goes through all their mails again."""
_TEXTS: Final = {"confirm": "text", "refuse": "why", "withdraw": "why", "rate": "comment"}
"""Command -> what the words on the page are as a field of it."""


class PlayedCustomer:
    """`letters` answers the texts of the mails that came to an address; `look` is between two looks at the page."""

    look = 0.3

    def __init__(self, browser: Browser, email: str, letters: Callable[[str], Sequence[str]], number: str = "") -> None:
        self.number, self.email, self.browser = number, email, browser
        self._letters = letters
        self._opened: set[str] = set()
        self._looks = 0

    async def hand_in(self, answers: Mapping[str, str]) -> str:
        """The form, a look at the answers, the number."""
        browser = self.browser
        await self.step(lambda: browser.open("/new"))
        await self.step(lambda: browser.send("/new", {**answers, "email": self.email}, press="check"))
        await self.step(lambda: browser.send("/new/send"))
        while browser.path == "/new/send":  # quicker than a person, or sent again under another cookie
            sure = {"person": "yes"} if "person" in browser.form("/new/send").fields else {}
            await self.step(lambda sure=sure: browser.send("/new/send", sure))  # type: ignore[misc]
        found = _NUMBER.search(browser.page.text)
        if browser.path != "/new/done" or found is None:
            raise StoryFailedError(f"没有受理 not taken in: {browser.path} ({browser.status}) {browser.page.text}")
        self.number = found[1]
        return self.number

    async def say(self, command: str, files: Mapping[str, bytes] | None = None, **fields: Any) -> None:
        """Wait until the page asks for it, say it in two steps, and see that it was taken down."""
        choice = f"rate-{fields['score']}" if command == "rate" else command
        tried = False
        while True:
            if await self._is_asked(choice):
                tried = True
                if command == "supply":
                    done = await self._supply(fields["fields"], files)
                else:
                    done = await self._act(choice, str(fields.get(_TEXTS[command]) or ""))
                if done:
                    return
            elif tried:
                # The page asks no more: what was said was taken, and only the answer to it got lost.
                return
            await asyncio.sleep(self.look)

    async def let_in_by_code(self, wait: float = 40.0) -> None:
        """Get in by number, contact, and a one-time code, which is asked for again after so many seconds."""
        browser, loop, entered = self.browser, asyncio.get_running_loop(), set[str]()
        while not browser.offers("/case/act", "withdraw"):
            await self.step(lambda: browser.open("/case/code"))
            if browser.path != "/case/code":  # nobody was let in yet
                await self.step(lambda: browser.open("/case"))
                if browser.offers("/case/leave", ""):  # here by a link
                    await self.step(lambda: browser.send("/case/leave"))
                    await self.step(lambda: browser.open("/case"))
                await self.step(lambda: browser.send("/case", number=self.number, contact=self.email))
                await self.step(lambda: browser.open("/case/code"))
            await self.step(lambda: browser.send("/case/code", press="send"))
            if browser.path == "/case/code":  # no more are sent; one that was may have come
                await self.step(lambda: browser.open("/case/code/enter"))
            until = loop.time() + wait
            while browser.path == "/case/code/enter" and loop.time() < until:
                # The code that was asked for last is good, and need not be the one that comes last.
                for code in [code for code in self._found(_CODE) if code not in entered]:
                    entered.add(code)
                    if browser.path == "/case/code/enter":
                        await self.step(lambda code=code: browser.send("/case/code/enter", code=code))  # type: ignore[misc]
                await asyncio.sleep(self.look)
            # Where too many codes were asked for, the page says when the next one is to be had.
            await asyncio.sleep(self.look)
            await self.step(lambda: browser.open("/case"))

    async def step(self, do: Callable[[], Awaitable[str]]) -> None:
        """One page after another."""
        await do()

    async def _is_asked(self, choice: str) -> bool:
        """Whether the page asks for it: the one that was open, else that of the newest link that came."""
        self._looks += 1
        links = list(dict.fromkeys(reversed(self._found(_LINK))))
        new = [path for path in links if path not in self._opened] if self._looks % _EVERYTHING else links
        for path in ("/case", *new):
            self._opened.add(path)
            await self.step(lambda path=path: self.browser.open(path))  # type: ignore[misc]
            if choice == "supply":
                if 'href="/case/supply"' in self.browser.page.text:
                    return True
            elif self.browser.offers("/case/act", choice):
                return True
        return False

    async def _act(self, choice: str, text: str) -> bool:
        browser, where = self.browser, f"/case/act/{choice}"
        await self.step(lambda: browser.send("/case/act", press=choice))
        await asyncio.sleep(_READING)
        while browser.path == where:
            await self.step(lambda: browser.send(where, {"text": text}, press="yes"))
            await asyncio.sleep(self.look if browser.path == where else 0)
        return self._was_taken_down()

    async def _supply(self, answers: Mapping[str, str], files: Mapping[str, bytes] | None) -> bool:
        browser = self.browser
        await self.step(lambda: browser.open("/case/supply"))
        if browser.path != "/case/supply":
            return False
        given = {f"field:{key}": value for key, value in answers.items()}
        await self.step(lambda: browser.send("/case/supply", given, press="supply", files=files))
        return self._was_taken_down()

    def _was_taken_down(self) -> bool:
        page = self.browser.page.text
        return self.browser.path == "/case" and (_ACCEPTED in page or _QUEUED in page)

    def _found(self, what: re.Pattern[str]) -> list[str]:
        """What is found in the mails about this case, the oldest first."""
        return [found for text in self._letters(self.email) if self.number in text for found in what.findall(text)]
