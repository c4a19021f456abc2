"""The board on the wall in a real browser: one screen, large, always the newest, and honest when it is not (R49)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import delete

from activities.database.tables import case_record
from starter.services.identity.sessions import revoke_sessions
from tests.activities.queries.test_cases import write
from tests.activities.samples import register_case
from tests.browser.visitor import Visitor, session_of, visiting
from tests.starter.web.conftest import Portal, policy, portal, served
from workflows.domain.clock import Breach, Deadline
from workflows.domain.vocabulary import ClockName, Locale, Priority

__all__ = ["policy", "portal", "served"]

pytestmark = pytest.mark.xdist_group("browser")
_WALLS = ((1280, 720), (1920, 1080))
_OVER = """[document.documentElement, ...document.querySelectorAll("section, .tiles a")].filter(one =>
    one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"""
"""What is larger than its place."""
_APART = """(() => {
    const [nav, at] = ["header nav", ".at"].map(one => document.querySelector(one).getBoundingClientRect());
    return nav.right <= at.left || nav.bottom <= at.top;
})()"""
_PATIENCE = 15_000


@asynccontextmanager
async def signed_in(chromium: Browser, portal: Portal, locale: Locale) -> AsyncIterator[Visitor]:
    async with visiting(chromium, portal.address, locale, own_scripts=("/board.js", "/desk.js")) as visitor:
        await visitor.keeps(**{"bihuan-desk": await session_of(portal, "director"), "bihuan-language": locale})
        yield visitor


async def _full(portal: Portal) -> None:
    """More of everything than there is room for, with long names."""
    database, now = portal.installation.database, portal.installation.now()
    for place in range(16):
        number = await register_case(database, intake_key=f"board {place}")
        due = now + timedelta(minutes=95 + place)
        changes: dict[str, Any] = {
            "priority": list(Priority)[place % 4],
            "owner": "系统外的人员" * 5
            if place % 8 == 7
            else "W" * 60
            if place % 8 == 3
            else f"someone.with-a-long-id-{place}"[:60],
            "department": f"department_{place}",
            "deadlines": (Deadline(clock=ClockName.RESOLUTION, started=now, due=due, next=due),),
            "breaches": (Breach(clock=ClockName.RESOLUTION, due=now - timedelta(minutes=110), at=now),) * (place % 2),
            "escalation_level": 1,
            "acknowledged": place % 3 == 0,
            "escalated_to": f"superior-of-everybody-{place}",
        }
        await write(database, number, **changes)
    await register_case(database, intake_key="not begun yet")


@pytest.mark.parametrize("locale", list(Locale))
async def test_the_board_fits_on_any_screen_and_everybody_can_read_it(
    chromium: Browser, portal: Portal, locale: Locale
) -> None:
    await _full(portal)
    async with signed_in(chromium, portal, locale) as visitor:
        await visitor.open("/board")
        await visitor.look("board")
        for width, height in _WALLS:
            await visitor.page.set_viewport_size({"width": width, "height": height})
            assert await visitor.page.evaluate(_OVER) == [], width
            assert await visitor.page.evaluate(_APART), "the links and the time do not lie on each other"
            size = await visitor.page.evaluate("parseFloat(getComputedStyle(document.querySelector('td')).fontSize)")
            assert size >= height / 30, "read from five metres"
        await visitor.page.keyboard.press("Tab")
        await visitor.tab_to(visitor.words["site"]["switch"])
        await visitor.open("/desk/now")
        await visitor.look("now")
        await visitor.ends()
    async with portal.installation.database.begin() as connection:
        await connection.execute(delete(case_record).where(case_record.c.owner != "tech-001"))


async def test_the_board_shows_what_happens_and_says_so_when_it_cannot(chromium: Browser, portal: Portal) -> None:
    async with signed_in(chromium, portal, Locale.EN) as visitor:
        visitor.outage, page, words = True, visitor.page, visitor.words["board"]
        await page.clock.install()
        async with page.expect_response("**/board/now?heard=1"):
            await visitor.open("/board")
        first = page.locator(".tiles li").first
        await expect(first.locator("b")).to_have_text("0")
        async with page.expect_response("**/board/now?heard=1"):
            number = await register_case(portal.installation.database, intake_key="happened")
            await write(portal.installation.database, number, priority=Priority.P0)
        await expect(first.locator("b")).to_have_text("1")

        lost = page.locator("#lost")
        await expect(lost).to_be_hidden()
        await page.route("**/board/now*", lambda route: route.abort())
        await page.clock.run_for(30_000)
        await expect(lost).to_have_text(words["lost"].format(time=await page.inner_text("#at")))
        await page.unroute("**/board/now*")
        await page.clock.run_for(6_000)
        await expect(lost).to_be_hidden(timeout=_PATIENCE)
        await revoke_sessions(portal.settings, "director")
        await page.clock.run_for(12_000)
        await expect(lost).to_contain_text(words["out"].partition("{")[0], timeout=_PATIENCE)
        assert await first.count() == 1, "what was there stays"
