"""Taking in by telephone in a real browser, by keyboard alone, and the calls to make: staff can read and use both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, expect

from activities.intake.drafts import KEPT_FOR, Drafts
from starter.services.identity.sessions import revoke_sessions
from tests.activities.queries.test_customer_view import PHONE
from tests.browser.visitor import Visitor, session_of, visiting
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal, policy, portal, served
from workflows.domain.vocabulary import Locale

__all__ = ["policy", "portal", "served"]

pytestmark = pytest.mark.xdist_group("browser")

_ALLOWED = 10
"""Keys beyond the customer's own words, for a customer who is known."""
_WORDS = "收银台打不开，所有门店都不能收款"


@dataclass
class _Keyboard:
    """Counts what is pressed; what the customer says is typed without being counted."""

    visitor: Visitor
    pressed: int = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed += len(key.split("+"))
            await self.visitor.page.keyboard.press(key)


@asynccontextmanager
async def _desk(chromium: Browser, portal: Portal, locale: Locale) -> AsyncIterator[Visitor]:
    scripts = ("/desk.js", "/take-in.js")
    async with visiting(chromium, portal.address, locale, largest=100_000, own_scripts=scripts) as visitor:
        yield visitor


async def _signed_in(portal: Portal, visitor: Visitor, person: str) -> None:
    await visitor.keeps(**{"bihuan-desk": await session_of(portal, person)})


@pytest.mark.parametrize("locale", list(Locale))
async def test_a_known_caller_is_taken_in_with_ten_keys_beyond_their_own_words(
    chromium: Browser, portal: Portal, locale: Locale
) -> None:
    async with _desk(chromium, portal, locale) as visitor:
        words, page, keys = visitor.words["desk"]["new"], visitor.page, _Keyboard(visitor)
        await _signed_in(portal, visitor, "tech-001")
        await visitor.open(f"/desk/new?lang={locale}")
        await expect(page.locator("#who")).to_be_focused()
        await visitor.look("take-in")
        await page.focus("#who")  # looking at it may have moved the focus
        await keys.press(*PHONE[-4:], "Enter")
        await expect(page.locator("[name=take]")).to_be_focused()
        await visitor.look("take-in-callers")
        await page.focus("[name=take]")
        await keys.press("Enter")
        await expect(page.locator("#symptom")).to_be_focused()
        assert (await page.input_value("#phone")).endswith(PHONE)
        await page.keyboard.insert_text(_WORDS)
        await expect(page.locator("[data-part=proposal] strong.priority")).to_be_visible()
        await expect(page.locator("[data-part=saved] [data-saved]")).to_be_visible()
        await visitor.look("take-in-typed")
        await page.focus("#symptom")
        await keys.press("Control+Enter")
        await page.wait_for_url("**/desk/new/done/FB*")
        await visitor.says(words["done"])
        await visitor.look("taken-in")
        assert keys.pressed <= _ALLOWED, keys.pressed

        await visitor.open("/desk/calls")
        await visitor.look("calls-none")
        await _signed_in(portal, visitor, "followup-001")
        await visitor.open("/desk/calls")
        await visitor.says(NUMBER)
        await page.locator("section.call summary").last.click()
        await visitor.look("calls")
        await visitor.ends()


async def test_what_was_typed_outlives_a_closed_page_and_an_ended_session(chromium: Browser, portal: Portal) -> None:
    await Drafts(portal.installation.database).sweep(portal.now() + 2 * KEPT_FOR)
    async with _desk(chromium, portal, Locale.ZH_CN) as visitor:
        words, page = visitor.words["desk"]["new"], visitor.page
        await _signed_in(portal, visitor, "tech-001")
        await visitor.open("/desk/new")
        await page.locator("#symptom").press_sequentially("打印机不动")
        await page.set_input_files("#files", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"log"})
        await visitor.says("a.txt")
        await page.wait_for_url("**/desk/new?draft=*")
        await page.reload()
        assert await page.input_value("#symptom") == "打印机不动"
        await visitor.says("a.txt")
        assert await revoke_sessions(portal.settings, "tech-001")
        await page.press("#symptom", "Control+End")
        await page.locator("#symptom").press_sequentially("，指示灯红")
        await visitor.says(words["signed_out"])
        await visitor.look("take-in-signed-out")
        await _signed_in(portal, visitor, "tech-001")
        await visitor.press(words["check"])  # a page of another session: kept, and to be sent again
        await visitor.says(words["note"]["old"])
        assert await page.input_value("#symptom") == "打印机不动，指示灯红"
        await visitor.press(words["send"])
        await visitor.says(words["fault"]["name"])
        await visitor.look("take-in-errors")
        await page.fill("#name", "永" * 2_000)
        await page.fill("#phone", "13912340009")
        await visitor.press(words["send"])
        await visitor.look("take-in-long-name")
        await page.fill("#name", "محمد العربي")
        await visitor.press(words["send"])
        await visitor.says(words["done"])
        await visitor.open("/desk/new")
        assert await page.locator("#unfinished").count() == 0
        await visitor.ends()
