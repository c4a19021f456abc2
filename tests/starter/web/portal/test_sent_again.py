"""Whoever got no answer from a server that died sends again what they had sent, and is told that it is there (R40)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from activities.database.tables import case_record
from activities.portal.sessions import Session, Sessions, new_cookie
from starter.web.portal.word import command_id
from tests.builders import NUMBER
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from workflows.domain.vocabulary import CUSTOMER, LinkPurpose, Via


async def _session(portal: Portal, browser: Browser) -> Session:
    found = await Sessions(portal.installation.database).find(browser.client.cookies["bihuan"], portal.now())
    assert found is not None
    return found


async def _still_to_be_taken_back(portal: Portal) -> None:
    """The case is of 2024, and the pages go by the present day."""
    async with portal.installation.database.begin() as connection:
        view = (await connection.execute(select(case_record.c.view).where(case_record.c.number == NUMBER))).scalar_one()
        view |= {"retractable_until": (portal.now() + timedelta(days=1)).isoformat()}
        await connection.execute(update(case_record).where(case_record.c.number == NUMBER).values(view=view))


async def test_what_was_supplied_and_not_answered_is_thanked_for_and_not_asked_for_again(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    await browser.open("/case/supply")
    once = browser.form("/case/supply").fields["once"]
    id_ = command_id(await _session(portal, browser), f"supply:{once}")
    await portal.case.send("supply", CUSTOMER, command_id=id_, via=Via.LINK, text="又出现了一次")
    page = await browser.send("/case/supply", press="supply")
    assert "已收到您补充的内容" in page


async def test_a_refusal_that_was_not_answered_is_known_although_its_link_is_void_by_now(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    await browser.send("/case/act", press="refuse")
    portal.later(seconds=2)
    session = await _session(portal, browser)
    steps = session.state["steps"]
    assert isinstance(steps, dict)
    id_ = command_id(session, f"refuse:{steps['refuse']}")
    await portal.case.send("refuse", CUSTOMER, command_id=id_, via=Via.LINK, why="还是不行")
    page = await browser.send("/case/act/refuse", text="还是不行")
    assert browser.path == "/case"
    assert "很抱歉没有让您满意" in page


async def test_whoever_has_sent_a_result_back_by_mistake_accepts_it_after_all_until_somebody_is_at_it(
    portal: Portal,
) -> None:
    if not portal.case.case.reopened:
        await portal.case.send("refuse", CUSTOMER, via=Via.CODE, why="按错了")
    await _still_to_be_taken_back(portal)
    browser, cookie = portal.browser(), new_cookie()
    sessions = Sessions(portal.installation.database)
    await sessions.begin(cookie, NUMBER, via=Via.CODE, purpose=None, cycle=None, now=portal.now())
    browser.client.cookies.set("bihuan", cookie)
    await browser.open("/case")
    assert browser.offers("/case/act", "confirm")
    await browser.send("/case/act", press="confirm")
    assert browser.form("/case/act/confirm")
    await portal.case.send("claim", portal.case.case.owner or "")
    await browser.open("/case")
    assert not browser.offers("/case/act", "confirm")
