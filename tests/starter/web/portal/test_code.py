"""A one-time code that came lets its customer act, whatever the page said when it was asked for (R40)."""

from __future__ import annotations

from activities.portal.codes import Codes, new_code
from activities.portal.sessions import session_id
from starter.web.throttling.limits import CODES
from tests.activities.queries.test_customer_view import PHONE
from tests.builders import NUMBER
from tests.starter.web.browser import Browser, links_of
from tests.starter.web.conftest import Portal

_OUTAGE = "系统暂时不能处理"


async def _at_the_code(portal: Portal) -> Browser:
    """Somebody who was shown their case by number and contact, where one asks for a code."""
    browser = portal.browser()
    await browser.open("/case")
    await browser.send("/case", number=NUMBER, contact=PHONE)
    await browser.open("/case/code")
    return browser


async def _sent_code(portal: Portal, browser: Browser) -> str:
    """The code of a message that left although the page could not tell of it."""
    codes = Codes(portal.installation.database)
    async with portal.installation.database.begin() as connection:
        session = session_id(browser.client.cookies["bihuan"])
        await codes.request(connection, code := new_code(), session, NUMBER, portal.now())
    digits = await codes.make(code, portal.now())
    assert digits is not None
    return digits


async def test_while_no_code_can_be_sent_asking_for_one_uses_no_try_up(portal: Portal) -> None:
    browser = await _at_the_code(portal)
    for _ in range(2 * CODES[0].most):  # Temporal is away
        assert _OUTAGE in await browser.send("/case/code", press="send")
        assert browser.status == 503


async def test_who_may_ask_for_no_more_codes_can_type_the_one_that_came(portal: Portal) -> None:
    await portal.spend(CODES)
    browser = await _at_the_code(portal)
    digits = await _sent_code(portal, browser)
    await browser.send("/case/code", press="send")
    assert browser.status == 429
    assert "/case/code/enter" in links_of(browser.page.text)
    await browser.open("/case/code/enter")
    await browser.send("/case/code/enter", code=digits)
    assert browser.path == "/case"
    assert browser.offers("/case/act", "confirm")
