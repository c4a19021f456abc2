"""Whatever is sent to whichever address: an answer that the document has, and never an error of ours (R47)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from starter.services.identity.acting import OPEN_COMMANDS
from starter.services.identity.bearer import RIGHTS_OF_SYSTEMS
from tests.builders import NUMBER
from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import DOCUMENT, Api
from tests.starter.web.conftest import Portal

_NASTY = (
    "' OR 1=1 --",
    "{{ 7 * 7 }}${7*7}<%= 7 %>",
    "<script>alert(1)</script>",
    "\x00\x1b[2J\u202e",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "9" * 3_000,
    "字" * 2_000,
    "%",
    "",
)
_VALUES: tuple[Any, ...] = (_NASTY[3], None, -1, [None], {"a": {"b": []}}, "2026-13-45")


@pytest.mark.parametrize("text", _NASTY, ids=range(len(_NASTY)))
async def test_no_text_in_an_address_or_a_question_breaks_anything(caller: Caller, text: str) -> None:
    api = await caller("director")
    said = quote(text, safe="")
    for path in (f"/cases/{said}", f"/cases/{said}/timeline", f"/files/{said}", f"/{said}"):
        answer = await api.client.get(path)
        assert answer.status_code in {200, 404, 422}, (path, answer.text)
        assert "set-cookie" not in answer.headers
    for name in ("text", "owner", "cursor", "limit", "since", "status", "department", "nothing"):
        answer = await api.ask("GET", "/cases", params={name: text})
        assert answer.status_code in {200, 422}, (name, answer.text)
    answer = await api.ask("GET", "/kb", params={"q": text})
    assert answer.status_code in {200, 422}, answer.text
    answer = await api.ask("POST", f"/cases/{NUMBER}/commands/{said}", json={})
    assert answer.status_code in {404, 405}


async def test_a_nul_in_an_address_is_refused_before_a_database_that_refuses_it_is_asked(caller: Caller) -> None:
    api = await caller("director")
    for path in ("/cases/%00", "/cases/FB%00/timeline", "/cases?department=%00", "/events?number=%00"):
        answer = await api.client.get(path)
        assert answer.status_code == (422 if "?" in path else 404), (path, answer.text)
        assert "U+0000" in answer.json()["reason"]


async def test_nobody_takes_the_key_of_another_before_they_hand_in(caller: Caller) -> None:
    person, shop = await caller("tech-001"), await caller(system="shop")
    form = {"channel": "app", "customer": {"name": "林晓", "phone": "13800138000"}}
    for api, key in ((person, "system:shop:1"), (person, "tech-002:1"), (shop, "system:till:1"), (shop, "tech-001:1")):
        answer = await api.ask("POST", "/cases", json={**form, "intake_key": key})
        assert answer.status_code == 422, (key, answer.text)
        assert "intake_key: is a key of " in answer.json()["reason"]
    for api, key in ((shop, "system:shop:1"), (shop, "order:1"), (person, "tech-001:1")):
        answer = await api.ask("POST", "/cases", json={**form, "intake_key": key})
        assert answer.status_code == 201, (key, answer.text)


async def test_more_unknown_keys_than_anybody_writes_hold_nobody_up(caller: Caller) -> None:
    api = await caller(system="shop")
    answer = await api.ask("POST", "/cases", json=dict.fromkeys(map(str, range(80_000)), 1))
    assert answer.status_code == 422
    assert len(answer.content) < 5_000


async def test_no_value_in_a_field_breaks_anything(caller: Caller) -> None:
    person, system = await caller("tech-001"), await caller(system="shop", rights=sorted(RIGHTS_OF_SYSTEMS))
    form: dict[str, Any] = DOCUMENT["components"]["schemas"]["Form"]["properties"]
    good = {"channel": "app", "customer": {"name": "林晓", "phone": "13800138000"}}
    for name in form:
        for value in _VALUES:
            answer = await system.ask("POST", "/cases", json={**good, name: value})
            assert answer.status_code in {200, 201, 400, 409, 422}, (name, value, answer.text)
    for name, kind in OPEN_COMMANDS.items():
        fields = DOCUMENT["components"]["schemas"][kind.__name__]["properties"]
        for field in (*fields, "unknown"):
            answer = await person.ask("POST", f"/cases/{NUMBER}/commands/{name}", json={field: {"a": [_NASTY[3]]}})
            assert answer.status_code == 422, (name, field, answer.text)


async def test_headers_that_make_no_sense_break_nothing(portal: Portal, caller: Caller) -> None:
    api = await caller("tech-001")
    for name, value in (
        ("Accept-Language", "zh" * 4_000),
        ("Accept-Language", ";;,=q,"),
        ("Idempotency-Key", "\xff" * 10),
        ("Idempotency-Key", "k" * 101),
        ("Content-Type", "application/json; charset=latin-1"),
    ):
        headers = {name.encode(): value.encode("latin-1")}
        answer = await api.client.post(f"/cases/{NUMBER}/commands/note", json={"text": "x"}, headers=headers)
        assert answer.status_code in {422, 503}, (name, answer.text)
    for form in (
        b"--x\r\n\r\n",
        b"",
        b"--x--",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n',
    ):
        headers = {b"Content-Type": b"multipart/form-data; boundary=x"}
        answer = await api.client.post(f"/cases/{NUMBER}/files", content=form, headers=headers)
        assert answer.status_code in {400, 422, 503}, answer.text
    stranger = Api(portal.address, None)
    for header in (b"Bearer \xff\xff", b"bearer " + b"b" * 5_000):
        assert (await stranger.client.get("/me", headers={b"Authorization": header})).status_code == 401
    await stranger.client.aclose()
