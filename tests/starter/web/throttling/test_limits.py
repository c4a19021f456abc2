"""Who guesses is slowed down; the customer whose number is guessed is not (R40)."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from activities.database.database import Database
from activities.database.tables import web_tries
from activities.portal.codes import Codes, new_code
from activities.portal.sessions import session_id
from activities.portal.tries import askers_of
from starter.web.server import serving_pages
from starter.web.throttling.limits import FORMS, GUESSES
from tests.activities.queries.test_customer_view import PHONE
from tests.builders import NUMBER
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.worker.ports import free_ports
from worker.installation.settings import Web
from workflows.domain.vocabulary import LinkPurpose

LIMITED = "操作次数过多"
_BASE32 = str.maketrans("0189", "abcd")


async def _guess(browser: Browser, contact: str = "13900000000", number: str = NUMBER) -> int:
    await browser.open("/case")
    await browser.send("/case", number=number, contact=contact)
    return browser.status


async def test_ten_wrong_tries_are_slowed_down_and_the_customer_s_link_works_all_the_same(portal: Portal) -> None:
    stranger = portal.browser()
    seen = Counter([await _guess(stranger) for _ in range(14)])
    assert seen == {404: 10, 200: 4}
    # Past that, right and wrong have one answer, and only a code that was sent to the customer lets in.
    assert stranger.path == "/case/proof"
    wrong = stranger.page.text.partition("<main")[2].partition("csrf")[0]
    assert await _guess(stranger, PHONE) == 200
    assert (stranger.path, stranger.page.text.partition("<main")[2].partition("csrf")[0]) == ("/case/proof", wrong)
    assert NUMBER not in stranger.page.text
    assert "验证码不正确或已失效" in await stranger.send("/case/proof", code="123456")
    assert NUMBER not in await stranger.open("/case")
    assert await _guess(stranger, PHONE) == 429
    assert LIMITED in stranger.page.text
    assert stranger.form("/case").fields["contact"] == PHONE
    customer = portal.browser()
    assert NUMBER in await customer.open(await portal.link(LinkPurpose.SEE))
    portal.later(minutes=16)
    assert await _guess(stranger, PHONE) == 200


async def test_past_the_limit_the_code_that_was_sent_lets_in_to_act(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open("/case/proof")
    codes, code = Codes(portal.installation.database), new_code()
    session = session_id(browser.client.cookies["bihuan"])
    async with portal.installation.database.begin() as connection:
        await codes.request(connection, code, session, NUMBER, portal.now())
    digits = await codes.make(code, portal.now())
    page = await browser.send("/case/proof", code=f"{digits}")
    assert browser.path == "/case"
    assert 'value="confirm"' in page


async def test_right_answers_do_not_count(portal: Portal) -> None:
    seen = {await _guess(portal.browser(), PHONE) for _ in range(15)}
    assert seen == {200}


async def test_thirty_an_hour(portal: Portal) -> None:
    stranger = portal.browser()
    seen: Counter[int] = Counter()
    for _ in range(4):
        seen += Counter([await _guess(stranger) for _ in range(10)])
        portal.later(minutes=15)
    assert seen[404] in {30, 40}  # where the hour turned in between
    assert sum(seen.values()) == 40


async def test_whoever_sends_too_many_forms_waits_and_keeps_what_was_typed(portal: Portal) -> None:
    (limit,) = FORMS
    async with portal.installation.database.begin() as connection:
        asker, *_ = askers_of("127.0.0.1")
        row = {"kind": limit.name, "asker": asker.hash, "since": limit.since(portal.now()), "tries": limit.most}
        await connection.execute(insert(web_tries).values(row))
    browser = portal.browser()
    await browser.open("/case")
    page = await browser.send("/case", number=NUMBER, contact=PHONE)
    assert (browser.status, LIMITED in page) == (429, True)
    assert browser.form("/case").fields["contact"] == PHONE
    portal.later(hours=1)
    assert NUMBER in await browser.send("/case")


async def test_wrong_links_are_slowed_down_and_right_ones_never(portal: Portal) -> None:
    stranger = portal.browser()
    statuses = [(await stranger.client.get(f"/l/{place:032}")).status_code for place in range(63)]
    assert Counter(statuses) == {404: 60, 429: 3}
    assert NUMBER in await stranger.open(await portal.link(LinkPurpose.SEE))


async def _tried(portal: Portal, **headers: str) -> httpx2.Response:
    return await portal.browser(**headers).client.get(f"/l/{secrets.token_hex(16).translate(_BASE32)}")


async def test_who_floods_is_turned_away_by_a_page_made_before_and_a_right_link_from_there_opens(
    portal: Portal,
) -> None:
    statuses = Counter([(await _tried(portal)).status_code for _ in range(66)])
    assert statuses == {404: 60, 429: 6}
    for language, words in (("zh", LIMITED), ("en", "Too many tries")):
        refused = await _tried(portal, **{"Accept-Language": language})
        assert (refused.status_code, words in refused.text, "set-cookie" in refused.headers) == (429, True, False)
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["referrer-policy"] == "no-referrer"
        assert 'name="csrf"' not in refused.text
    good = await portal.link(LinkPurpose.SEE)
    assert NUMBER in await portal.browser().open(good)
    # What was one of ours once is told the same as by the ordinary page.
    old = await portal.link(LinkPurpose.CONFIRM, seconds=-1)
    assert (await portal.browser().client.get(old)).status_code == 429
    portal.later(hours=1)
    assert (await _tried(portal)).status_code == 404


async def test_a_flood_of_wrong_tries_asks_and_writes_nothing_a_try_once_it_is_known(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = portal.browser()
    await stranger.open("/case")
    csrf = stranger.form("/case").fields["csrf"]
    form = {"csrf": csrf, "number": NUMBER, "contact": "13900000000"}
    for _ in range(22):
        await stranger.client.post("/case", data=form)
    for _ in range(66):
        await _tried(portal)
    begun: Counter[str] = Counter()
    for name in ("begin", "read_brief", "reader"):
        ordinary = getattr(Database, name)

        def noted(self: Database, name: str = name, ordinary: Any = ordinary) -> Any:
            begun[name] += 1
            return ordinary(self)

        monkeypatch.setattr(Database, name, noted)
    answers = await asyncio.gather(
        *(stranger.client.post("/case", data=form) for _ in range(40)), *(_tried(portal) for _ in range(40))
    )
    assert {answer.status_code for answer in answers} == {429}
    # Links, all of a moment by one question.
    assert begun["begin"] == begun["reader"] == 0
    assert begun["read_brief"] <= 40


@pytest.mark.parametrize(("proxies", "believed"), [(None, False), ("10.0.0.0/8", False), ("127.0.0.1, ::1", True)])
async def test_a_forwarded_address_is_believed_of_named_proxies_only(
    portal: Portal, proxies: str | None, believed: bool
) -> None:
    web = Web(port=free_ports(1)[0], proxies=proxies)
    settings = portal.settings.model_copy(update={"web": web})
    seen: Counter[int] = Counter()
    portal.later(hours=1)
    async with serving_pages(settings, clock=portal.now) as address:
        for place in range(13):
            browser = Browser(address, **{"X-Forwarded-For": f"203.0.113.9, 198.51.100.{place}"})
            seen[await _guess(browser)] += 1
            await browser.close()
    assert seen == ({404: 13} if believed else {404: 10, 200: 3})


def test_the_limits_are_those_of_the_design() -> None:
    assert [(limit.most, limit.span) for limit in GUESSES] == [
        (10, timedelta(minutes=15)),
        (30, timedelta(hours=1)),
    ]
