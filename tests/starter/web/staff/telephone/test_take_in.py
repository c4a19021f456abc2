"""Taking in by telephone: nothing that was typed is lost, and nothing becomes two cases (R1-R3, R8, R49)."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.tables import intake_draft, registration
from activities.intake.drafts import KEPT_FOR, Drafts
from tests.activities.queries.test_customer_view import PHONE
from tests.builders import NUMBER
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import signed_in

_PATH = "/desk/new"
_WORDS = "收银台突然打不开了，全部门店都不能收款"


@pytest.fixture(autouse=True)
async def _no_drafts(portal: Portal) -> None:
    await Drafts(portal.installation.database).sweep(portal.now() + 2 * KEPT_FOR)


async def _form(portal: Portal, number: str) -> dict[str, Any]:
    async with portal.installation.database.read() as connection:
        found: Any = await connection.scalar(select(registration.c.form).where(registration.c.number == number))
    return dict(found)


async def _drafts(portal: Portal, person: str) -> int:
    return len(await Drafts(portal.installation.database).unfinished(person))


async def _fill(browser: Browser, press: str = "send", **more: str) -> str:
    typed = {"name": "何川", "phone": "13912340001", "symptom": _WORDS, **more}
    return await browser.send(_PATH, typed, press=press)


def _number(browser: Browser) -> str:
    found = re.fullmatch(r"/desk/new/done/(FB\d+)", browser.path)
    assert found, browser.page.text
    return found[1]


async def test_a_known_caller_is_found_and_taken_with_their_cases_beside(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    text = await agent.send(_PATH, press="find", who=f"+86 {PHONE[:3]} {PHONE[3:]}")
    assert f'href="/desk/cases/{NUMBER}"' in text, "their other cases are beside it"
    text = await agent.send(_PATH, press=NUMBER)
    form = agent.form(_PATH)
    assert (form.fields["phone"][-11:], form.fields["name"]) == (PHONE, "王芳")
    stranger = await signed_in(portal, "sales-001")
    await stranger.open(_PATH)
    text = await stranger.send(_PATH, press="find", who=PHONE)
    assert NUMBER not in text, "whose cases are none of theirs is nobody they know"
    assert stranger.form(_PATH).fields["phone"] == PHONE, "a number that nobody has is the caller's"
    await stranger.post(_PATH, {**stranger.form(_PATH).fields, "take": NUMBER})
    assert "王芳" not in stranger.page.text


async def test_rules_say_type_priority_and_what_to_ask_before_anything_is_registered(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    text = await _fill(agent, "check")
    assert agent.status == 200, text
    proposed = text.partition("<aside")[2]
    assert 'class="priority P' in proposed
    assert "请询问" in proposed
    assert "产品" in proposed


async def test_what_is_registered_is_the_telephone_s_and_whose_session_it_is(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    await agent.post(
        _PATH, {**agent.form(_PATH).fields, "name": "何川", "phone": "13912340002", "symptom": _WORDS, "do": "send",
                "received_by": "duty-001", "channel": "portal", "kind": "technical/登录异常", "priority": "P0"},
    )  # fmt: skip
    form = await _form(portal, _number(agent))
    assert (form["channel"], form["received_by"]) == ("hotline", "tech-001")
    assert (form["type"], form["subtype"], form["priority"]) == ("technical", "登录异常", "P0")
    assert await _drafts(portal, "tech-001") == 0, "what has become a case is kept there alone"


async def test_a_form_that_is_sent_four_times_is_one_case_and_a_changed_one_is_told(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    form = agent.form(_PATH)
    sent = {**form.fields, "who": "13912340003", "name": "何川", "phone": "13912340003", "symptom": _WORDS}
    sent["do"] = "send"
    files = [("files", ("screen.txt", b"a log"))]
    answers = await asyncio.gather(*(agent.client.post(_PATH, data=sent, files=files) for _ in range(2)))
    answers += [await agent.client.post(_PATH, data=sent, files=files)]
    number = {answer.headers.get("location") for answer in answers}
    assert len(number) == 1, [answer.text for answer in answers]
    text = await agent.post(_PATH, {**sent, "symptom": "另一件事"})
    assert agent.status == 409
    assert "另一件事" in text
    assert str(number.pop()).rpartition("/")[2] in text


async def test_what_is_wrong_is_said_at_the_field_and_on_top_and_nothing_is_lost(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    long, rtl = "永" * 2_000, "محمد العربي"
    wrong = {"name": long, "company": rtl, "phone": "12", "email": "x@", "occurred": "9999-01-01T00:00", "kind": "x"}
    text = await agent.post(_PATH, {**agent.form(_PATH).fields, **wrong, "symptom": _WORDS, "do": "send"})
    assert agent.status == 422
    for name in ("name", "phone", "email", "occurred", "kind"):
        assert f'href="#{name}"' in text, name
        assert f'id="{name}-error"' in text, name
    assert agent.form(_PATH).fields["name"] == long
    assert agent.form(_PATH).fields["company"] == rtl
    text = await agent.send(_PATH, press="send", name=rtl, phone="13912340004", email="", occurred="", symptom="\x01")
    assert agent.status == 422
    await agent.send(_PATH, press="send", symptom="<script>alert(1)</script>")
    assert (await _form(portal, _number(agent)))["customer"]["name"] == rtl


async def test_a_closed_browser_and_an_ended_session_lose_nothing(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    form = agent.form(_PATH)
    await agent.post(f"{_PATH}/beside", {**form.fields, "name": "白露", "symptom": _WORDS}, multipart=True)
    assert agent.status == 200
    assert 'data-part="proposal"' in agent.page.text
    await agent.open(_PATH)
    draft = f"{_PATH}?draft={form.fields['draft']}"
    assert draft in agent.page.text
    outside = portal.browser()
    answer = await outside.client.get(draft)
    assert answer.headers["location"] == f"/sign-in?to={draft.replace('?', '%3F').replace('=', '%3D')}"
    text = await outside.post(_PATH, {**form.fields, "symptom": "刚刚说的", "do": "send"})
    assert (outside.status, "刚刚说的" in text) == (401, True)
    again = await signed_in(portal, "tech-001")
    await again.open(draft)
    assert again.form(_PATH).fields["symptom"] == _WORDS
    other = await signed_in(portal, "sales-001")
    text = await other.open(draft)
    assert "白露" not in text, "another person's"
    await other.post(f"{_PATH}/beside", {**other.form(_PATH).fields, "draft": form.fields["draft"], "name": "我"})
    await again.open(draft)
    assert again.form(_PATH).fields["name"] == "白露"
    await again.send(_PATH, press="drop")
    assert await _drafts(portal, "tech-001") == 0


async def test_two_windows_do_not_overwrite_each_other_in_silence(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    first = agent.form(_PATH).fields
    await agent.post(f"{_PATH}/beside", {**first, "symptom": "第一"})
    await agent.open(f"{_PATH}?draft={first['draft']}")
    second = agent.form(_PATH).fields
    await agent.post(f"{_PATH}/beside", {**second, "symptom": "第二"})
    assert agent.status == 200
    await agent.post(f"{_PATH}/beside", {**first, "symptom": "第一，又一句"})
    assert agent.status == 409
    text = await agent.post(_PATH, {**first, "symptom": "第一，又一句", "do": "check"})
    assert agent.status == 409
    assert "第一，又一句" in text
    await agent.open(f"{_PATH}?draft={first['draft']}")
    assert agent.form(_PATH).fields["symptom"] == "第二"
    await agent.post(_PATH, {**first, "symptom": "第一，又一句", "do": "check"})
    await _fill(agent, "check", symptom="第一，又一句")
    assert agent.status == 200, "whoever was told may let it stand"


async def test_files_are_kept_with_the_draft_and_one_that_is_refused_is_named(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    form = agent.form(_PATH)
    sent = {**form.fields, "name": "何川", "phone": "13912340005", "symptom": _WORDS}
    text = await agent.post(f"{_PATH}/beside", sent, files={"a.txt": b"log", "b.txt": b"more"}, multipart=True)
    assert "a.txt" in text
    text = await agent.post(f"{_PATH}/beside", sent, files={"setup.exe": b"MZ"}, multipart=True)
    assert "setup.exe" in text
    assert "a.txt" in text
    removed = re.findall(r'name="remove" value="([0-9a-f]+)"', text)[1]
    await agent.post(f"{_PATH}/beside", {**sent, "remove": removed})
    await agent.post(_PATH, {**sent, "do": "send"})
    number = _number(agent)
    assert [file.name for file in await portal.installation.file_ledger.of_case(number)] == ["a.txt"]
    assert (await _form(portal, number))["attachments"] == ["a.txt"]


async def test_what_nobody_sends_is_forgotten_after_some_days(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    await _fill(agent, "check", name="待忘")
    drafts = Drafts(portal.installation.database)
    await drafts.sweep(portal.now() + KEPT_FOR - timedelta(hours=1))
    assert await _drafts(portal, "tech-001") >= 1
    await drafts.sweep(portal.now() + KEPT_FOR + timedelta(hours=1))
    async with portal.installation.database.read() as connection:
        assert (await connection.execute(select(intake_draft))).all() == []


async def test_a_page_of_another_session_saves_nothing(portal: Portal) -> None:
    agent = await signed_in(portal, "tech-001")
    await agent.open(_PATH)
    fields = {**agent.form(_PATH).fields, "symptom": _WORDS, "csrf": "0" * 64}
    for path in (_PATH, f"{_PATH}/beside"):
        text = await agent.post(path, {**fields, "do": "send"})
        assert agent.status == 403
    answer = await agent.client.post(_PATH, data=fields, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert text
    assert await _drafts(portal, "tech-001") == 0
