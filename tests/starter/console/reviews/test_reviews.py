"""`bihuan review list|show|report|draft`, and reviews in `bihuan show` and `bihuan stuck` (R27)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.database.database import Database
from activities.database.url import DatabaseUrl
from starter.console.reviews.work import read_report
from tests.activities.review.reviewed import AUTHOR, HEAD, approved, called_for
from tests.activities.samples import register_case
from tests.starter.both_ways import given_by
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan, bihuan_environment, refused

FOLLOWING, LATE, WAITING, PLAIN = (f"FB20240506000{index}" for index in range(1, 5))


@pytest.fixture(scope="module", params=["local", "remote"])
def installed(request: pytest.FixtureRequest, shared_folder: Path, shared_record_url: str) -> Iterator[Path]:
    """A review whose measures are followed, a late one, one nobody has begun, and a case without a review."""

    async def fill() -> None:
        database = Database.open(shared_record_url)
        await database.migrate()
        assert (await approved(database)).number == FOLLOWING
        late = await (await called_for(database)).begin()
        await late.send("name_author", HEAD, author=AUTHOR)
        assert (late.number, (await called_for(database)).number) == (LATE, WAITING)
        assert await register_case(database) == PLAIN
        await database.close()

    filled = shared_folder / f"filled-{DatabaseUrl.parse(shared_record_url).kind}"
    if not filled.exists():
        asyncio.run(fill())
        filled.touch()
    with given_by(request.param, shared_folder, shared_record_url) as folder:
        yield folder


def answered(folder: Path, *arguments: str) -> Any:
    result = bihuan(*arguments, "--json", folder=folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_manager_lists_reviews_with_the_late_ones_first(installed: Path) -> None:
    listed = answered(installed, "review", "list")
    assert [one["number"] for one in listed] == [LATE, FOLLOWING, WAITING]
    assert [one["what"] for one in listed[0]["overdue"]] == ["report"]
    assert [one["what"] for one in listed[1]["overdue"]] == ["measure 2"]
    assert listed[0]["opened_at"] == "2024-05-07T09:00:00+08:00"
    shown = bihuan("review", "list", "--status", "writing", folder=installed).stdout
    assert FOLLOWING not in shown
    for part in (LATE, "编写中", "late: report", "编写中, not begun", "优先级高"):
        assert part in shown
    assert answered(installed, "review", "list", "--status", "done") == []
    assert bihuan("review", "list", "--department", "sales", folder=installed).stdout == "no reviews\n"


def test_show_says_how_far_a_review_is_and_who_has_to_act(installed: Path) -> None:
    review = answered(installed, "review", "show", f" {FOLLOWING.lower()}")
    assert (review["review"], review["status"], review["waits_for"]) == (f"{FOLLOWING}/review", "following", [AUTHOR])
    assert [entry["kind"] for entry in review["timeline"]][-1] == "measure_done"
    assert review["covered"][0]["closed_at"] == "2024-05-06T12:30:00+08:00"
    shown = bihuan("review", "show", FOLLOWING, folder=installed).stdout
    for part in (
        "措施跟踪中 following", "连接池没有上限告警", "给连接池加上用量告警", "告警已上线", "批量任务改到低峰",
        "measure 2 since 2024-06-15 09:00", "提交复盘报告", "没有说明告警为什么没有触发",
        "改进措施 措施 给连接池加上用量告警 负责人 tech-002",
    ):  # fmt: skip
        assert part in shown
    assert "{'" not in shown


def test_a_case_shows_its_review_and_stuck_names_late_ones(installed: Path) -> None:
    review = answered(installed, "show", LATE)["review"]
    assert (review["id"], review["status"], review["reason"]) == (f"{LATE}/review", "writing", "priority")
    assert (review["author"], review["waits_for"], review["due"][:10]) == (AUTHOR, [AUTHOR], "2024-05-14")
    assert "review" not in answered(installed, "show", PLAIN)
    shown = bihuan("show", LATE, folder=installed).stdout
    words = " ".join(shown.replace("│", " ").split())
    assert "编写中 writing, waits for tech-001" in words, words
    stuck = [one for one in answered(installed, "stuck") if one["reason"].startswith("review_")]
    assert {(one["number"], one["reason"], one["what"], one["who"]) for one in stuck} == {
        (FOLLOWING, "review_late", "measure 2", AUTHOR),
        (FOLLOWING, "review_not_acting", None, None),
        (LATE, "review_late", "report", AUTHOR),
        (LATE, "review_not_acting", None, None),
        (WAITING, "review_not_opened", None, HEAD),
    }


@SHARED_ON_SQLITE
def test_a_report_is_written_as_files_or_printed(installed: Path, tmp_path: Path) -> None:
    made = bihuan("review", "report", FOLLOWING, "--out", str(tmp_path / "new"), folder=installed)
    assert made.returncode == 0, made.stderr
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"{FOLLOWING}-复盘报告.html", f"{FOLLOWING}-复盘报告.md"}
    printed = bihuan("review", "report", FOLLOWING, "--locale", "en", folder=installed).stdout
    assert printed.startswith(f"# Post-incident review {FOLLOWING}\n")
    assert "Technical" in printed
    page = bihuan("review", "report", FOLLOWING, "--format", "html", folder=installed).stdout
    assert "<title>问题复盘报告" in page
    answer = answered(installed, "review", "report", LATE, "--format", "md", "--locale", "en", "--out", str(tmp_path))
    assert answer["files"] == [str(tmp_path / f"{LATE}-review-report.md")]
    assert answer["report"]["draft"] is True
    assert "Draft: the report is not approved yet" in (tmp_path / f"{LATE}-review-report.md").read_text()


@SHARED_ON_SQLITE
def test_a_draft_is_what_submit_reads_and_never_replaces_a_file(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    made = bihuan("review", "draft", LATE, "--out", str(file), folder=installed)
    assert made.returncode == 0, made.stderr
    assert f"bihuan review submit {LATE} {file} --as {AUTHOR}" in made.stderr
    assert set(read_report(file)) == {"what_happened", "measures"}
    assert "tech-002 韩梅梅 技术支持" in file.read_text()
    again = refused("review", "draft", LATE, "--out", str(file), folder=installed)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "is there already" in again.stderr
    printed = bihuan("review", "draft", LATE, folder=installed).stdout
    assert tomllib.loads(printed) == tomllib.loads(file.read_text())
    assert tomllib.loads(answered(installed, "review", "draft", LATE)["text"]) == tomllib.loads(printed)


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "FB209901010001"], "FB209901010001: there is no such case"),
        (["show", PLAIN], f"{PLAIN}: no review covers this case"),
        (["report", PLAIN], f"{PLAIN}: no review covers this case"),
        (["draft", WAITING], f"{WAITING}: its review {WAITING}/review is called for, but nobody has begun it"),
        (["draft", FOLLOWING], "there is nothing to draft, its review is following"),
        (["list", "--status", "late"], "--status late: allowed: writing, awaiting_approval, following, done, open"),
        (["list", "--limit", "0"], "--limit 0"),
        (["report", FOLLOWING, "--format", "pdf"], "--format pdf: allowed: html, md, and all with --out"),
        (["report", FOLLOWING, "--locale", "fr"], "--locale fr: allowed: zh_CN, en"),
        (["report", FOLLOWING, "--out", "/dev/null/x"], "--out /dev/null/x"),
        (["draft", LATE, "--out", "/dev/null/x"], "--out /dev/null/x"),
    ],
)
def test_what_cannot_be_shown_is_one_line_and_exit_1(arguments: list[str], words: str, installed: Path) -> None:
    result = refused("review", *arguments, folder=installed)
    assert result.returncode == 1, result
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["list", "show", "report", "draft"])
def test_help_of_every_command_has_an_example(name: str, tmp_path: Path) -> None:
    assert f"Example: bihuan review {name}" in bihuan("review", name, "--help", folder=tmp_path).stdout


@SHARED_ON_SQLITE
@pytest.mark.parametrize("installed", ["local"], indirect=True)
def test_looking_at_a_review_does_not_wait_for_the_engine_or_the_database_library(installed: Path) -> None:
    script = (
        "import sys\nfrom starter.admin import run\n"
        f"assert run(['review', 'list']) == run(['review', 'show', '{LATE}']) == run(['show', '{LATE}']) == 0\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=installed,
        env=bihuan_environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(result.stderr.split()).isdisjoint({"sqlalchemy", "temporalio", "jinja2", "pydantic", "alembic"})
