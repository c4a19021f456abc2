"""A day of a service desk by the hands of its people, each in a browser of their own: from the call to the report
(R45, R49).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from starter.services.identity.sign_in import make_link
from tests.browser.visitor import Visitor, visiting
from tests.starter.web.office import Office
from tests.timeouts import TIMEOUT
from workflows.domain.vocabulary import Locale

pytestmark = pytest.mark.xdist_group("browser")

_SCRIPTS = ("/desk.js", "/take-in.js", "/board.js")
_DESK = {"width": 1280, "height": 800}
_TAPS = 2
"""From sign-in to an acknowledged escalation."""


@dataclass
class _Hand:
    """One of the staff, signed in by a mailed link in the browser that asked for it."""

    visitor: Visitor
    person: str

    async def opens(self, command: str, task: str = "") -> Any:
        """The form of an action on the page of a case, unfolded."""
        key = f"[name=department][value={task}]" if task else "[name=command]"
        form = self.visitor.page.locator(f"form:has([name=command][value={command}]):has({key})").first
        folded = self.visitor.page.locator("details:not([open])", has=form)
        if await folded.count():
            await folded.locator("summary").first.click()
        return form

    async def does(self, command: str, task: str = "", **typed: str) -> None:
        """Fill in the form of an action and send it: it is accepted."""
        form = await self.opens(command, task)
        for name, text in typed.items():
            field = form.locator(f"[name='{name}']")
            if await field.get_attribute("type") == "checkbox":
                await field.check()
            elif await field.evaluate("one => one.tagName") == "SELECT":
                await field.select_option(text)
            else:
                await field.fill(text)
        await self.sends(form)
        await self.accepted()

    async def sends(self, form: Any) -> None:
        await self.visitor.page.wait_for_load_state()
        async with self.visitor.page.expect_event("load"):
            await form.locator("button[type=submit]").last.click()

    async def accepted(self) -> None:
        await expect(self.visitor.page.locator("[data-told=accepted]")).to_be_visible()


@dataclass
class _Day:
    chromium: Browser
    office: Office
    stack: AsyncExitStack

    async def comes(self, person: str, path: str, locale: Locale = Locale.ZH_CN) -> _Hand:
        """Somebody `calls_in`, and stays to the end of the day."""
        return await self.stack.enter_async_context(self.calls_in(person, path, locale))

    @asynccontextmanager
    async def calls_in(
        self, person: str, path: str, locale: Locale = Locale.ZH_CN, *, look: bool = False
    ) -> AsyncIterator[_Hand]:
        """Somebody opens an address, and signs in on the way to it: by mail where each page is looked at, otherwise by
        an operator's link, since mails are limited for one address. Nothing was wrong on any page until they leave; an
        open page would be made anew with each step that others do.
        """
        pages = self.office.up.pages
        async with visiting(self.chromium, pages, locale, largest=100_000, own_scripts=_SCRIPTS) as visitor:
            yield await self._signed_in(visitor, person, path, look=look)
            await visitor.ends()

    async def _signed_in(self, visitor: Visitor, person: str, path: str, *, look: bool) -> _Hand:
        await visitor.open(path)
        assert visitor.path.startswith("/sign-in?to="), visitor.path
        if look:
            await visitor.look("sign-in")
            await visitor.page.fill("#address", f"{person}@example.com")
            await visitor.press(visitor.words["desk"]["sign_in"]["send"])
            await visitor.look("sign-in-sent")
            await visitor.open(await self.mailed(person, r"http://\S+(/sign-in/l/[a-z2-7]+)"))
            await visitor.look("sign-in-open")
        else:
            await visitor.page.set_viewport_size(_DESK)  # type: ignore[arg-type]
            link, _ = await make_link(self.office.up.settings, person, now=datetime.now(UTC))
            await visitor.open(link[link.index("/sign-in/l/") :])
        await visitor.press(visitor.words["desk"]["open"]["go"])
        if not look:
            await visitor.open(path if visitor.locale is Locale.ZH_CN else f"{path}?lang={visitor.locale}")
        assert visitor.path.partition("?")[0] == path
        return _Hand(visitor, person)

    async def mailed(self, person: str, pattern: str) -> str:
        """What the newest mail to somebody has of that."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                for mail in reversed(self.office.mail.mails):
                    body = mail.get_body(("plain",)) if f"{person}@" in str(mail["To"]) else None
                    if body and (found := re.findall(pattern, body.get_content())):
                        return str(found[-1])
                await asyncio.sleep(0.1)


