"""Who may come by the API: nobody without a token that is good now (R45)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from activities.identity.token import new_token
from activities.organisation.directory import Directory
from starter.services.identity.tokens import audit_entries, list_tokens, make_token, revoke_token
from tests.activities.queries.test_customer_view import company
from tests.builders import NUMBER
from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import Api
from tests.starter.web.conftest import Portal
from workflows.domain.problem import Problem

_CASE = f"/cases/{NUMBER}"


async def test_no_token_or_a_wrong_one_gets_one_and_the_same_answer(portal: Portal) -> None:
    answers = []
    for header in (None, "", "Bearer", f"Bearer {new_token()}", "Basic YTpi", new_token(), "Bearer a b"):
        api = Api(portal.address, None)
        headers = {} if header is None else {"Authorization": header}
        answer = await api.ask("GET", _CASE, headers=headers)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        answers.append((answer.status_code, answer.text))
        await api.client.aclose()
    assert len(set(answers)) == 1
    assert answers[0][0] == 401


async def test_expired_revoked_and_left_are_refused_from_the_next_request_on(portal: Portal, caller: Caller) -> None:
    short = await caller("tech-001", expires_at=portal.now() + timedelta(minutes=5))
    revoked = await caller("tech-001")
    gone = await caller("tech-002")
    for api in (short, revoked, gone):
        assert (await api.ask("GET", "/me")).status_code == 200
    (newest, *_) = [token for token, _ in await list_tokens(portal.settings) if token.person == "tech-001"]
    await revoke_token(portal.settings, newest.id)
    whole = company()
    without = whole.model_copy(update={"people": tuple(one for one in whole.people if one.id != "tech-002")})
    directory = Directory(portal.installation.database)
    portal.later(minutes=6)
    await directory.load(type(whole).model_validate(without.model_dump()))
    try:
        found = [(await api.ask("GET", "/me")).status_code for api in (short, revoked, gone)]
        assert found == [401, 401, 401]
        states = {token.person: state for token, state in await list_tokens(portal.settings)}
        assert states["tech-002"] == "left"
    finally:
        await directory.load(whole)
    said = [entry for entry in await audit_entries(portal.settings, limit=50) if entry.kind == "token_refused"]
    assert {"expired", "revoked", "left"} <= {entry.detail["reason"] for entry in said}
    assert {entry.actor for entry in said} == {"127.0.0.1"}


async def test_wrong_tokens_are_slowed_down_and_a_right_one_is_let_in_all_the_same(
    portal: Portal, caller: Caller
) -> None:
    good = await caller("tech-001")
    before = len(await audit_entries(portal.settings, limit=1_000))
    wrong = Api(portal.address, new_token())
    statuses = [(await wrong.ask("GET", "/me")).status_code for _ in range(23)]
    assert statuses == [401] * 20 + [429] * 3
    assert int((await wrong.ask("GET", "/me")).headers["retry-after"]) > 0
    assert (await good.ask("GET", "/me")).status_code == 200
    # Nobody fills the audit log by guessing.
    assert len(await audit_entries(portal.settings, limit=1_000)) == before + 20
    await wrong.client.aclose()


async def test_a_token_in_the_address_is_refused_and_in_no_log(
    portal: Portal, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api, secret = await caller("tech-001"), new_token()
    for place in (
        "/me?token=x",
        f"/me?access_token={secret}",
        f"/cases?text={secret}",
        f"/cases?text={secret.upper()}",
    ):
        answer = await api.ask("GET", place)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:bihuan:problem:token_in_address")
        assert secret not in answer.text
    await api.ask("GET", f"/{secret}")
    shown = api.client.headers["authorization"].partition(" ")[2]
    async with httpx2.AsyncClient(base_url=portal.address) as client:
        await client.get(f"/{secret}")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    assert not [line for line in ours if secret in line.lower() or shown in line]
    assert any("GET /api/v1/me 400" in line for line in ours)
    assert secret not in str(await audit_entries(portal.settings, limit=1_000))


async def test_a_cookie_of_the_pages_is_no_token(portal: Portal) -> None:
    api = Api(portal.address, None)
    assert (await api.ask("GET", "/me", headers={"Cookie": f"bihuan={'a' * 64}"})).status_code == 401
    await api.client.aclose()


async def test_a_right_that_a_token_lacks_is_named_before_anything_is_looked_at(caller: Caller) -> None:
    api = await caller(system="shop")
    asked = [("GET", _CASE), ("GET", "/cases"), ("GET", "/stuck"), ("GET", "/kb"), ("GET", "/files/x"),
             ("POST", f"{_CASE}/commands/claim"), ("POST", f"{_CASE}/files")]  # fmt: skip
    for method, path in asked:
        answer = await api.ask(method, path)
        assert answer.status_code == 403, path
        assert answer.json()["reason"].startswith("needs the right ")
    assert (await api.get("/me"))["rights"] == ["hand_in"]


@pytest.mark.parametrize(
    ("person", "options", "said"),
    [
        (None, {}, "say whose token it is"),
        ("tech-001", {"system": "shop"}, "say whose token it is"),
        ("nobody", {}, "nobody is not in the organisation"),
        ("customer", {}, "customer is not in the organisation"),
        (None, {"system": "A B"}, "--system A B: allowed: lower-case letters"),
        (None, {"system": "shop", "rights": ["act"]}, "--rights act: allowed for a system: customer, hand_in"),
        ("tech-001", {"rights": ["customer"]}, "--rights customer: allowed for a person: act, hand_in"),
        ("tech-001", {"expires_at": "past"}, "allowed: later than now, and within five years"),
        ("tech-001", {"expires_at": "far"}, "allowed: later than now, and within five years"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_in_one_line(
    portal: Portal, person: str | None, options: dict[str, Any], said: str
) -> None:
    ends = {"past": portal.now() - timedelta(days=1), "far": portal.now() + timedelta(days=3000)}
    given = {**options, **({"expires_at": ends[options["expires_at"]]} if "expires_at" in options else {})}
    with pytest.raises(Problem, match=said):
        await make_token(portal.settings, person=person, system=given.pop("system", None), now=portal.now(), **given)
