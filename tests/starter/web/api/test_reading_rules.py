"""Every way to a case opens and closes by what the policy says of reading, from the next request on (R45)."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

import pytest

from activities.files.name import read_name
from starter.services.cases.files import attach_to_new, receive
from tests.builders import NUMBER
from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import Api
from tests.starter.web.browser import Browser
from tests.starter.web.conftest import Portal
from tests.starter.web.staff_door import signed_in
from workflows.domain.vocabulary import Via

_PATHS = ("", "/timeline", "/outbox", "/actions", "/files")
_LISTS = {
    "/cases": "cases", f"/cases?text={NUMBER}": "cases", "/cases?customer=wangfang": "cases", "/outbox": "messages",
    f"/numbers?ending={NUMBER[-4:]}": "numbers",
}  # fmt: skip
_PAGES = ("/desk/cases?q=wangfang", f"/desk/cases?q={NUMBER[:-1]}", "/desk/department?department=technical_support")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("policy") / "own.toml"
    _say(str(file), "")
    return str(file)


def _say(file: str, reading: str) -> None:
    shipped = importlib.resources.files("activities.policy").joinpath("standard.toml").read_text("utf-8")
    said = shipped.replace('scope = "departments"\nroles = []\n', f"{reading}\n")
    Path(file).write_text(said, "utf-8")


async def _bytes(content: bytes) -> Any:
    yield content


async def _opened(api: Api, browser: Browser, file: str) -> set[str]:
    """Which of the ways to the case are open."""
    found = set()
    for path in (*(f"/cases/{NUMBER}{path}" for path in _PATHS), f"/files/{file}"):
        if (await api.ask("GET", path)).status_code == 200:
            found.add(path)
    for path, key in _LISTS.items():
        answer = await api.ask("GET", path)
        if answer.status_code == 200 and answer.json()[key]:
            found.add(path)
    for path in ("", f"/files/{file}"):
        await browser.open(f"/desk/cases/{NUMBER}{path}")
        if browser.status == 200:
            found.add(f"desk{path}")
    for path in _PAGES:
        if f"/desk/cases/{NUMBER}" in await browser.open(path):
            found.add(path)
    if (await api.ask("GET", "/export?count=true")).status_code == 200:
        found.add("/export")
    if (await api.client.head(f"/events?number={NUMBER}")).status_code == 200:
        found.add("/events")
    return found


async def test_each_way_is_open_to_whom_the_policy_lets_read_and_to_nobody_else(
    portal: Portal, caller: Caller, policy: str
) -> None:
    name = read_name("日志.txt".encode())
    got = await receive(portal.installation, name, _bytes(b"x"), by="customer", via=Via.API, case=NUMBER)
    await attach_to_new(portal.installation, NUMBER, [got.id])
    people = {key: (await caller(key), await signed_in(portal, key)) for key in ("sales-001", "sales-head")}
    found = {}
    for rules in ("", 'roles = ["head"]', 'scope = "company"', 'scope = "groups"'):
        _say(policy, rules)
        found[rules] = {key: len(await _opened(*ways, got.id)) for key, ways in people.items()}
    ways = len(_PATHS) + 1 + len(_LISTS) + len(_PAGES) + 4
    assert found == {
        "": {"sales-001": 0, "sales-head": 0},
        'roles = ["head"]': {"sales-001": 0, "sales-head": ways},
        'scope = "company"': {"sales-001": ways, "sales-head": ways},
        'scope = "groups"': {"sales-001": 0, "sales-head": 0},
    }
