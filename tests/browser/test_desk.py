"""The desk in a real browser: its pages can be read and used by everybody, nothing typed is lost, and what others do
to a case is seen at once (R49).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, expect

from tests.browser.visitor import Visitor, visiting
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal, policy, portal, served
from tests.starter.web.staff_door import link_for
from tests.starter.web.test_desk import listed
from workflows.domain.vocabulary import Locale

__all__ = ["listed", "policy", "portal", "served"]

pytestmark = pytest.mark.xdist_group("browser")

_CASE, _REVIEW = f"/desk/cases/{NUMBER}", "/desk/reviews/FB202405060002"
_PAGES = [
    (Locale.ZH_CN, "tech-001", ("/desk", _CASE)),
    (Locale.EN, "tech-001", ("/desk/department", "/desk/cases/FB202405060103")),
    (Locale.ZH_CN, "tech-head", (_REVIEW, "/desk/kb?q=网络错误")),
    (Locale.EN, "tech-head", ("/desk/kb/KB0001", "/desk/reviews")),
    (Locale.ZH_CN, "director", ("/desk/stuck", "/desk/reports")),
    (Locale.EN, "director", ("/desk/cases?priority=P9",)),
]
"""Each page in one language, and what is looked at most in both."""


@asynccontextmanager
async def _desk(chromium: Browser, portal: Portal, locale: Locale, person: str) -> AsyncIterator[Visitor]:
    """That person, signed in."""
    async with visiting(chromium, portal.address, locale, largest=100_000, own_scripts=("/desk.js",)) as visitor:
        await _sign_in(portal, visitor, person)
        await visitor.open(f"/desk?lang={locale}")
        yield visitor


async def _sign_in(portal: Portal, visitor: Visitor, person: str) -> None:
    await visitor.open(await link_for(portal, person))
    await visitor.page.locator("button[value=sign_in]").click()
    await visitor.page.wait_for_url("**/desk*")


@pytest.mark.parametrize(("locale", "person", "paths"), _PAGES)
async def test_every_page_of_the_desk_can_be_read_and_used(
    chromium: Browser, portal: Portal, listed: Portal, locale: Locale, person: str, paths: tuple[str, ...]
) -> None:
    async with _desk(chromium, portal, locale, person) as visitor:
        for path in paths:
            await visitor.open(path)
            for summary in await visitor.page.locator("main summary").all():
                await summary.click()
            await visitor.look(path.partition("?")[0].strip("/").replace("/", "-"))
        await visitor.ends()


async def test_what_was_typed_outlives_the_session(chromium: Browser, portal: Portal, listed: Portal) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        page, words = visitor.page, visitor.words["desk"]
        await visitor.open(_CASE)
        await page.locator("summary", has_text=words["action"]["note"]).click()
        await page.fill("#note-text", "half a note")
        await visitor.context.clear_cookies(name="bihuan-desk")
        await visitor.press(words["action"]["note"])
        await visitor.says(words["again"]["kept"])
        await _sign_in(portal, visitor, "tech-001")
        await visitor.open(_CASE)
        assert await page.input_value("#note-text") == "half a note"
        await expect(page.locator("#note-text")).to_be_visible()
        await visitor.ends()


async def test_what_a_colleague_does_is_seen_at_once_and_takes_nothing_from_what_is_being_typed(
    chromium: Browser, portal: Portal, listed: Portal
) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        page, words = visitor.page, visitor.words["desk"]
        await visitor.open(_CASE)
        await page.locator("summary", has_text=words["action"]["note"]).click()
        await page.fill("#note-text", "half a note")
        await portal.case.send("note", "tech-002", text="the customer has called again")
        await expect(page.locator("#moved")).to_contain_text("the customer has called again")
        await expect(page.locator("[data-live=timeline] li").first).to_contain_text("the customer has called again")
        assert await page.input_value("#note-text") == "half a note"
        await visitor.open(_CASE)
        await page.fill("#note-text", "")
        await page.evaluate("sessionStorage.clear(); document.activeElement.blur()")
        await visitor.open(_CASE)
        await page.locator("summary", has_text=words["action"]["note"]).click()
        await page.evaluate("document.activeElement.blur()")
        before = await page.locator("#form-note input[name=seen]").input_value()
        await portal.case.send("note", "tech-002", text="and once more")
        await expect(page.locator("#moved")).to_contain_text("and once more")
        assert await page.locator("#form-note input[name=seen]").input_value() != before
        await expect(page.locator("#note-text")).to_be_visible()
        await visitor.ends()


async def test_whoever_loses_a_case_reads_so_on_its_open_page(
    chromium: Browser, portal: Portal, listed: Portal
) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        page, words = visitor.page, visitor.words["desk"]
        await visitor.open(_CASE)
        await page.route(f"**{_CASE}", lambda route: route.fulfill(status=404, body=""))
        await portal.case.send("note", "tech-002", text="it goes to somebody else")
        await expect(page.locator("#moved")).to_contain_text(words["time"]["gone"])


async def test_clocks_count_down_and_turn_late(chromium: Browser, portal: Portal, listed: Portal) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        page = visitor.page
        await page.clock.install()
        await visitor.open("/desk")
        clock = page.locator("li", has_text="FB202405060101").locator("time.clock")
        assert str(await clock.inner_text()).startswith("in 2 h")
        await page.clock.fast_forward("02:00:00")
        await expect(clock).to_have_text("in 59 min")
        await page.clock.fast_forward("03:00:00")
        await expect(clock).to_have_text("2 h late")
        await visitor.ends()
