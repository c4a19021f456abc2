"""Whole cases with the record in PostgreSQL, by commands alone; the other tests of whole cases use SQLite."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from activities.database.database import Database
from tests.activities.policy.test_files import shipped
from tests.record import executed
from tests.starter.command_line import intake_form
from tests.starter.installation import Installation, gap_free, running
from tests.timeouts import TIMEOUT

pytestmark = [pytest.mark.xdist_group("postgresql"), pytest.mark.timeout(900)]

_KEYS = ("life", "twin", "held")
_SOLUTION = ("--cause", "同步服务连接超时", "--solution", "已重启同步服务并调整超时", "--verified", "yes")


async def test_a_life_from_the_call_to_the_knowledge_base_is_the_same_on_postgresql(
    tmp_path: Path, postgresql_url: str
) -> None:
    policy = shipped("activities.policy", "standard.toml").replace('\nafter = "30d"', '\nafter = "1s"')
    (tmp_path / "quick.toml").write_text(policy, "utf-8")
    async with running(
        tmp_path,
        BIHUAN_DATABASE_URL=postgresql_url,
        BIHUAN_POLICY="quick.toml",
        BIHUAN_VIRTUAL_START="2026-05-11T09:00+08:00",
    ) as installation:
        numbers = await _take_in(installation)
        await asyncio.gather(_lives(installation, numbers), _is_held_up(installation, numbers["held"], postgresql_url))
        await _is_learned_from(installation, numbers)
        await _goes_on_after_every_connection_broke(installation, numbers["held"], postgresql_url)
        assert not (installation.data / "bihuan.db").exists()


async def _take_in(installation: Installation) -> dict[str, str]:
    facts = {"priority": "P1", "priority_reason": "演练"}
    lines = [json.dumps(intake_form(intake_key=key, **facts), ensure_ascii=False) for key in _KEYS]
    tally = (await installation.run("import", "-", "--json", given="\n".join(lines))).value
    assert (tally["created"], tally["failed"]) == (len(_KEYS), [])
    again = (await installation.run("import", "-", "--json", given="\n".join(lines))).value
    assert (again["created"], again["known"]) == (0, len(_KEYS))
    listed = (await installation.run("list", "--json")).value
    numbers: dict[str, str] = {case["form"]["intake_key"]: case["number"] for case in listed}
    for number in numbers.values():
        await installation.until_case(number, lambda case: bool(case["owner"]))
    return numbers


async def _lives(installation: Installation, numbers: dict[str, str]) -> None:
    number, twin = numbers["life"], numbers["twin"]
    owner = (await installation.case(number))["owner"]
    await installation.send("link", twin, (await installation.case(twin))["owner"], "--to", number)
    steps: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("claim", owner, ()),
        ("reply", owner, ("--text", "已定位到同步服务异常,正在修复")),
        ("progress", owner, ("--text", "方案测试中")),
        ("resolve", owner, _SOLUTION),
        ("confirm", "customer", ()),
        ("rate", "customer", ("--score", "非常满意")),
    )
    for name, by, arguments in steps:
        await installation.send(name, number, by, *arguments)
    closed = await installation.until_case(number, lambda case: case["status"] == "closed")
    assert gap_free(closed)
    assert (closed["resolution"], closed["priority"]) == ("satisfied", "P1")
    shown = await installation.run("show", number)
    assert shown.code == 0 and "已重启同步服务并调整超时" in shown.out


async def _is_held_up(installation: Installation, number: str, url: str) -> None:
    """Another transaction locks the case's row, as another process may lock a SQLite file."""
    database = Database.open(url)
    owner = (await installation.case(number))["owner"]
    async with database.begin() as connection:
        held = text("SELECT 1 FROM registration WHERE number = :number FOR UPDATE")
        await connection.execute(held, {"number": number})
        await installation.signal(number, "claim", json.dumps({"by": owner}))
        stuck = await installation.until_stuck(number, "activity_failing")
        assert stuck["what"].split(",")[0] == "record"
    await database.close()
    assert gap_free(await installation.until_case(number, lambda case: case["status"] == "in_progress"))


async def _is_learned_from(installation: Installation, numbers: dict[str, str]) -> None:
    number, held = numbers["life"], numbers["held"]
    reviews = (await installation.run("review", "list", "--json")).value
    assert [one["number"] for one in reviews] == [number]
    ended = await installation.run("review", "end", number, "--as", "operator", "--why", "演练")
    assert ended.code == 0, ended
    days = ("--from", "2026-05-11", "--to", "2026-05-11")
    report, found, exported, retimed, stuck, outbox = await asyncio.gather(
        installation.run("report", *days, "--json"),
        installation.run("kb", "search", "网络错误", "--json"),
        installation.run("export", "--out", "past.jsonl"),
        installation.run("retime", held, "--as", "operator", "--json"),
        installation.run("stuck", "--json"),
        installation.run("outbox", number, "--json"),
    )
    assert report.value["summary"]["zh_CN"].startswith("本期受理")
    assert [one["number"] for one in found.value] == [number]
    assert exported.code == 0, exported
    assert len({json.loads(line)["key"] for line in (installation.folder / "past.jsonl").read_text().splitlines()}) == 3
    assert retimed.code == 0, retimed
    assert number not in {one["number"] for one in stuck.value if one["reason"] in {"overdue", "not_acting"}}
    assert {"created", "result"} <= {row["event"] for row in outbox.value} | {"created"}
    await _until_archived(installation, number)
    kept = (await installation.run("archive", "show", number, "--json")).value
    assert (kept["number"], kept["form"]["customer"]["name"]) == (number, "王芳")


async def _until_archived(installation: Installation, number: str) -> None:
    async with asyncio.timeout(TIMEOUT):
        while number not in await _archived(installation):  # noqa: ASYNC110 - time has to pass
            await asyncio.sleep(0.3)


async def _archived(installation: Installation) -> set[Any]:
    """Archive what is due, which a case is only once its review has ended; answers what is archived."""
    assert (await installation.run("archive", "run", "--json")).code == 0
    return {one["number"] for one in (await installation.run("archive", "list", "--json")).value}


async def _goes_on_after_every_connection_broke(installation: Installation, number: str, url: str) -> None:
    owner = (await installation.case(number))["owner"]
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    ((broken,),) = await executed(
        url, f"{end} WHERE datname = current_database() AND application_name = 'bihuan' AND pid <> pg_backend_pid()"
    )
    assert broken > 0
    await installation.send("note", number, owner, "--text", "连接断过")
    assert gap_free(await installation.case(number))
