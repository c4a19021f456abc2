"""Pages of what goes wrong, and of what few see, in a real browser: everybody can read and use them (R40, R41)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import select, update

from activities.database.tables import case_record
from activities.portal.sessions import Sessions, new_cookie
from starter.web.throttling.limits import CODE_TRIES, CODES, FORMS, GUESSES, LINKS
from tests.activities.queries.test_customer_view import PHONE
from tests.browser.visitor import Visitor, visiting
from tests.builders import NUMBER
from tests.starter.web.conftest import Portal, policy, portal, served
from workflows.domain.vocabulary import CUSTOMER, LinkPurpose, Locale, Via

__all__ = ["policy", "portal", "served"]

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.parametrize("locale", list(Locale))]


async def _guess(visitor: Visitor) -> None:
    await visitor.open("/case")
    await visitor.page.fill("#number", NUMBER)
    await visitor.page.fill("#contact", PHONE)
    await visitor.press(visitor.words["follow"]["go"])


async def _let_in(portal: Portal, visitor: Visitor) -> None:
    """By a code, to do everything."""
    cookie = new_cookie()
    await Sessions(portal.installation.database).begin(
        cookie, NUMBER, via=Via.CODE, purpose=None, cycle=None, now=portal.now()
    )
    await visitor.keeps(bihuan=cookie)
    await visitor.open(f"/case?lang={visitor.locale}")


async def test_whoever_tries_too_often_reads_what_to_do(chromium: Browser, portal: Portal, locale: Locale) -> None:
    async with visiting(chromium, portal.address, locale) as visitor:
        words = visitor.words
        await visitor.open(f"/l/{'a' * 32}")
        await visitor.says(words["follow"]["link_title"])
        await visitor.look("link-wrong")
        await portal.spend(LINKS)
        for _ in range(7):
            await visitor.open(f"/l/{'a' * 32}")
            name = "turned-away" if await visitor.page.locator("form").count() == 0 else "link-limited"
            if name not in visitor.shown:
                await visitor.look(name)
        assert {"link-limited", "turned-away"} <= visitor.shown
        await visitor.says(words["trouble"]["too_many"]["text"])
        await portal.spend(GUESSES)
        await _guess(visitor)
        assert visitor.path == "/case/proof"
        await visitor.look("proof")
        await visitor.page.fill("#code", "123456")
        await visitor.press(words["code"]["go"])
        await visitor.says(words["code"]["wrong"])
        await visitor.look("proof-wrong")
        await portal.spend(CODE_TRIES)
        await visitor.press(words["code"]["go"])
        await visitor.look("proof-limited")
        await portal.spend(GUESSES, CODES)
        await _guess(visitor)
        await visitor.says(words["note"]["too_many"])
        await visitor.look("follow-limited")
        await portal.spend(FORMS)
        await _guess(visitor)
        await visitor.says(words["trouble"]["too_many"]["title"])
        await visitor.look("forms-limited")
        await visitor.ends()


async def test_a_file_that_is_refused_is_named_where_it_was_chosen(
    chromium: Browser, portal: Portal, locale: Locale, tmp_path: Path
) -> None:
    kinds = {"setup.exe": b"MZ", "empty.pdf": b"", "page.png": b"<html></html>"}
    for name, content in kinds.items():
        (tmp_path / name).write_bytes(content)
    many = [tmp_path / f"{place}.txt" for place in range(6)]
    for file in many:
        file.write_text("a note")
    async with visiting(chromium, portal.address, locale) as visitor:
        words, page = visitor.words, visitor.page
        await visitor.open("/new")
        await page.fill("#symptom", "x" * 30)
        await page.fill("#name", "Maya")
        await page.fill("#phone", "13912345678")
        for files in ([tmp_path / name] for name in kinds):
            await page.set_input_files("#files", files)
            await visitor.press(words["new"]["go_on"])
            await visitor.says(files[0].name)
            await visitor.look(f"new-refused-{files[0].stem}")
        await page.set_input_files("#files", many)
        await visitor.press(words["new"]["go_on"])
        await visitor.look("new-refused-many")
        await visitor.open(await portal.link(LinkPurpose.CONFIRM, await _cycle(portal)))
        await visitor.open(f"/case?lang={locale}")
        await visitor.open("/case/supply")
        await page.set_input_files("#files", tmp_path / "setup.exe")
        await visitor.press(words["supply"]["send"])
        await visitor.says("setup.exe")
        await visitor.look("supply-refused")
        await visitor.ends()


async def _cycle(portal: Portal) -> int:
    return portal.case.case.reopened


async def test_a_submission_that_was_changed_and_sent_again_names_the_first(
    chromium: Browser, portal: Portal, locale: Locale
) -> None:
    async with visiting(chromium, portal.address, locale) as visitor:
        words, page, draft = visitor.words, visitor.page, ""
        for time in range(2):
            await visitor.open("/new")
            if draft:
                await page.evaluate("draft => document.querySelector('[name=draft]').value = draft", draft)
            draft = await page.input_value("[name=draft]")
            await page.fill("#symptom", f"the window stays white {time}")
            await page.fill("#name", "Maya")
            await page.fill("#phone", "13912345678")
            portal.later(seconds=30)
            await visitor.press(words["new"]["go_on"])
            await visitor.press(words["check"]["send"])
        await visitor.says(words["known"]["title"])
        await visitor.look("known")
        await visitor.ends()


async def test_while_something_is_away_the_page_says_so_and_keeps_what_was_typed(
    chromium: Browser, portal: Portal, locale: Locale
) -> None:
    async with visiting(chromium, portal.address, locale) as visitor:
        visitor.outage = True
        words, page = visitor.words, visitor.page
        await _let_in(portal, visitor)
        await visitor.open("/case")
        await visitor.press(words["case"]["withdraw"])
        await visitor.look("act-withdraw")
        portal.later(seconds=3)
        await visitor.press(words["act"]["withdraw"]["sure"])
        await visitor.says(words["act"]["why_wanted"])
        await visitor.look("act-withdraw-errors")
        await page.fill("#text", "it works now")
        await visitor.press(words["act"]["withdraw"]["sure"])  # Temporal is away
        await visitor.says(words["note"]["outage"])
        assert await page.input_value("#text") == "it works now"
        await visitor.look("act-outage")
        await visitor.open("/case/supply")
        await page.fill("#text", "one more thing")
        await visitor.press(words["supply"]["send"])
        await visitor.says(words["note"]["outage"])
        assert await page.input_value("#text") == "one more thing"
        await visitor.look("supply-outage")
        await visitor.open("/case/code")
        await visitor.press(words["code"]["send"])
        await visitor.look("code-outage")
        await visitor.open("/case/supply")
        await page.fill("#text", "kept")
        file = portal.settings.data / "bihuan.db"
        away = file.rename(file.with_name("away.db"))
        try:
            await visitor.press(words["supply"]["send"])
            await visitor.says(words["trouble"]["outage"]["title"])
            await visitor.look("outage-kept")
            await visitor.open("/case")
            await visitor.look("outage")
        finally:
            away.rename(file)
        await visitor.ends()


async def test_what_was_sent_back_by_mistake_can_be_accepted_after_all_while_nobody_is_at_it(
    chromium: Browser, portal: Portal, locale: Locale
) -> None:
    if not portal.case.case.reopened:
        await portal.case.send("refuse", CUSTOMER, via=Via.CODE, why="按错了")
    async with portal.installation.database.begin() as connection:
        mine = case_record.c.number == NUMBER
        view = (await connection.execute(select(case_record.c.view).where(mine))).scalar_one()
        view |= {"retractable_until": (portal.now() + timedelta(days=1)).isoformat()}
        await connection.execute(update(case_record).where(mine).values(view=view))
    async with visiting(chromium, portal.address, locale) as visitor:
        await _let_in(portal, visitor)
        await visitor.open("/case")
        await visitor.look("case-after-all")
        await visitor.page.locator("button[value=confirm]").click()
        await visitor.says(visitor.words["act"]["confirm"]["sure"])
        await visitor.look("act-after-all")
        await visitor.ends()
