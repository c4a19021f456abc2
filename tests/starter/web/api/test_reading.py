"""What the API shows, and to whom; every answer is held to the OpenAPI document (R45, R47)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.files.name import read_name
from starter.services.cases.files import attach_to_new, receive
from starter.services.identity.bearer import RIGHTS_OF_SYSTEMS
from starter.web.api.app import OPERATIONS
from tests.builders import NUMBER
from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import DOCUMENT, Api
from tests.starter.web.conftest import Portal
from workflows.domain.vocabulary import Via


async def _bytes(content: bytes) -> Any:
    yield content


async def test_the_document_is_openapi_3_1_and_has_every_operation(portal: Portal) -> None:
    api = Api(portal.address, None)
    answer = await api.client.get("/openapi.json")
    assert answer.json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    served = {(one.method, one.path) for one in OPERATIONS if "/commands/" not in one.path}
    assert {one for one in described if "/commands/" not in one[1]} == served
    known = DOCUMENT["components"]["schemas"]
    assert {"by", "via", "at", "command_id"}.isdisjoint(known["Confirm"]["properties"])
    assert known["Resolve"]["required"] == ["cause", "solution"]
    for reference in _references(DOCUMENT):
        assert reference.rpartition("/")[2] in known
    await api.client.aclose()


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


async def test_whose_case_it_is_sees_all_of_it_and_others_learn_not_even_that_it_is_there(caller: Caller) -> None:
    owner, sales = await caller("tech-001"), await caller("sales-001")
    case = await owner.get(f"/cases/{NUMBER.lower()}")
    assert (case["number"], case["owner"]) == (NUMBER, "tech-001")
    kinds = [entry["kind"] for entry in (await owner.get(f"/cases/{NUMBER}/timeline"))["timeline"]]
    assert kinds[0] == "created"
    assert "resolved" in kinds
    messages = (await owner.get(f"/cases/{NUMBER}/outbox"))["messages"]
    assert "result" in {message["event"] for message in messages}
    assert [one["number"] for one in (await owner.get("/cases"))["cases"]] == [NUMBER]
    for path in (f"/cases/{NUMBER}", f"/cases/{NUMBER}/timeline", f"/cases/{NUMBER}/outbox"):
        theirs = await sales.ask("GET", path)
        nobodys = await sales.ask("GET", path.replace(NUMBER, "FB209912319999"))
        assert (theirs.status_code, theirs.text) == (404, nobodys.text)
    assert (await sales.get("/cases"))["cases"] == []
    assert (await sales.get("/stuck"))["stuck"] == []


async def test_a_superior_and_a_system_with_the_right_see_it(caller: Caller) -> None:
    for api in (await caller("tech-head"), await caller("director"), await caller(system="bi", rights=["read"])):
        assert (await api.get(f"/cases/{NUMBER}"))["number"] == NUMBER
        assert (await api.get("/stuck"))["warning"]


async def test_a_file_comes_to_whose_case_it_is_alone_and_never_as_a_page(portal: Portal, caller: Caller) -> None:
    name = read_name("<script>日志.txt".encode())
    got = await receive(portal.installation, name, _bytes(b"<script>"), by="customer", via=Via.API, case=NUMBER)
    await attach_to_new(portal.installation, NUMBER, [got.id])
    owner, sales = await caller("tech-001"), await caller("sales-001")
    answer = await owner.ask("GET", f"/files/{got.id}")
    assert answer.content == b"<script>"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await sales.ask("GET", f"/files/{got.id}")).status_code == 404
    assert (await owner.ask("GET", "/files/..%2F..%2Fetc%2Fpasswd")).status_code == 404


async def test_pages_of_a_list_join_without_a_gap(caller: Caller) -> None:
    system = await caller(system="shop", rights=sorted(RIGHTS_OF_SYSTEMS))
    for index in range(5):
        answer = await system.ask("POST", "/cases", json=_form(f"第 {index} 个问题"))
        assert answer.status_code == 201, answer.text
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await system.get("/cases", params={"limit": "2", **cursor})
        found += [one["number"] for one in page["cases"]]
        if page["next"] is None:
            break
        assert len(page["cases"]) == 2
        cursor = {"cursor": page["next"]}
    whole = [one["number"] for one in (await system.get("/cases"))["cases"]]
    assert found == whole
    assert len(found) >= 6
    only = await system.get("/cases", params={"owner": "tech-001", "open": "true", "status": "awaiting_confirmation"})
    assert [one["number"] for one in only["cases"]] == [NUMBER]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit: allowed: a number from 1 to 200"),
        ("limit=999999999999", "limit: allowed"),
        ("limit=%D9%A1", "limit: allowed"),
        ("status=open", "status: allowed: awaiting_information"),
        ("open=yes", "open: allowed: true, false"),
        ("since=yesterday", "since: allowed: a day"),
        ("cursor=!!", "cursor: allowed: what `next`"),
        ("cursor=AAAA", "cursor: allowed: what `next`"),
        ("colour=red", "colour: is not known here; allowed: status"),
        ("owner=a&owner=b", "owner: is given twice"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_what_is_allowed(
    caller: Caller, query: str, said: str
) -> None:
    answer = await (await caller("tech-001")).ask("GET", f"/cases?{query}")
    assert answer.status_code == 422
    assert answer.json()["reason"].startswith(said)


async def test_problems_are_told_in_the_callers_language(caller: Caller) -> None:
    said = []
    for language in ("zh-CN,zh;q=0.9", "en-GB", "fr"):
        answer = await (await caller("tech-001", language=language)).ask("GET", "/cases/FB209912319999")
        assert answer.headers["content-type"] == "application/problem+json"
        said.append((answer.json()["title"], answer.headers["content-language"]))
    assert said == [("没有找到", "zh-CN"), ("Not found", "en"), ("没有找到", "zh-CN")]


async def test_the_knowledge_base_is_searched(caller: Caller) -> None:
    api = await caller("tech-001")
    assert (await api.get("/kb", params={"q": "登录页面空白"}))["articles"] == []
    answer = await api.ask("GET", "/kb", params={"q": "?"})
    assert (answer.status_code, answer.json()["reason"][:2]) == (422, "q:")


def _form(symptom: str, **changes: Any) -> dict[str, Any]:
    person = {"name": "林晓", "email": "linxiao@example.com"}
    return {"channel": "app", "customer": person, "description": {"symptom": symptom}, **changes}


async def test_an_issue_is_handed_in_once_and_a_person_is_who_received_it(caller: Caller) -> None:
    person = await caller("tech-002")
    headers = {"Idempotency-Key": '"order-77"'}
    first = await person.ask("POST", "/cases", json=_form("打印机不响应"), headers=headers)
    again = await person.ask("POST", "/cases", json=_form("打印机不响应"), headers=headers)
    other = await person.ask("POST", "/cases", json=_form("别的问题"), headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["number"] == again.json()["number"]
    assert first.headers["location"] == f"/api/v1/cases/{first.json()['number']}"
    # Nobody has opened it yet; who took it sees it, others of their department do not.
    case = await person.get(f"/cases/{first.json()['number']}")
    assert (case["form"]["received_by"], case["status"]) == ("tech-002", None)
    stranger = await (await caller("sales-001")).ask("GET", f"/cases/{first.json()['number']}")
    assert stranger.status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "form: channel: is missing"),
        (b"{", 400, "is no JSON"),
        (b"[]", 400, "is no JSON object"),
        (b"\xff", 400, "is no UTF-8"),
        (b"[" * 100_000, 400, "is nested too deeply"),
        (b'{"a":1,"a":2}', 400, "a"),
        (b'{"channel":"app","customer":{"name":"x"},"received_by":"tech-head"}', 422, "received_by: is not for"),
        (b'{"channel":"pigeon","customer":{"name":"x","phone":"13800138000"}}', 422, "form: channel: 'pigeon'"),
        (b" " * 1_000_001, 413, ""),
    ],
)
async def test_a_form_that_is_none_is_refused_in_one_line_and_nothing_is_registered(
    caller: Caller, content: bytes, status: int, said: str
) -> None:
    api = await caller("tech-001", rights=["hand_in", "read"])
    reader = await caller("director")
    before = (await reader.get("/cases"))["cases"]
    answer = await api.ask("POST", "/cases", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json().get("reason", "")[: len(said)]) == (status, said), answer.text
    assert (await reader.get("/cases"))["cases"] == before


async def test_what_is_no_json_by_its_type_is_refused(caller: Caller) -> None:
    api = await caller("tech-001")
    for media in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await api.ask("POST", "/cases", content=b"{}", headers={"Content-Type": media})
        assert answer.status_code == 415


async def test_an_address_or_method_that_is_none_is_a_problem_too(caller: Caller) -> None:
    api = await caller("tech-001")
    assert (await api.ask("GET", "/nothing")).status_code == 404
    assert (await api.ask("DELETE", f"/cases/{NUMBER}")).status_code == 405
    answer = await api.ask("POST", f"/cases/{NUMBER}/commands/part_reported", json={})
    assert (answer.status_code, answer.json()["reason"][:26]) == (404, "there is no such command; ")


async def test_without_temporal_a_command_is_to_be_sent_again(caller: Caller) -> None:
    answer = await (await caller("tech-001")).command(NUMBER, "note", "k1", text="看过了")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "urn:bihuan:problem:outage"
