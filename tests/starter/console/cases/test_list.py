"""`bihuan list` as somebody of a department uses it that was asked for its part (R30)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.database.url import DatabaseUrl
from tests.activities.queries.test_customer_view import written
from tests.activities.samples import NUMBER
from tests.starter.both_ways import given_by
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan, refused


@pytest.fixture(scope="module", params=["local", "remote"])
def folder(request: pytest.FixtureRequest, shared_folder: Path, shared_record_url: str) -> Iterator[Path]:
    """An installation with one case of technical support, in which sales has answered."""

    async def fill() -> None:
        database = Database.open(shared_record_url)
        await database.migrate()
        one = await written(database)
        await one.send("claim", "tech-001")
        await one.part("核对合同")
        await database.close()

    filled = shared_folder / f"filled-{DatabaseUrl.parse(shared_record_url).kind}"
    if not filled.exists():
        asyncio.run(fill())
        filled.touch()
    with given_by(request.param, shared_folder, shared_record_url) as folder:
        yield folder


def test_a_department_that_was_asked_for_its_part_finds_the_case_and_what_it_owes(folder: Path) -> None:
    found = bihuan("list", "--department", "sales", "--json", folder=folder)
    assert [case["number"] for case in json.loads(found.stdout)] == [NUMBER]
    assert "part done" in bihuan("list", "--department", "sales", folder=folder).stdout
    assert "leads" in bihuan("list", "--department", "technical_support", "--open", folder=folder).stdout


@SHARED_ON_SQLITE
def test_a_department_nobody_knows_is_not_taken_for_one_without_cases(folder: Path) -> None:
    asked = refused("list", "--department", "legal", folder=folder)
    assert (asked.returncode, asked.stdout) == (1, "")
    allowed = "allowed: technical_support, sales, customer_service"
    assert asked.stderr == f"bihuan: --department legal: is not in the organisation; {allowed}\n"
    idle = bihuan("list", "--department", "customer_service", "--json", folder=folder)
    assert (idle.returncode, json.loads(idle.stdout)) == (0, [])


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    ("option", "typo", "said"),
    [
        ("--owner", "tech-0001", "--owner tech-0001: is not in the organisation; allowed: tech-001"),
        ("--group", "tehc", "--group tehc: is not in the organisation; allowed: "),
        ("--type", "tecnical", "--type tecnical: is not in the policy; allowed: technical\n"),
        ("--subtype", "登录异長", "--subtype 登录异長: is not in the policy; allowed: 登录异常"),
    ],
)
def test_a_typo_in_a_filter_is_not_taken_for_nothing_to_do(folder: Path, option: str, typo: str, said: str) -> None:
    asked = refused("list", option, typo, folder=folder)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.startswith(f"bihuan: {said}")
