"""A case from its form to its end by the staff's page alone, signed in by mailed links, with a real worker (R45)."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.starter.web.browser import Browser, forms_of
from tests.starter.web.office import Office
from tests.starter.web.staff_door import act, action_form

pytestmark = pytest.mark.xdist_group("portal")

_TYPED = {
    "name": "林晓", "phone": "13800138000", "email": "linxiao@example.com", "symptom": "登录后页面一直空白",
    "product": "管理后台", "kind": "technical/登录异常", "steps": "打开网址，登录", "occurred": "2026-05-11T09:20",
    "blocks": "yes", "do": "send",
}  # fmt: skip
"""What an agent takes in by telephone."""


async def by_mail(office: Office, person: str, back: str = "") -> Browser:
    """Signed in by a mailed link, in the browser that asked for it."""
    address = f"{person}@example.com"
    browser = Browser(office.up.pages)
    await browser.open(back or "/desk")
    await browser.send("/sign-in", address=address)
    link = await _mailed(office, address)
    await browser.open(link)
    await browser.send(link, press="sign_in")
    return browser


async def _mailed(office: Office, address: str) -> str:
    async with asyncio.timeout(60):
        while True:
            for mail in reversed(office.mail.mails):
                body = mail.get_body(("plain",))
                found = re.findall(r"http://\S+(/sign-in/l/[a-z2-7]+)", body.get_content()) if body else []
                if address in str(mail["To"]) and found:
                    return str(found[-1])
            await asyncio.sleep(0.1)


async def test_staff_handle_a_case_by_its_page(office: Office) -> None:
    agent = await by_mail(office, "agent-001", "/desk/new")
    await agent.post("/desk/new", {**agent.form("/desk/new").fields, **_TYPED})
    number = agent.path.rpartition("/")[2]
    case = await office.up.until_case(number, lambda case: case["owner"] is not None)
    path, owner = f"/desk/cases/{number}", await by_mail(office, case["owner"], f"/desk/cases/{case['number']}")
    assert owner.path == path, owner.page.text
    form = action_form(owner, "claim")
    assert form is not None
    answers = await asyncio.gather(*(owner.client.post(form.action, data=form.fields) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({answer.headers["location"] for answer in answers}) == 1, "four clicks are one command"
    await owner.open(answers[0].headers["location"])
    assert action_form(owner, "claim") is None
    await act(owner, "reply", text="正在处理，请稍候")
    assert 'class="notice good"' in owner.page.text
    await act(owner, "request_info", text="请补充步骤", **{"fields:description.steps": "yes"})
    assert (await office.up.case(number))["missing"] == ["description.steps"], "P1: asked for, and worked on meanwhile"
    await owner.open(path)
    typed = {"fields:description.steps": "清缓存后登录", "fields:occurred_at": "2026-05-11T10:20"}
    await act(owner, "supply", heard="telephone", **typed)
    form = (await office.up.case(number))["form"]
    assert form["description"]["steps"] == "清缓存后登录"
    assert form["occurred_at"].startswith("2026-05-11T02:20"), "typed in the company's zone"
    await act(owner, "escalate", department="product", why="需要产品部一起看")
    assert "product" in (await office.up.case(number))["assisting"]
    await act(owner, "collaborate", department="sales", duty="请核对合同")
    assert "请核对合同" in owner.page.text
    await office.up.until_case(number, lambda case: bool(case["collaborations"][0]["person"]))
    seller = await by_mail(office, "sales-001", path)
    await act(seller, "contribute", "sales", result="合同已核对")
    assert "合同已核对" in seller.page.text
    await owner.open(path)
    await act(owner, "resolve", cause="缓存", solution="已清除缓存", verified="yes")
    assert owner.status == 200, owner.page.text
    stale = action_form(seller, "note")
    assert stale is not None
    await owner.post(f"{path}/files", {}, files={"a.txt": b"log"}, multipart=True)
    case = await office.up.case(number)
    said = {(entry["kind"], entry["via"]) for entry in case["timeline"]}
    assert (case["channel"], case["form"]["received_by"]) == ("hotline", "agent-001")
    assert {("claimed", "desk"), ("replied", "desk"), ("resolved", "desk"), ("contributed", "desk")} <= said
    assert [entry["kind"] for entry in case["timeline"]].count("claimed") == 1
    follower = await by_mail(office, case["follow_up"], "/desk/calls")
    for command, fields in (("confirm", {}), ("rate", {"score": "satisfied", "comment": "很快"})):
        forms = [one for one in forms_of(follower.page.text) if one.action == f"{path}/act"]
        form = next(one for one in forms if one.fields.get("command") == command)
        await follower.post(form.action, {**form.fields, **fields})
        assert (follower.path, follower.status) == ("/desk/calls", 200), follower.page.text
        assert 'class="notice good"' in follower.page.text
    case = await office.up.until_case(number, lambda case: case["status"] == "closed")
    rated = next(entry for entry in case["timeline"] if entry["kind"] == "rated")
    assert (rated["by"], rated["detail"]["relayed_by"]) == ("customer", case["follow_up"])
    await follower.open(path)
    assert action_form(follower, "note") is None
    logged = (await office.up.run("audit", "--json")).value
    assert {"signed_in", "acted_for"} <= {entry["kind"] for entry in logged}
    assert not [line for line in office.up.said if "/sign-in/l/" in line and "…" not in line]
    for browser in (agent, owner, seller, follower):
        await browser.close()
