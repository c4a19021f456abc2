"""A whole life by a customer's own hands: pages, links from real mails, a real worker; robots in between do nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.starter.web.browser import Browser
from tests.starter.web.office import MAIL, Office
from tests.starter.web.robots import look, rewrite

pytestmark = pytest.mark.xdist_group("portal")

_ANSWERS = {"symptom": "登录后页面一直空白，没有任何提示", "product": "管理后台", "name": "林晓", "email": MAIL}


async def _handed_in(office: Office, browser: Browser) -> str:
    await browser.open("/new")
    await browser.send("/new", _ANSWERS, press="check")
    await browser.send("/new/send", press="")
    if browser.path != "/new/done":  # quicker than a person
        await browser.send("/new/send", press="", person="yes")
    assert browser.path == "/new/done", browser.page.text
    found = re.search(r'class="number">(\w+)<', browser.page.text)
    assert found
    return found[1]


async def _acted(browser: Browser, choice: str, **fields: str) -> str:
    """Choose, read, confirm."""
    await browser.send("/case/act", press=choice)
    assert browser.path == f"/case/act/{choice}", browser.page.text
    await asyncio.sleep(0.8)  # a person reads; the process' own clock is looked at
    return await browser.send(f"/case/act/{choice}", fields)


def _words(case: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(entry["kind"], entry["by"], entry.get("via")) for entry in case["timeline"]]


@pytest.mark.parametrize("looks", [2, pytest.param(10, marks=pytest.mark.drill)])
async def test_a_customer_goes_through_a_whole_life_by_links_and_robots_change_nothing(
    office: Office, looks: int
) -> None:
    browser = Browser(office.up.pages)
    number = await _handed_in(office, browser)
    await office.letters(number, "已登记受理|已受理|受理")
    rewritten = set[str]()

    async def robots() -> None:
        """Before and after the customer: nothing of theirs is in the case."""
        standing = (await office.up.case(number))["timeline"]
        fresh = [link for link in office.links() if link not in rewritten]
        await look(office.up.pages, fresh or office.links(), looks)
        for link in fresh[-2:]:
            for cookies in (True, False):
                assert {*await rewrite(office.up.pages, link, cookies=cookies)} <= {200, 403, 404, 422}
                rewritten.add(link)
        assert (await office.up.case(number))["timeline"] == standing

    await office.up.until_case(number, lambda case: case["status"] == "awaiting_information")
    await browser.open(await office.link(number, "专属页面上补充"))
    await robots()
    await browser.open("/case/supply")
    assert "请至少填写一项" in await browser.send("/case/supply", press="supply")
    supplied = {"field:description.steps": "打开网址，输入账号，登录", "field:occurred_at": "2026-05-11T09:20"}
    asked = browser.form("/case/supply").fields
    answers = {key: value for key, value in supplied.items() if key in asked}
    page = await browser.send("/case/supply", answers, press="supply")
    assert "已收到您补充的内容" in page, page
    case = await office.up.until_case(number, lambda case: case["owner"] is not None)
    assert ("supplied", "customer", "link") in _words(case)
    await office.solve(number, "已清除缓存")
    first = await office.link(number, "已清除缓存(.|\n)*专属页面上告诉")
    await robots()
    page = await browser.open(first)
    assert "您的问题解决了吗" in page
    assert "已清除缓存" in page
    page = await _acted(browser, "refuse", text="")
    assert "请写明原因" in page
    page = await browser.send("/case/act/refuse", text="还是空白")
    assert browser.path == "/case"
    assert re.search(r"很抱歉没有让您满意。.+将在 .+ 前与您联系", page), page
    case = await office.up.until_case(number, lambda case: case["reopened"] == 1)
    assert ("refused", "customer", "link") in _words(case)
    # The link of before the reopening is void, and the session only shows.
    other_phone = Browser(office.up.pages)
    assert "这个链接已不能使用" in await other_phone.open(first)
    assert "choice" not in await browser.open("/case")

    await office.solve(number, "已换服务器")
    second = await office.link(number, "已换服务器(.|\n)*专属页面上告诉")
    assert second != first
    await robots()
    await browser.open(second)
    page = await _acted(browser, "confirm")
    assert "已收到您的确认" in page
    assert "请评价本次服务" in page
    await office.up.until_case(number, lambda case: case["status"] == "awaiting_rating")
    third = await office.link(number, "专属页面上评价")
    await robots()
    await other_phone.open(third)
    page = await _acted(other_phone, "rate-satisfied", text="处理很快")
    assert "已收到您的评价" in page
    case = await office.up.until_case(number, lambda case: case["status"] == "closed")
    assert (case["resolution"], case["satisfaction"]) == ("satisfied", "satisfied")
    assert ("confirmed", "customer", "link") in _words(case)
    assert ("rated", "customer", "link") in _words(case)
    await robots()
    page = await other_phone.open("/case")
    assert "已评价" in page
    assert "更正评价" in page
    page = await _acted(other_phone, "rate-very_satisfied")
    assert "已收到您的评价" in page
    await office.up.until_case(number, lambda case: case["satisfaction"] == "very_satisfied")
    page = await browser.open("/case")
    assert "已评价" in page
    assert "满意" in page
    # Each kind of link was among them.
    for word in ("补充信息", "告诉", "评价", "查看进度"):
        assert {await office.link(number, f"专属页面上{word}")} <= rewritten, word
    said = "\n".join(office.up.said)
    assert not [link for link in office.links() if link.removeprefix("/l/") in said]
    for one in (browser, other_phone):
        await one.close()


async def test_number_contact_and_a_code_let_a_customer_act_and_the_outbox_shows_no_code(office: Office) -> None:
    browser = Browser(office.up.pages)
    number = await _handed_in(office, browser)
    await office.up.until_case(number, lambda case: case["status"] is not None)
    await browser.open("/case/code")
    await browser.send("/case/code", press="")
    assert browser.path == "/case/code/enter", browser.page.text
    (letter,) = await office.letters(number, "验证码")
    found = re.search(r"^(\d{6})$", letter, re.MULTILINE)
    assert found
    code = found[1]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert "验证码不正确或已失效" in await browser.send("/case/code/enter", code=wrong)
    stranger = Browser(office.up.pages)
    await stranger.open("/case")
    await stranger.send("/case", number=number, contact=MAIL)
    await stranger.open("/case/code/enter")
    assert "验证码不正确或已失效" in await stranger.send("/case/code/enter", code=code)
    full_width = code.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    page = await browser.send("/case/code/enter", code=f" {full_width} ")
    assert browser.path == "/case"
    assert "撤销这个问题" in page
    rows = [row for row in await office.up.outbox(number) if row["event"] == "one_time_code"]
    assert [row["status"] for row in rows] == ["sent"]
    shown = (await office.up.run("outbox", number, "--json")).out + (await office.up.run("outbox", number)).out
    assert code not in shown
    assert code not in "\n".join(office.up.said)
    assert "验证码" not in page
    await browser.open("/case/supply")
    page = await browser.send(
        "/case/supply", press="supply", files={"日志.txt": "第 3 行报错".encode()}, text="附上日志"
    )
    assert "已收到您补充的内容" in page, page
    case = await office.up.until_case(number, lambda case: "supplied" in [one["kind"] for one in case["timeline"]])
    assert ("supplied", "customer", "code") in _words(case)
    assert "日志.txt" in await browser.open("/case")
    page = await _acted(browser, "withdraw", text="自己解决了")
    assert "已撤销" in page
    case = await office.up.until_case(number, lambda case: case["status"] == "closed")
    assert ("closed", "customer", "code") in _words(case)
    assert "choice" not in await browser.open("/case")
    for one in (browser, stranger):
        await one.close()
