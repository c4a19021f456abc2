"""`bihuan archive`, as people and programs call it, and the Schedule that does the same by night (R28)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from activities.database.database import Database
from activities.organisation.directory import Directory
from tests.activities.knowledge.test_knowledge import closed as closed_case
from tests.activities.knowledge.test_knowledge import opened
from tests.activities.policy.test_files import shipped
from tests.activities.samples import customer, organisation
from tests.record import execute
from tests.starter.command_line import ON_SQLITE, bihuan, intake_form
from tests.starter.installation import Installation, running


@pytest.fixture
def folder(tmp_path: Path, record_url: str) -> Path:
    """An installation with two cases closed long ago and an open one."""

    async def fill() -> None:
        database = Database.open(record_url)
        await database.migrate()
        await Directory(database).load(organisation(name="智办公"))
        numbers = [
            await closed_case(database, "小票打印不出来", customer=customer(name=name)) for name in ("李雷", "王芳")
        ]
        numbers.append(await opened(database, "还没有解决"))
        (tmp_path / "numbers.json").write_text(json.dumps(numbers))
        await database.close()

    asyncio.run(fill())
    policy = shipped("activities.policy", "standard.toml").replace('mask_after = "365d"\n', "")
    (tmp_path / "keep.toml").write_text(policy, "utf-8")
    (tmp_path / "none.toml").write_text(policy.replace('after = "30d"\n', ""), "utf-8")
    return tmp_path


def numbers_in(folder: Path) -> list[str]:
    numbers: list[str] = json.loads((folder / "numbers.json").read_text())
    return numbers


def archive(folder: Path, *arguments: str, policy: str = "keep.toml") -> tuple[int, Any, str]:
    """Exit code, standard output (of `--json`: the value), standard error."""
    done = bihuan("archive", *arguments, folder=folder, environment={"BIHUAN_POLICY": policy})
    return done.returncode, json.loads(done.stdout) if "--json" in arguments else done.stdout, done.stderr


def test_an_operator_looks_first_archives_and_reads_back(folder: Path) -> None:
    first, second, _ = numbers_in(folder)
    assert archive(folder, "run", "--dry-run", "--json")[1] == {"archive": [first, second], "held_back": [], "mask": []}
    assert archive(folder, "list", "--json") == (0, [], "")
    code, done, _ = archive(folder, "run", "--json")
    assert (code, done) == (0, {"archived": [first, second], "masked": [], "failed": [], "held_back": []})
    code, out, said = archive(folder, "run")
    assert (code, out, said) == (0, "", "bihuan: archived 0, masked 0, failed 0\n")
    code, listed, _ = archive(folder, "list", "--json")
    assert [one["file"] for one in listed] == [f"2024/05/{first}.zip", f"2024/05/{second}.zip"]
    assert listed[0]["closed_at"] == "2024-05-06T09:03:00+08:00"
    assert first in archive(folder, "list")[1]
    code, case, _ = archive(folder, "show", first.lower(), "--json")
    assert (case["number"], case["form"]["customer"]["name"]) == (first, "李雷")
    code, shown, said = archive(folder, "show", second)
    assert "王芳" in shown and "created" in shown and "重启服务" in shown
    assert "its checksum is right" in said
    code, _, _ = archive(folder, "show", first, "--out", "unpacked")
    assert sorted(path.name for path in (folder / "unpacked").iterdir()) == ["SHA256SUMS", "case.html", "case.json"]
    assert archive(folder, "verify", "--json") == (0, {"checked": 2, "wrong": []}, "")
    shown = bihuan("show", first, "--json", folder=folder).stdout
    assert json.loads(shown)["archive"]["sha256"] == listed[0]["sha256"]


@ON_SQLITE
def test_files_that_were_lost_or_touched_are_found_and_never_shown_as_the_truth(folder: Path) -> None:
    first, second, _ = numbers_in(folder)
    archive(folder, "run")
    files = [folder / "bihuan-data" / "archive" / "2024" / "05" / f"{number}.zip" for number in (first, second)]
    whole = files[0].read_bytes()
    files[0].write_bytes(whole + b"!")
    files[1].unlink()
    code, out, said = archive(folder, "verify")
    assert code == 1
    assert [line.partition(": ")[0] for line in out.splitlines()] == [f"{first} changed", f"{second} missing"]
    assert said == "bihuan: checked 2 files, 2 of them are not what was archived\n"
    code, out, said = archive(folder, "show", first)
    assert (code, out, said.count("\n")) == (1, "", 1)
    assert f"is changed; bring it back from a backup, or write it anew: bihuan archive run --again {first}" in said
    assert archive(folder, "run", "--again", first)[0] == 0
    assert files[0].read_bytes() == whole
    assert archive(folder, "verify", "--json")[1]["wrong"] == [
        {"number": second, "file": f"2024/05/{second}.zip", "state": "missing"}
    ]


@ON_SQLITE
def test_a_masked_case_says_where_it_can_be_read(folder: Path) -> None:
    first, *_ = numbers_in(folder)
    code, done, _ = archive(folder, "run", "--json", policy="standard")
    assert (code, done["masked"]) == (0, done["archived"])
    shown = bihuan("show", first, folder=folder).stdout
    assert "李雷" not in shown and "[客户]" in shown
    assert f"the customer's data here is masked: bihuan archive show {first}" in shown
    assert archive(folder, "show", first, "--json")[1]["form"]["customer"]["name"] == "李雷"
    code, _, said = archive(folder, "run", "--again", first)
    assert (code, said) == (1, f"bihuan: {first} is masked: what its file held is no longer in the database\n")


def test_cases_are_shown_before_the_first_start_of_a_release_that_archives(folder: Path, record_url: str) -> None:
    first, *_ = numbers_in(folder)
    execute(record_url, "DROP TABLE archive")
    shown = bihuan("show", first, "--json", folder=folder)
    assert (shown.returncode, "archive" in json.loads(shown.stdout)) == (0, False)


@ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "FB1"), "FB1 is not archived; bihuan archive list shows what is"),
        (("run", "--again", "FB1"), "FB1 is not archived yet; bihuan archive list shows what is"),
        (("show", " "), "the number of the case is empty"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, error = archive(folder, *arguments)
    assert (code, out, error.count("\n")) == (1, "", 1)
    assert said in error


@ON_SQLITE
def test_a_policy_that_archives_nothing_says_how_it_would(folder: Path) -> None:
    code, _, said = archive(folder, "run", policy="none.toml")
    assert (code, said.count("\n")) == (1, 1)
    assert 'policy standard archives nothing; write after = "30d" under [archive]' in said


@ON_SQLITE
def test_one_case_that_fails_is_named_and_the_others_are_archived(folder: Path) -> None:
    first, *_ = numbers_in(folder)
    (folder / "bihuan-data" / "archive" / "2024" / "05" / f"{first}.zip").mkdir(parents=True)
    code, _, said = archive(folder, "run")
    assert code == 1
    named, counted = said.splitlines()
    assert named.startswith(f"bihuan: {first}: ")
    assert counted == "bihuan: archived 1, masked 0, failed 1"
    (found,) = [one for one in archive(folder, "list", "--json")[1] if one["error"]]
    assert found["number"] == first
    code, _, said = archive(folder, "show", first)
    assert f"{first} is not archived: " in said


async def test_the_schedule_archives_a_closed_case_without_anybody(tmp_path: Path) -> None:
    policy = shipped("activities.policy", "standard.toml")
    quick = policy.replace('\nafter = "30d"', '\nafter = "1s"').replace('mask_after = "365d"', 'mask_after = "2s"')
    (tmp_path / "quick.toml").write_text(quick, "utf-8")
    async with running(tmp_path, BIHUAN_POLICY="quick.toml", BIHUAN_ARCHIVE=str(tmp_path / "shelf")) as installation:
        number = await closed_by_people(installation)
        held = await installation.run("archive", "run", "--json")
        assert held.value["archived"] == [], "a P1 case is kept while its review is open"
        ended = await installation.run("review", "end", number, "--as", "operator", "--why", "演练")
        assert ended.code == 0, ended

        async def masked() -> bool:
            answer = await installation.run("archive", "list", "--json")
            return any(one["number"] == number and one["masked_at"] for one in answer.value)

        while not await masked():
            await installation.temporal("schedule", "trigger", "--schedule-id", "bihuan-archive")
            await asyncio.sleep(0.3)
        assert (await installation.run("archive", "verify")).code == 0
        kept = (await installation.run("archive", "show", number, "--json")).value
        assert kept["form"]["customer"]["name"] == "王芳"
        assert (await installation.case(number))["form"]["customer"]["name"] == "[客户]"
        assert [path.name for path in (tmp_path / "shelf").rglob("*.zip")] == [f"{number}.zip"]
        listed = await installation.temporal("workflow", "list", "--query", "WorkflowType = 'Archive'")
        assert "Completed" in listed


async def closed_by_people(installation: Installation) -> str:
    form = json.dumps(intake_form(), ensure_ascii=False)
    number: str = (await installation.run("open", "-", "--json", given=form)).value["number"]
    case = await installation.until_case(number, lambda case: case["owner"] is not None)
    answer = ("--verified", "yes", "--cause", "驱动旧", "--solution", "更新驱动")
    await installation.send("resolve", number, case["owner"], *answer)
    await installation.send("rate", number, "customer", "--score", "满意")
    await installation.until_case(number, lambda case: case["status"] == "closed")
    return number
