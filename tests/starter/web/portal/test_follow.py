"""Number and contact, or a link, show a customer their case; nobody learns which of both was wrong (R30, R40)."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from activities.key_ring import Key
from starter.web.server import serving_pages
from tests.activities.queries.test_customer_view import MAIL, PHONE
from tests.builders import NUMBER
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.worker.ports import free_ports
from worker.installation.settings import Web
from workflows.domain.vocabulary import LinkPurpose, Locale

UNKNOWN = "问题编号和联系方式不匹配"


@pytest.mark.parametrize("number", [NUMBER, NUMBER.lower(), f" {NUMBER[:2]} {NUMBER[2:]} "])
@pytest.mark.parametrize("contact", [PHONE, f"+86 {PHONE}", MAIL.upper()])
async def test_however_number_and_contact_are_written_they_show_the_case(
    portal: Portal, number: str, contact: str
) -> None:
    browser = portal.browser()
    await browser.open("/case")
    page = await browser.send("/case", number=number, contact=contact)
    assert browser.path == "/case"
    assert NUMBER in page
    for words in ("待您确认", "在查同步任务", "已有处理结果", "获取验证码"):
        assert words in page
    assert "choice" not in page
    assert "内部" not in page


async def test_an_unknown_number_and_a_wrong_contact_are_one_answer(portal: Portal) -> None:
    answers = set()
    for number, contact in (
        ("FB209901010001", PHONE),
        (NUMBER, "13900000000"),
        ("x" * 300, "y" * 300),
        (NUMBER, "'--"),
    ):
        browser = portal.browser()
        await browser.open("/case")
        page = await browser.send("/case", number=number, contact=contact)
        assert UNKNOWN in page
        answers.add((browser.status, "bihuan" in browser.page.headers.get("set-cookie", "")))
    assert answers == {(404, False)}


async def test_a_link_leaves_the_address_at_once_and_works_on_another_telephone(portal: Portal) -> None:
    link = await portal.link(LinkPurpose.CONFIRM)
    for agent in ("Mozilla/5.0 (iPhone) MicroMessenger/8.0.50", "Mozilla/5.0 (Android)"):
        browser = portal.browser(**{"User-Agent": agent})
        page = await browser.open(link)
        assert (browser.status, browser.path) == (200, "/case")
        assert link.removeprefix("/l/") not in page
        assert browser.page.headers["referrer-policy"] == "no-referrer"
        assert browser.page.headers["cache-control"] == "no-store"
        assert "target=" not in page
        assert "用问题编号和联系方式可以再次进入" in page
        assert 'value="confirm"' in page


@pytest.mark.parametrize("after", [*"。，）>.;\"'", "%0D%0A", " x"])
async def test_punctuation_behind_a_link_is_forgiven(portal: Portal, after: str) -> None:
    link = await portal.link(LinkPurpose.SEE)
    browser = portal.browser()
    assert NUMBER in await browser.open(link.replace("/l/", "/L/").swapcase().replace("/l/", "/l/") + after)


async def test_cut_swapped_old_void_and_made_up_links_are_one_answer(portal: Portal) -> None:
    good, other = await portal.link(LinkPurpose.RATE), await portal.link(LinkPurpose.SEE)
    old = await portal.link(LinkPurpose.CONFIRM, seconds=-1)
    void = await portal.link(LinkPurpose.CONFIRM, cycle=1)
    links = [
        good[:-1],
        good[:10] + other[10:],
        f"/l/{'a' * 32}",
        "/l/",
        "/l/%01",
        f"/l/{'a' * 5000}",
        old,
        void,
    ]
    seen = set()
    for link in links:
        browser = portal.browser()
        page = await browser.open(link)
        assert browser.status == 404, (link, browser.path)
        seen.add((browser.status, page.partition("<main")[2].partition('name="csrf"')[0]))
    assert len(seen) == 1
    ((status, page),) = seen
    assert status == 404
    assert "这个链接已不能使用" in page


async def test_links_of_a_key_that_was_taken_out_open_nothing(portal: Portal) -> None:
    kept, gone = Key.new("2026-11"), Key.new("2026-10")
    changes = {"web": Web(port=free_ports(1)[0]), "link_keys": SecretStr(kept.line())}
    settings = portal.settings.model_copy(update=changes)
    opens, void = [await portal.link(LinkPurpose.SEE, key=key.fingerprint) for key in (kept, gone)]
    async with serving_pages(settings, clock=portal.now):
        address = f"http://127.0.0.1:{settings.web.port}"
        for link, status in ((opens, 200), (void, 404)):
            browser = Browser(address)
            await browser.open(link)
            await browser.close()
            assert browser.status == status


async def test_the_case_s_own_language_is_used_until_the_visitor_chooses(portal: Portal) -> None:
    browser = portal.browser(**{"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in await browser.open("/")
    assert '<html lang="zh-CN">' in await browser.open(await portal.link(LinkPurpose.SEE))
    assert '<html lang="en">' in await browser.open("/case?lang=en")
    assert '<html lang="en">' in await browser.open("/case")
    assert Locale.EN.value in str(browser.client.cookies["bihuan-language"])
    assert "FB" in await browser.open("/case?lang=zh_CN")
    assert '<html lang="zh-CN">' in browser.page.text


async def test_whoever_leaves_is_out_and_an_old_session_ends(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.SEE))
    await browser.send("/case/leave")
    assert NUMBER not in await browser.open("/case")
    await browser.open(await portal.link(LinkPurpose.SEE))
    portal.later(hours=9)
    assert NUMBER not in await browser.open("/case")


async def test_a_cookie_that_somebody_else_has_set_lets_nobody_in(portal: Portal) -> None:
    browser = portal.browser()
    browser.client.cookies.set("bihuan", "a" * 64)
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    stranger = portal.browser()
    stranger.client.cookies.set("bihuan", "a" * 64)
    assert NUMBER not in await stranger.open("/case")


@pytest.mark.parametrize("choice", ["confirm", "refuse", "withdraw"])
async def test_a_program_that_presses_the_buttons_of_both_steps_at_once_gives_no_answer(
    portal: Portal, choice: str
) -> None:
    browser = portal.browser()
    await browser.open(await portal.link(LinkPurpose.CONFIRM))
    await browser.send("/case/act", press=choice)
    portal.later(seconds=-1)  # at once, however slow this machine is
    page = await browser.send(f"/case/act/{choice}", text="made by a program")
    assert browser.status == 422
    assert "请看清楚后再按一次。" in page
    assert "made by a program" in page
