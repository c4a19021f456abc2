"""A case from its form to its end by the API alone, with a real worker; answers are held to the document (R45, R47)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.starter.web.api.contract import Api
from tests.starter.web.office import Office

pytestmark = pytest.mark.xdist_group("portal")

_FORM: dict[str, Any] = {
    "channel": "app",
    "customer": {"name": "林晓", "phone": "13800138000", "email": "linxiao@example.com"},
    "product": "管理后台",
    "occurred_at": "2026-05-11T09:20",
    "description": {"symptom": "登录后页面一直空白", "steps": "打开网址，登录"},
}


@asynccontextmanager
async def _bearer(office: Office, *arguments: str) -> AsyncIterator[Api]:
    """By a token that an operator makes on the command line."""
    made = (await office.up.run("token", "new", *arguments, "--json")).value
    async with AsyncExitStack() as stack:
        api = Api(office.up.pages, made["token"])
        stack.push_async_callback(api.client.aclose)
        yield api


async def test_a_case_lives_by_the_api_and_says_who_did_what(office: Office) -> None:
    rights = ("--rights", "hand_in", "customer", "read")
    async with _bearer(office, "--system", "shop", *rights) as shop:
        answer = await shop.ask("POST", "/cases", json=_FORM, headers={"Idempotency-Key": "order-1"})
        assert answer.status_code == 201
        number = answer.json()["number"]
        case = await office.up.until_case(number, lambda case: case["owner"] is not None)
        owner = case["owner"]
        async with _bearer(office, owner) as person:
            claims = await asyncio.gather(*(person.command(number, "claim", "c1") for _ in range(5)))
            assert [claim.status_code for claim in claims] == [200] * 5
            assert claims[0].json() == {
                "number": number, "command": "claim", "command_id": f"{owner}:c1", "outcome": "accepted",
                "reason": None,
            }  # fmt: skip
            again = await person.command(number, "claim")
            assert (again.status_code, again.json()["outcome"]) == (409, "rejected")
            assert again.json()["reason"]
            await _check_keys(person, shop, number)
            await _check_words(person, shop, number)
            await _check_files(person, shop, number)
            assert (await person.command(number, "reply", text="在查")).status_code == 200
            solved = await person.command(number, "resolve", cause="缓存", solution="已清除", verified="yes")
            assert solved.status_code == 200, solved.text
        assert (await shop.command(number, "confirm")).status_code == 200
        assert (await shop.command(number, "rate", "r1", score="satisfied")).status_code == 200
        await office.up.until_case(number, lambda case: case["status"] == "closed")
        assert (await shop.command(number, "rate", "r1", score="satisfied")).status_code == 200
        late = await shop.command(number, "supply", text="还有")
        assert late.status_code == 409
        assert late.json()["reason"] == "the case is closed (satisfied); a new issue needs a new case"
        entries = (await shop.get(f"/cases/{number}/timeline"))["timeline"]
    said = {(entry["kind"], entry["by"], entry["via"]) for entry in entries}
    assert {("claimed", owner, "api"), ("confirmed", "customer", "api"), ("rated", "customer", "api")} <= said
    assert [entry["kind"] for entry in entries].count("claimed") == 1
    logged = (await office.up.run("audit", "--json")).value
    acted = [entry for entry in logged if entry["kind"] == "acted_for" and entry["detail"]["number"] == number]
    assert {entry["actor"].partition(" ")[0] for entry in acted} == {"system:shop", owner}
    assert {entry["subject"] for entry in acted} == {"customer"}
    assert all("bh_" not in line for line in office.up.said)


async def _check_keys(person: Api, shop: Api, number: str) -> None:
    """A key is one request of one caller."""
    first = await person.command(number, "note", "n1", text="第一")
    assert first.status_code == 200
    assert (await person.command(number, "note", "n1", text="第一")).json() == first.json()
    for name, fields in (("note", {"text": "第二"}), ("progress", {"text": "第一"})):
        answer = await person.command(number, name, "n1", **fields)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:bihuan:problem:key_reused")
    other = await shop.command(number, "supply", "n1", text="补充")
    assert other.status_code == 200, other.text
    assert (await person.command(number, "note", "k k", text="x")).status_code == 422


async def _check_words(person: Api, shop: Api, number: str) -> None:
    """Who speaks is what the token says, whatever the request says."""
    for key, value in {"by": "director", "via": "link", "relayed_by": "director", "command_id": "x"}.items():
        answer = await person.ask("POST", f"/cases/{number}/commands/note", json={"text": "x", key: value})
        assert (answer.status_code, answer.json()["reason"]) == (
            422, f"{key}: is not for a request to say; the token does",
        )  # fmt: skip
    answer = await person.ask("POST", f"/cases/{number}/commands/note", json={"text": 1})
    assert (answer.status_code, answer.json()["reason"].partition(":")[0]) == (422, "note")
    answer = await shop.command(number, "claim")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:bihuan:problem:no_right")
    taken = await person.command(number, "supply", text="客户来电补充", heard="telephone")
    assert taken.status_code == 200, taken.text
    entries = (await person.get(f"/cases/{number}/timeline"))["timeline"]
    words = [entry for entry in entries if entry["kind"] == "supplied"]
    assert [entry["by"] for entry in words] == ["customer", "customer"]
    assert [bool(entry["detail"].get("relayed_by")) for entry in words] == [False, True]


async def _check_files(person: Api, shop: Api, number: str) -> None:
    path = f"/cases/{number}/files"
    content = {"file": ("日志.txt", "第 3 行报错".encode())}
    sent = [await shop.ask("POST", path, files=content, headers={"Idempotency-Key": "f1"}) for _ in range(2)]
    assert [one.status_code for one in sent] == [200, 200], sent[0].text
    case = await person.get(f"/cases/{number}")
    assert [file["name"] for file in case["files"]] == ["日志.txt"]
    (file,) = case["files"]
    answer = await person.ask("GET", f"/files/{file['id']}")
    assert answer.content.decode() == "第 3 行报错"
    for files, status in (({"file": ("a.exe", b"MZ")}, 422), ({"file": ("a.png", b"no")}, 422)):
        refused = await shop.ask("POST", path, files=files)
        assert (refused.status_code, refused.json()["type"]) == (status, "urn:bihuan:problem:file_refused")
    assert (await shop.ask("POST", path, json={})).status_code == 415
    assert (await shop.ask("POST", path, files={"file": ("a.txt", b"x")}, headers={"Idempotency-Key": "f1"})
            ).status_code == 422  # fmt: skip
    assert (await shop.ask("POST", path, data={"a": "b"}, files={})).status_code == 415
    assert [one["name"] for one in (await person.get(f"/cases/{number}"))["files"]] == ["日志.txt"]


async def test_tokens_and_the_audit_log_on_the_command_line(office: Office) -> None:
    made = await office.up.run("token", "new", "tech-001", "--rights", "read", "--expires", "2099-01-01")
    assert made.err == "bihuan: --expires: allowed: later than now, and within five years\n"
    made = await office.up.run("token", "new", "tech-001", "--rights", "read")
    secret = made.out.strip()
    assert secret.startswith("bh_")
    assert "it is not shown again" in made.err
    (listed, *_) = (await office.up.run("token", "list", "--json")).value
    assert (listed["person"], listed["rights"], listed["state"]) == ("tech-001", ["read"], "good")
    shown = await office.up.run("token", "list")
    assert listed["id"] in shown.out
    assert secret not in shown.out
    revoked = await office.up.run("token", "revoke", listed["id"])
    assert revoked.out == f"token {listed['id']} of tech-001 revoked\n"
    unknown = await office.up.run("token", "revoke", "none")
    assert unknown.err == "bihuan: none: there is no such token; bihuan token list shows their ids\n"
    form = json.dumps({**_FORM, "intake_key": "token-test"})
    number = (await office.up.run("open", "-", "--json", given=form)).value["number"]
    case = await office.up.until_case(number, lambda case: case["owner"] is not None)
    await office.up.send("claim", number, case["owner"])
    last = (await office.up.run("audit", "--json", "--limit", "1")).value[0]
    assert (last["kind"], last["subject"]) == ("acted_for", case["owner"])
    assert last["actor"].startswith("operator (")
    assert (last["detail"]["number"], last["detail"]["outcome"]) == (number, "accepted")
    assert secret not in (await office.up.run("audit")).out
