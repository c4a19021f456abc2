"""The desk in a real browser: its pages can be read and used by everybody, nothing typed is lost, and what others do
to a case is seen at once (R49).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Route, expect

from starter.services.identity.sessions import revoke_sessions
from starter.services.knowledge import edit_article
from starter.web.staff.app import PAGES
from tests.browser.visitor import Visitor, session_of, visiting
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal, policy, portal, served
from tests.starter.web.staff.desk.test_lists import listed
from tests.starter.web.staff_door import link_for
from tests.timeouts import TIMEOUT
from workflows.domain.vocabulary import Locale

__all__ = ["listed", "policy", "portal", "served"]

pytestmark = pytest.mark.xdist_group("browser")

_TEMPLATES: Final = Path(__file__).parents[2] / "templates" / "web" / "staff"
_CASE, _REVIEW = f"/desk/cases/{NUMBER}", "/desk/reviews/FB202405060002"
_LOOKED_AT: Final[Mapping[str, Sequence[str]]] = {
    "/desk": ("/desk",),
    "/desk/sessions": ("/desk/sessions",),
    "/desk/department": ("/desk/department",),
    "/desk/unclaimed": ("/desk/unclaimed",),
    "/desk/stuck": ("/desk/stuck",),
    "/desk/cases": ("/desk/cases?status=open", "/desk/cases?priority=P9"),
    "/desk/kb": ("/desk/kb?q=网络错误",),
    "/desk/kb/{key}": ("/desk/kb/KB0001",),
    "/desk/reviews": ("/desk/reviews",),
    "/desk/reviews/{number}": (_REVIEW,),
    "/desk/reports": ("/desk/reports",),
    "/desk/cases/{number}": (_CASE, "/desk/cases/FB202405060103"),
}
"""Pages, and addresses at which they are looked at here."""
_ELSEWHERE: Final = {
    "/board", "/desk/now",  # test_board
    "/desk/new", "/desk/new/done/{number}", "/desk/calls",  # test_take_in
    "/sign-in", "/sign-in/l/{secret}",  # test_day
}  # fmt: skip
_NO_PAGES: Final = {
    "/sign-in/oidc", "/sign-in/callback", "/desk/events", "/board/now", "/desk/reviews/{number}/report",
    "/desk/cases/{number}/files/{id}", "/desk/cases/{number}/files/{id}/small",
}  # fmt: skip
"""They send on, or answer with a part of a page or a document."""


def test_no_page_of_the_staff_is_forgotten_when_pages_are_looked_at() -> None:
    assert {one.path for one in PAGES if one.method == "GET"} == {*_LOOKED_AT, *_ELSEWHERE, *_NO_PAGES}


def test_what_is_typed_into_any_form_of_the_staff_is_kept() -> None:
    """By the form's name; `/desk/new` keeps drafts of its own."""
    for template in _TEMPLATES.glob("*.html"):
        for form in re.findall(r"<form method=\"post\".*?</form>", template.read_text("utf-8"), re.DOTALL):
            is_typed_into = re.search("<textarea|parts.area|field\\(", form) and template.name != "take_in.html"
            assert not is_typed_into or ' id="' in form.partition(">")[0], (template.name, form[:200])


@asynccontextmanager
async def _desk(chromium: Browser, portal: Portal, locale: Locale, person: str, **more: Any) -> AsyncIterator[Visitor]:
    """That person, signed in."""
    scripts = ("/desk.js",)
    async with visiting(chromium, portal.address, locale, largest=100_000, own_scripts=scripts, **more) as visitor:
        await visitor.keeps(**{"bihuan-desk": await session_of(portal, person), "bihuan-language": locale})
        yield visitor


async def _sign_in(portal: Portal, visitor: Visitor, person: str) -> None:
    """By a link, on the page that it leads to."""
    await visitor.open(await link_for(portal, person))
    await visitor.page.locator("button[value=sign_in]").click()
    await visitor.page.wait_for_url("**/desk*")


async def _look_at(visitor: Visitor, path: str) -> None:
    await visitor.open(path)
    for summary in await visitor.page.locator("main summary").all():
        await summary.click()
    await visitor.look(path.partition("?")[0].strip("/").replace("/", "-"))


@pytest.mark.parametrize("locale", list(Locale))
async def test_every_page_of_the_desk_can_be_read_and_used(
    chromium: Browser, portal: Portal, listed: Portal, locale: Locale
) -> None:
    """On a telephone and on a desk, in both languages."""
    async with _desk(chromium, portal, locale, "director", judged=(390, 1280)) as visitor:
        for path in (one for some in _LOOKED_AT.values() for one in some):
            await _look_at(visitor, path)
        await _sign_in(portal, visitor, "tech-001")
        await _look_at(visitor, _CASE)  # with the forms of its owner
        await visitor.ends()


