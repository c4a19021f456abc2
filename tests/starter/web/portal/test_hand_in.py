"""A customer hands an issue in: once, whatever they press, and nothing that they typed is lost (R1-R3, R40)."""

from __future__ import annotations

import asyncio
import io

from PIL import Image

from starter.web.throttling.limits import SUBMISSIONS
from tests.starter.web.browser import Browser, links_of
from tests.starter.web.conftest import Portal
from workflows.domain.model import Json

_ANSWERS = {
    "symptom": "点击保存后提示系统错误，订单没有生成",
    "product": "收银台",
    "steps": "打开收银台，扫码，保存",
    "blocks": "yes",
    "name": "林晓",
    "phone": "13912345678",
    "email": "linxiao@example.com",
    "contact": "email",
}


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "#3366aa").save(written, "PNG")
    return written.getvalue()


async def _forms(portal: Portal) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for number in await portal.installation.register.unstarted():
        form = await portal.installation.register.form(number)
        assert form is not None
        found[number] = form
    return found


async def _checked(portal: Portal, browser: Browser, files: dict[str, bytes] | None = None, **changes: str) -> str:
    """The page to check the answers, as long after the form was opened as a person needs."""
    await browser.open("/new")
    portal.later(seconds=30)
    return await browser.send("/new", {**_ANSWERS, **changes}, files=files)


async def test_an_issue_with_a_picture_gets_its_number_at_once_and_the_case_has_the_picture(
    portal: Portal,
) -> None:
    browser = portal.browser()
    page = await _checked(portal, browser, {"图 1.png": _picture()}, occurred="2026-05-11T09:20")
    assert "检查您填写的内容" in page
    assert "图 1.png" in page
    page = await browser.send("/new/send", press="")
    assert browser.path == "/new/done"
    number = page.partition('class="number">')[2].partition("<")[0]
    form = (await _forms(portal))[number]
    assert (form["channel"], form["product"]) == ("portal", "收银台")
    assert form["occurred_at"] == "2026-05-11T01:20:00Z"
    assert form["impact"] == {"blocks_normal_use": True, "effect": None}
    assert form["attachments"] == ["图 1.png"]
    page = await browser.open("/case")
    assert number in page
    (address,) = [link for link in links_of(page) if link.startswith("/files/")]
    answer = await browser.client.get(address)
    assert answer.content == _picture()
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    small = await browser.client.get(f"{address}/small")
    assert Image.open(io.BytesIO(small.content)).format == "JPEG"
    assert (await portal.browser().client.get(address)).status_code == 303


async def test_a_double_click_a_reload_and_the_back_button_are_one_case(portal: Portal) -> None:
    browser = portal.browser()
    before = set(await _forms(portal))
    await _checked(portal, browser)
    form = browser.form("/new/send")
    both = await asyncio.gather(*(browser.client.post("/new/send", data=form.fields) for _ in range(2)))
    assert {answer.headers["location"] for answer in both} == {"/new/done"}
    await browser.open("/new/done")
    (number,) = set(await _forms(portal)) - before
    # What is in the form belongs to the cookie that the form was made with.
    again = portal.browser()
    await again.open("/new")
    token = again.form("/new").fields["csrf"]
    page = await again.post("/new/send", {**form.fields, "csrf": token})
    assert number in page
    changed = portal.browser()
    await changed.open("/new")
    token = changed.form("/new").fields["csrf"]
    page = await changed.post("/new/send", {**form.fields, "symptom": "别的问题，完全不同", "csrf": token})
    assert changed.status == 409
    assert number in page
    assert set(await _forms(portal)) - before == {number}


async def test_what_is_wrong_stands_on_top_and_at_the_field_and_all_that_was_typed_is_kept(portal: Portal) -> None:
    browser = portal.browser()
    page = await _checked(portal, browser, email="kein", phone="12", name="", occurred="2999-01-01T00:00")
    assert browser.status == 422
    for words in ("请填写正确的邮箱", "请填写正确的电话号码", "请填写您的姓名", "不能晚于现在"):
        assert page.count(words) == 2, words
    fields = browser.form("/new").fields
    assert (fields["email"], fields["phone"], fields["symptom"]) == ("kein", "12", _ANSWERS["symptom"])
    assert (fields["blocks"], fields["contact"]) == ("yes", "email")
    page = await browser.send("/new", name="林晓", email="", phone="", contact="", occurred="")
    assert page.count("请至少填写电话或邮箱") == 2


async def test_a_form_left_open_overnight_is_sent_with_one_more_click(portal: Portal) -> None:
    browser = portal.browser()
    await browser.open("/new")
    stale = browser.form("/new").fields
    browser.client.cookies.clear()
    long = {**_ANSWERS, "symptom": "很长的描述。" * 300}
    portal.later(hours=14)
    page = await browser.post("/new", {**stale, **long, "do": "check"}, files={"照片.png": _picture()}, multipart=True)
    assert browser.status == 403
    assert "请再按一次" in page
    assert browser.form("/new").fields["symptom"] == long["symptom"]
    page = await browser.send("/new")
    assert "检查您填写的内容" in page
    assert "照片.png" in page
    stale = browser.form("/new/send").fields
    browser.client.cookies.clear()
    assert "请再按一次" in await browser.post("/new/send", stale)
    await browser.send("/new/send")
    assert browser.path == "/new/done"


async def test_a_file_that_is_not_allowed_is_named_and_the_others_stay(portal: Portal) -> None:
    browser = portal.browser()
    page = await _checked(portal, browser, {"a.png": _picture(), "b.svg": b"<svg onload='alert(1)'/>", "c.exe": b"MZ"})
    assert browser.status == 422
    assert "c.exe" in page
    assert [name for name, value, _ in browser.form("/new").buttons if name == "remove"] == ["remove"]
    assert "a.png" in await browser.send("/new")
    many = {f"{place}.png": _picture() for place in range(6)}
    page = await _checked(portal, browser, many)
    assert "一次最多 5 个" in page
    (_, remove, _), *_ = [button for button in browser.form("/new").buttons if button[0] == "remove"]
    page = await browser.send("/new", press=remove)
    assert "0.png" not in page
    assert "4.png" in page


async def test_a_program_that_fills_in_everything_hands_nothing_in_and_autofill_loses_a_click(
    portal: Portal,
) -> None:
    browser = portal.browser()
    before = set(await _forms(portal))
    page = await _checked(portal, browser, website="https://spam.example")
    page = await browser.send("/new/send")
    assert (browser.status, "请再确认一次" in page) == (422, True)
    assert set(await _forms(portal)) == before
    await browser.send("/new/send", person="yes")
    assert browser.path == "/new/done"
    await browser.open("/new")
    await browser.send("/new", _ANSWERS)
    assert "请再确认一次" in await browser.send("/new/send")


async def test_markup_and_control_characters_are_text_or_named(portal: Portal) -> None:
    browser = portal.browser()
    evil = "<script>alert(1)</script>{{ 7*7 }}'\"&"
    page = await _checked(portal, browser, symptom=evil, name=evil)
    assert "<script>" not in page
    assert "{{ 7*7 }}" in page
    page = await _checked(portal, browser, name="a\x07b")
    assert browser.status == 422


async def test_too_many_from_one_address_wait_and_lose_nothing(portal: Portal) -> None:
    browser = portal.browser()
    await portal.spend(SUBMISSIONS)
    await _checked(portal, browser, symptom="另一个问题，请处理")
    page = await browser.send("/new/send")
    assert browser.status == 429
    assert "操作次数过多" in page
    assert browser.form("/new/send").fields["symptom"].startswith("另一个问题")