async def _takes_in(hand: _Hand, name: str, symptom: str, email: str = "") -> str:
    """By telephone; answers the number that is read out."""
    page, words = hand.visitor.page, hand.visitor.words["desk"]["new"]
    await page.fill("#symptom", symptom)
    await page.select_option("#kind", "technical/登录异常")
    await page.fill("#name", name)
    await page.fill("#phone", "13800138000")
    await page.fill("#email", email)
    await page.fill("#product", "管理后台")
    await page.locator("details summary", has_text=words["details"]).click()
    await page.fill("#steps", "打开网址，登录")
    await page.fill("#occurred", "2026-05-11T09:20")
    await page.check("[name=blocks][value=yes]")
    await hand.visitor.press(words["send"])
    await hand.visitor.says(words["done"])
    return hand.visitor.path.rpartition("/")[2]


async def _is_told_by_telephone(day: _Day, number: str) -> None:
    """Who has a telephone alone is called, and stands on the list no more."""
    case = await day.office.up.until_case(number, lambda case: bool(case["owner"] and case.get("untold")))
    async with day.calls_in(case["owner"], "/desk/calls") as caller:
        await caller.visitor.says(number)
        await caller.does("told", text="The customer knows that we have it")
        await caller.visitor.open("/desk/calls")
        assert number not in await caller.visitor.text()


async def _claims_by_keys_alone(owner: _Hand) -> None:
    """What the case asks of its owner now comes first."""
    await owner.visitor.skip_to_content()
    await owner.visitor.tab_to(owner.visitor.words["desk"]["action"]["claim"])
    await owner.visitor.enter()
    await owner.accepted()


async def _goes_back(owner: _Hand, path: str) -> None:
    """By the button of the browser, to the page as it stands now: what is done is not offered again."""
    page = owner.visitor.page
    await page.go_back()
    assert urlsplit(page.url).path == path
    assert await page.locator("form:has([name=command][value=claim])").count() == 0
    assert await page.locator("form:has([name=command][value=reply])").count()


async def _is_overtaken(owner: _Hand, colleague: _Hand) -> None:
    """What was opened earlier and is sent after a colleague's step does nothing, names it, and loses no word."""
    form = await owner.opens("reply")
    await form.locator("textarea").fill("正在处理，请稍候")
    await colleague.does("note", text="客户又来电话了")
    await owner.sends(form)
    page = owner.visitor.page
    await expect(page.locator("[data-told]")).to_contain_text("客户又来电话了")
    form = await owner.opens("reply")
    assert await form.locator("textarea").input_value() == "正在处理，请稍候"
    await owner.sends(form)
    await owner.accepted()
    form = await owner.opens("reply")
    assert not await form.locator("textarea").input_value(), "what was sent is not proposed to be sent again"
    await page.go_back()  # to where it was refused
    form = await owner.opens("reply")
    assert not await form.locator("textarea").input_value(), "nor by the back button"