async def test_what_was_typed_outlives_the_session(
    chromium: Browser, portal: Portal, listed: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.services.feed.feed.CHECK_EVERY", 0.2)
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        page, words = visitor.page, visitor.words["desk"]
        await visitor.open(_CASE)
        await page.locator("summary", has_text=words["action"]["note"]).click()
        await page.fill("#note-text", "half a note")
        visitor.outage = True  # there is no Temporal
        await visitor.press(words["action"]["note"])
        await visitor.says(words["told"]["outage"])
        await page.fill("#note-text", "half a note, and more")
        await portal.case.send("note", "tech-002", text="meanwhile")
        await expect(page.locator("#moved")).to_contain_text("meanwhile")
        assert await page.input_value("#note-text") == "half a note, and more"
        assert await revoke_sessions(portal.settings, "tech-001")
        await expect(page.locator("#moved")).to_contain_text(words["time"]["out"], timeout=TIMEOUT * 1000)
        await visitor.look("signed-out")
        await visitor.press(words["action"]["note"])
        await visitor.says(words["again"]["kept"])
        await _sign_in(portal, visitor, "tech-001")
        await visitor.open(_CASE)
        assert await page.input_value("#note-text") == "half a note, and more"
        await expect(page.locator("#note-text")).to_be_visible()
        await visitor.ends()


async def test_what_was_typed_is_never_put_over_what_a_colleague_changed_meanwhile(
    chromium: Browser, portal: Portal, listed: Portal
) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-head") as visitor:
        page, words, article = visitor.page, visitor.words["desk"], "/desk/kb/KB0001"
        await visitor.open(article)
        await page.locator("summary", has_text=words["kb"]["change"]).click()
        await page.fill("#form-edit [name=cause]", "half a cause")
        await visitor.open(article)
        assert await page.input_value("#form-edit [name=cause]") == "half a cause"
        await edit_article(portal.settings, "KB0001", by="tech-head", fields={"cause": "the whole cause"})
        await visitor.open(article)
        assert await page.input_value("#form-edit [name=cause]") == "the whole cause"
        kept = page.get_by_label(words["kb"]["field"]["cause"], exact=True).first
        assert await kept.input_value() == "half a cause"
        await visitor.look("typed-before")
        await page.locator("summary", has_text=words["kb"]["change"]).click()
        await page.fill("#form-edit [name=cause]", "another cause")
        await visitor.open(article)
        assert await page.input_value("#form-edit [name=cause]") == "another cause"
        assert await kept.input_value() == "half a cause"
        await visitor.button(words["time"]["drop"]).click()
        await visitor.open(article)
        assert "half a cause" not in await page.content()
        assert await visitor.button(words["time"]["drop"]).count() == 0
        await visitor.open(_REVIEW)
        await page.fill("#root_cause", "half a report")
        await page.fill("#form-review [name=what0]", "half a measure")
        await visitor.open(_REVIEW)
        assert await page.input_value("#root_cause") == "half a report"
        assert await page.input_value("#form-review [name=what0]") == "half a measure"
        await visitor.ends()


async def test_a_case_is_found_and_worked_on_by_the_keyboard_alone_and_without_scripts(
    chromium: Browser, portal: Portal, listed: Portal
) -> None:
    async with _desk(chromium, portal, Locale.EN, "tech-001", script=False) as visitor:
        page, words = visitor.page, visitor.words["desk"]["action"]
        visitor.outage = True  # there is no Temporal
        await visitor.open("/desk")
        await visitor.skip_to_content()
        await visitor.tab_to(NUMBER)
        await visitor.enter()
        assert visitor.path == _CASE
        await visitor.skip_to_content()
        await visitor.tab_to(words["note"])
        await page.keyboard.press("Enter")
        await visitor.tab_to("note-text")
        await page.keyboard.type("by keys alone")
        await visitor.tab_to(words["note"])
        await visitor.enter()
        assert await page.input_value("#note-text") == "by keys alone"
        await visitor.says(visitor.words["desk"]["told"]["outage"])
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
        await page.evaluate("document.getElementById('note-text').value = 'as the back button fills it in'")
        await portal.case.send("note", "tech-002", text="and a last time")
        await expect(page.locator("#moved")).to_contain_text("and a last time")
        assert await page.input_value("#note-text") == "as the back button fills it in"
        await visitor.ends()


async def test_what_one_does_in_another_window_is_seen_in_this_one_and_is_no_news(
    chromium: Browser, portal: Portal, listed: Portal
) -> None:
    """Also what is done after a page was made and before it listens."""
    async with _desk(chromium, portal, Locale.EN, "tech-001") as visitor:
        streams: list[str] = []
        for text in ("in a window of its own", "in the first of two"):
            window, may_listen = await visitor.context.new_page(), asyncio.Event()

            async def listen(route: Route, *, may_listen: asyncio.Event = may_listen) -> None:
                streams.append(route.request.url)
                await may_listen.wait()
                await route.continue_()

            await window.route("**/desk/events*", listen)
            await window.goto(f"{visitor.origin}{_CASE}")
            await portal.case.send("note", "tech-001", text=text)
            may_listen.set()
            for one in visitor.context.pages[1:]:
                await expect(one.locator("[data-live=timeline] li").first).to_contain_text(text)
                await expect(one.locator("#moved")).to_be_hidden()
        assert ["&after=" in one for one in streams] == [False, True]
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
        await expect(clock).to_have_text(re.compile(r"in 5\d min"))
        await page.clock.fast_forward("03:00:00")
        await expect(clock).to_have_text(re.compile(r"^2 h.* late$"))
        await visitor.ends()
