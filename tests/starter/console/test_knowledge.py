"""`bihuan kb` and the likely answers of `bihuan show`, as people and programs call them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.database.database import Database
from activities.database.url import DatabaseUrl
from activities.organisation.directory import Directory
from tests.activities.knowledge.test_knowledge import closed, opened
from tests.activities.samples import organisation
from tests.record import execute
from tests.starter.both_ways import given_by
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan, refused

WAYS = ["local", "remote"]


@pytest.fixture(params=WAYS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, record_url: str) -> Iterator[Path]:
    """An installation with one learned case and one open case like it (its number in `open.txt`)."""
    _fill(tmp_path, record_url)
    with given_by(request.param, tmp_path, record_url) as folder:
        yield folder


@pytest.fixture(scope="module", params=WAYS)
def unchanged(request: pytest.FixtureRequest, shared_folder: Path, shared_record_url: str) -> Iterator[Path]:
    """The same for tests that only look."""
    filled = shared_folder / f"filled-{DatabaseUrl.parse(shared_record_url).kind}"
    if not filled.exists():
        _fill(shared_folder, shared_record_url)
        filled.touch()
    with given_by(request.param, shared_folder, shared_record_url) as folder:
        yield folder


def _fill(folder: Path, record_url: str) -> None:
    async def fill() -> None:
        database = Database.open(record_url)
        await database.migrate()
        await Directory(database).load(organisation(name="智办公"))
        await closed(database, "小票打印不出来", "重启打印服务")
        (folder / "open.txt").write_text(await opened(database, "收银台小票打印不出来"))
        await database.close()

    asyncio.run(fill())


def answered(folder: Path, *arguments: str) -> Any:
    result = bihuan(*arguments, "--json", folder=folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_an_editor_finds_corrects_publishes_and_retires_an_article(folder: Path) -> None:
    (draft,) = answered(folder, "kb", "list", "--status", "draft")
    assert answered(folder, "kb", "search", "小票")[0]["key"] == draft["key"] == "KB0001"
    edited = answered(folder, "kb", "edit", "KB0001", "--as", "tech-head", "--title", "小票机没有反应")
    assert edited["title"] == "小票机没有反应"
    assert answered(folder, "kb", "publish", "KB0001", "--as", "tech-head")["status"] == "published"
    shown = bihuan("kb", "show", "KB0001", folder=folder).stdout
    for part in ("KB0001 · published · 小票机没有反应", "重启打印服务", "published by tech-head", "edited title by"):
        assert part in shown
    assert "小票机没有反应" in bihuan("kb", "search", "打印 服务", folder=folder).stdout
    assert "KB0001" in bihuan("kb", "list", folder=folder).stdout
    assert answered(folder, "kb", "retire", "KB0001", "--as", "tech-head", "--why", "过时")["status"] == "retired"
    assert bihuan("kb", "search", "小票", folder=folder).stdout == "nothing found\n"


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["kb", "search", "票"], "at least two"),
        (["kb", "show", "KB0007"], "KB0007: there is no such article"),
        (["kb", "list", "--status", "done"], "--status done: allowed: draft, published, retired"),
        (["kb", "list", "--limit", "0"], "--limit 0"),
        (["kb", "publish", "KB0001", "--as", "tech-001"], "may not change the knowledge base"),
        (["kb", "edit", "KB0001", "--as", "tech-head"], "nothing to change"),
        (["kb", "edit", "KB0001", "--as", "tech-head", "--type", "x"], "type 'x' is not in the policy; allowed: tech"),
        (["kb", "learn", "--since", "soon"], "--since soon: allowed: a day such as"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_1(arguments: list[str], words: str, unchanged: Path) -> None:
    result = refused(*arguments, folder=unchanged)
    assert result.returncode == 1, result
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["search", "list", "show", "publish", "edit", "retire", "learn"])
def test_help_of_every_command_has_an_example(name: str, tmp_path: Path) -> None:
    assert f"Example: bihuan kb {name}" in bihuan("kb", name, "--help", folder=tmp_path).stdout


def test_show_has_the_likely_answers_of_an_open_case_only(unchanged: Path) -> None:
    number = (unchanged / "open.txt").read_text()
    suggestions = answered(unchanged, "show", number)["suggestions"]
    assert suggestions["articles"] == []
    (earlier,) = suggestions["earlier"]
    assert earlier["solution"] == "重启打印服务"
    assert "suggestions" not in answered(unchanged, "show", earlier["number"])
    shown = bihuan("show", number, folder=unchanged).stdout
    assert "Likely answers" in shown
    assert "小票打印不出来 — 重启打印服务" in shown
    assert "Likely answers" not in bihuan("show", earlier["number"], folder=unchanged).stdout


def test_cases_closed_before_the_knowledge_base_are_learned_from_by_command(folder: Path, record_url: str) -> None:
    execute(record_url, "DELETE FROM article")
    assert answered(folder, "kb", "learn", "--since", "2090-01-01") == {"drafted": 0, "without": 0}
    assert answered(folder, "kb", "learn") == {"drafted": 1, "without": 0}
    assert "0 drafted" in bihuan("kb", "learn", folder=folder).stdout
    assert answered(folder, "kb", "search", "小票")[0]["solution"] == "重启打印服务"