async def test_a_day_of_a_service_desk_goes_from_the_call_to_the_report_by_its_people_s_hands(
    chromium: Browser, office: Office
) -> None:
    async with AsyncExitStack() as stack:
        day, up = _Day(chromium, office, stack), office.up
        agent = await day.comes("agent-001", "/desk/new")
        number = await _takes_in(agent, "林晓", "登录后页面一直空白", "linxiao@example.com")
        path = f"/desk/cases/{number}"
        async with day.calls_in("agent-002", "/desk/new", Locale.EN) as second:
            by_telephone_alone = await _takes_in(second, "Maya Lindqvist", "The page stays white")
        await _is_told_by_telephone(day, by_telephone_alone)
        case = await up.until_case(number, lambda case: case["owner"] is not None)

        owner = await day.comes(case["owner"], path)
        await _claims_by_keys_alone(owner)
        await _goes_back(owner, path)
        await agent.visitor.open(path)
        await _is_overtaken(owner, agent)
        departments = {"sales": "请核对合同", "product": "请确认是否为已知缺陷"}
        for department, duty in departments.items():
            await owner.does("collaborate", department=department, duty=duty)
        await owner.does("escalate", why="客户要求尽快处理")
        asked = await up.until_case(
            number, lambda case: case["escalated_to"] and all(one["person"] for one in case["collaborations"])
        )
        for task in asked["collaborations"]:
            async with day.calls_in(task["person"], path) as answering:
                await answering.does(
                    "contribute", task["department"], result=f"{departments[task['department']]}：已办"
                )
        await _acknowledges_at_night(day, asked["escalated_to"], number)

        manager = await day.comes("director", "/desk/now")
        await _clicks_from_a_number_to_its_cases(manager, number)
        await owner.visitor.open(path)
        await owner.does("resolve", cause="缓存", solution="已清除缓存并重新登录", verified="yes")
        solved = await up.until_case(number, lambda case: case["follow_up"] is not None)
        caller = await day.comes(solved["follow_up"], "/desk/calls")
        await day.mailed("linxiao", "已清除缓存并重新登录")
        async with asyncio.timeout(TIMEOUT):  # until it is recorded that the customer has been told the result
            while not await caller.visitor.page.locator("[name=command][value=confirm]").count():
                await caller.visitor.open("/desk/calls")
        for command, typed in (("confirm", {}), ("rate", {"score": "satisfied", "comment": "很快"})):
            await caller.does(command, **typed)
        await caller.visitor.open("/desk/calls")
        assert number not in await caller.visitor.text(), "nobody is called about it again"
        closed = await up.until_case(number, lambda case: case["status"] == "closed")

        async with day.calls_in("tech-head", "/desk/kb") as editor:
            await _publishes(editor, number)
        taken_in = datetime.fromisoformat((await office.up.case(number))["received_at"])
        await _reads_the_report(manager, str(taken_in.date()))
    kinds = [entry["kind"] for entry in closed["timeline"]]
    assert kinds.count("claimed") == kinds.count("replied") == kinds.count("acknowledged") == 1
    rated = next(entry for entry in closed["timeline"] if entry["kind"] == "rated")
    assert (closed["satisfaction"], rated["by"], rated["detail"]["relayed_by"]) == (
        "satisfied", "customer", closed["follow_up"],
    )  # fmt: skip
    assert {one["status"] for one in closed["collaborations"]} == {"done"}


async def _acknowledges_at_night(day: _Day, person: str, number: str) -> None:
    """By the link of the message, on a telephone."""
    link = await day.mailed(person, rf"http://[^/\s]+(/desk/cases/{number})")
    async with day.calls_in(person, link, look=True) as supervisor:
        taps, page = 0, supervisor.visitor.page
        assert page.viewport_size is not None and page.viewport_size["width"] == 390
        button = supervisor.visitor.button(supervisor.visitor.words["desk"]["action"]["acknowledge"])
        while not await page.locator("[data-told=accepted]").count():
            if not await button.is_visible():
                await page.locator("summary", has=button).click()
                taps += 1
            async with page.expect_event("load"):
                await button.click()
            taps += 1
        assert taps <= _TAPS
        await supervisor.visitor.look("case-acknowledged")


async def _clicks_from_a_number_to_its_cases(manager: _Hand, number: str) -> None:
    page = manager.visitor.page
    await manager.visitor.open("/board")
    await page.locator("main li a:has(b)").first.click()
    await page.wait_for_url("**/desk/cases?*")
    await manager.visitor.open("/desk/now")
    total = page.locator("main a[href='/desk/cases?status=open']").first
    shown = int(await total.inner_text())
    await total.click()
    await page.wait_for_url("**/desk/cases?status=open")
    await manager.visitor.says(number)
    assert await page.locator("main ul.cases > li").count() == min(shown, 50)


async def _publishes(editor: _Hand, number: str) -> None:
    page, words = editor.visitor.page, editor.visitor.words["desk"]["kb"]
    await editor.visitor.open("/desk/kb?status=draft")
    await page.locator("ul.told li h2 a").first.click()
    await editor.visitor.says(number)
    await editor.visitor.press(words["publish"])
    await editor.accepted()
    await editor.visitor.look("article-published")


async def _reads_the_report(manager: _Hand, today: str) -> None:
    page = manager.visitor.page
    await manager.visitor.open("/desk/reports")
    await page.fill("#from", today)
    await page.fill("#to", today)
    await manager.visitor.press(manager.visitor.words["desk"]["report"]["read"])
    assert today in await page.inner_text("body")
