"""`bihuan db upgrade`, as an operator types it before a release, and `bihuan up`, which does the same by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.database.migrations.head import HEAD
from tests.activities.database.first_release import CLOSED, MOVING, put_first_release
from tests.record import execute
from tests.starter.command_line import bihuan, intake_form, refused
from tests.starter.installation import gap_free, running


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Where an installation in `tmp_path` will have its record, of either kind, with no tables yet."""
    (tmp_path / "bihuan-data").mkdir()
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bihuan-data/bihuan.db"
    monkeypatch.setenv("BIHUAN_DATABASE_URL", postgresql_url)
    return postgresql_url


async def test_an_operator_upgrades_the_first_release_before_this_one_starts(tmp_path: Path, empty_url: str) -> None:
    await put_first_release(empty_url)
    early = refused("list", folder=tmp_path)
    assert (early.returncode, early.stderr.count("\n")) == (1, 1)
    assert f"has schema 0001, this release works with {HEAD}" in early.stderr
    for before in ("0001", HEAD):
        done = bihuan("db", "upgrade", "--json", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert (answer["before"], answer["now"]) == (before, HEAD)
    for number in (CLOSED, MOVING):
        shown = json.loads(bihuan("show", number, "--json", folder=tmp_path).stdout)
        assert gap_free(shown)


async def test_a_company_of_the_first_release_starts_this_one_and_takes_the_next_case_in(
    tmp_path: Path, empty_url: str
) -> None:
    await put_first_release(empty_url)
    url = {"BIHUAN_DATABASE_URL": empty_url} if empty_url.startswith("postgresql") else {}
    # Its Temporal was not kept.
    async with running(tmp_path, "--accept-loss", **url) as office:
        database = Database.open(empty_url)
        assert await database.revision() == HEAD
        await database.close()
        assert [(await office.case(number))["status"] for number in (CLOSED, MOVING)] == ["closed", "in_progress"]
        opened = await office.run("open", "-", "--json", given=json.dumps(intake_form(), ensure_ascii=False))
        assert opened.value["number"] not in {CLOSED, MOVING}
        assert gap_free(await office.until_case(opened.value["number"], lambda case: bool(case["owner"])))


def test_a_database_of_a_newer_release_is_left_alone_in_one_line(tmp_path: Path, empty_url: str) -> None:
    assert bihuan("db", "upgrade", folder=tmp_path).returncode == 0
    execute(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    second = refused("db", "upgrade", folder=tmp_path)
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "newer release" in second.stderr


@pytest.mark.parametrize("name", ["does_not_exist", "nobody_there"])
def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path, postgresql_server: str, name: str) -> None:
    url = f"{postgresql_server}/{name}" if name == "does_not_exist" else f"postgresql://nobody@127.0.0.1:1/{name}"
    for command in (("db", "upgrade"), ("list",), ("show", CLOSED)):
        answer = refused(*command, folder=tmp_path, environment={"BIHUAN_DATABASE_URL": url})
        assert answer.returncode == 1, answer
        assert len(answer.stderr.splitlines()) == 1
        assert "no tables yet" not in answer.stderr
        assert name in answer.stderr
