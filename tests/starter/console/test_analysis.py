"""`bihuan report`, as people type it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.made_up import write
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan, refused
from worker.installation.installation import open_installation
from worker.installation.settings import Settings

APRIL = ("report", "--from", "2026-04-01", "--to", "2026-04-30", "--data", "data")


@pytest.fixture(scope="module")
def folder(shared_folder: Path, shared_record_url: str) -> Path:
    """Where a company has worked for two months."""
    (shared_folder / "taken").touch()

    async def work() -> None:
        async with open_installation(Settings(data=shared_folder / "data"), prepare=True) as installation:
            await installation.settle_organisation()
            await write(installation.database, 120, datetime(2026, 3, 1, tzinfo=UTC), 60)

    asyncio.run(work())
    return shared_folder


@SHARED_ON_SQLITE
def test_a_manager_gets_a_file_to_open_and_the_figures_beside_it(folder: Path) -> None:
    result = bihuan(*APRIL, "--out", "april", "--by", "department", "--by", "product", "--locale", "en", folder=folder)
    assert result.returncode == 0, result.stderr
    assert "Customer issue analysis report" in result.stdout
    assert str(Path("april/report.html")) in result.stderr
    figures = json.loads((folder / "april" / "report.json").read_text("utf-8"))
    assert len(figures["by_product"]) > 1
    assert "Technical Support" in (folder / "april" / "report.html").read_text("utf-8")
    assert {"headline.csv", "attainment.csv", "load.csv", "trend.csv", "by_department.csv"} <= {
        path.name for path in (folder / "april").iterdir()
    }


def test_a_program_gets_the_same_figures_and_leaves_no_files(folder: Path) -> None:
    before = sorted(folder.rglob("*.html"))
    result = bihuan(*APRIL, "--json", folder=folder)
    answer = json.loads(result.stdout)
    assert (answer["from"], answer["previous"]) == ("2026-04-01", {"from": "2026-03-02", "to": "2026-03-31"})
    assert answer["summary"]["zh_CN"].startswith("本期受理")
    assert sorted(folder.rglob("*.html")) == before


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "soon"), "--from soon: allowed: a day such as 2026-05-01"),
        (("--to", "2026-03-01"), "--to 2026-03-01 is before --from 2026-04-01; allowed: the same day or a later one"),
        (("--by", "mood"), "--by mood: allowed: type, priority, channel, department, product, owner"),
        (("--locale", "fr"), "--locale fr: allowed: zh_CN, en"),
        (
            ("--out", "taken"),
            "taken: File exists; name a folder that can be written to (--out, BIHUAN_REPORTS)",
        ),
    ],
)
def test_a_question_that_makes_no_sense_gets_one_line(folder: Path, arguments: tuple[str, str], said: str) -> None:
    option, value = arguments
    given = list(APRIL)
    if option in given:
        given[given.index(option) + 1] = value
    else:
        given += arguments
    result = refused(*given, folder=folder)
    assert (result.returncode, result.stderr) == (1, f"bihuan: {said}\n")


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    "days", [(), ("--from", "2026-04-01"), ("--last", "week", "--to", "2026-04-01"), ("--last", "year")]
)
def test_days_that_are_not_said_are_wrong_usage(folder: Path, days: tuple[str, ...]) -> None:
    result = refused("report", *days, "--data", "data", folder=folder)
    assert result.returncode == 2
    assert "(see bihuan report --help)" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@SHARED_ON_SQLITE
def test_a_report_that_is_not_complete_yet_is_not_mailed(folder: Path) -> None:
    days = ("--from", "2999-01-01", "--to", "2999-01-07")
    result = bihuan("report", *days, "--mail", "--data", "data", folder=folder)
    said = "--mail: 2999-01-07 is not over; allowed: days that are, or leave --mail out"
    assert (result.returncode, result.stderr) == (1, f"bihuan: {said}\n")


@SHARED_ON_SQLITE
def test_a_report_of_days_to_come_is_refused_instead_of_counted_as_quiet(folder: Path) -> None:
    result = refused("report", "--from", "2999-01-01", "--to", "2999-01-07", "--data", "data", folder=folder)
    assert result.returncode == 1
    assert result.stderr.startswith("bihuan: --from 2999-01-01 has not begun; allowed: up to ")
    assert len(result.stderr.splitlines()) == 1


@SHARED_ON_SQLITE
def test_a_month_has_a_folder_of_its_own_and_nobody_is_mailed_whom_the_policy_does_not_name(folder: Path) -> None:
    result = bihuan(*APRIL, "--mail", "--json", folder=folder, environment={"BIHUAN_REPORTS": "kept"})
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["mailed"] == []
    assert (folder / "kept" / "2026-04" / "report.html").exists()
    assert "nobody is named in recipients" in result.stderr
