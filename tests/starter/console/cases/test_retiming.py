"""A newly announced holiday reaches every open case, in one go that can be cut short and repeated."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.activities.policy.test_files import shipped
from tests.starter.command_line import bihuan, intake_form
from tests.starter.installation import Installation, running

pytestmark = pytest.mark.xdist_group("retime")


def due(case: dict[str, Any], clock: str) -> datetime:
    """When a clock of the case is due."""
    return next(datetime.fromisoformat(one["due"]) for one in case["deadlines"] if one["clock"] == clock)


async def opened(installation: Installation, key: str, **changes: Any) -> str:
    """A case of somebody, of priority P2 unless it says otherwise."""
    facts = {"priority": "P2", "priority_reason": "演练", "impact": {"blocks_normal_use": False}} | changes
    form = json.dumps(intake_form(intake_key=key, **facts), ensure_ascii=False)
    number: str = (await installation.run("open", "-", "--json", given=form)).value["number"]
    await installation.until_case(number, lambda case: bool(case["owner"]))
    return number


async def test_a_newly_announced_holiday_moves_every_open_case_once(tmp_path: Path) -> None:
    policy = shipped("activities.policy", "standard.toml")
    (tmp_path / "own.toml").write_text(policy, "utf-8")
    async with running(
        tmp_path, BIHUAN_POLICY="own.toml", BIHUAN_VIRTUAL_START="2026-05-11T09:00+08:00"
    ) as installation:
        numbers = [await opened(installation, f"k{count}") for count in range(3)]
        urgent = await opened(installation, "urgent", priority="P1")
        before = {number: due(await installation.case(number), "resolution") for number in (*numbers, urgent)}
        holiday = policy.replace("extra_holidays = []", "extra_holidays = [2026-05-12]")
        assert holiday != policy
        (tmp_path / "own.toml").write_text(holiday.replace("extra_holidays", "extra_holydays"), "utf-8")
        faulty = await installation.run("retime", numbers[0], "--as", "operator")
        assert faulty.code == 1
        assert "rejected: own.toml: calendar.extra_holydays: is not known" in faulty.err
        assert "stays in force" in faulty.err
        (tmp_path / "own.toml").write_text(holiday, "utf-8")
        query = ("--query", 'CasePriority = "P1" and CaseBreached = false')
        some = await installation.run("retime", *query, "--as", "operator", "--command-id", "once", "--json")
        assert [one["number"] for one in some.value["cases"]] == [urgent]
        typo = await installation.run("retime", "--query", 'CasePriorty = "P1"', "--as", "operator")
        assert (typo.code, len(typo.err.splitlines())) == (1, 1)
        assert "CasePriorty" in typo.err
        assert "allowed: a list filter on CaseStatus" in typo.err
        signals = []
        for _ in range(2):
            told = await installation.run("retime", "--all", "--as", "operator", "--command-id", "once", "--json")
            assert told.code == 0, told
            assert {one["outcome"] for one in told.value["cases"]} == {"accepted"}
            history = await installation.temporal("workflow", "show", "--workflow-id", urgent, "--output", "json")
            signals.append(history.count("WORKFLOW_EXECUTION_SIGNALED"))
        assert signals[0] == signals[1], "going on where it was cut short leaves no trace in what was done"
        for number in numbers:
            case = await installation.until_case(number, lambda case: "retimed" in str(case["timeline"][-1]["kind"]))
            assert due(case, "resolution") - before[number] == timedelta(days=1)
            assert [entry["kind"] for entry in case["timeline"]].count("retimed") == 1
        round_the_clock = await installation.case(urgent)
        assert due(round_the_clock, "resolution") == before[urgent]
        assert [entry["kind"] for entry in round_the_clock["timeline"]].count("retimed") == 1


@pytest.mark.parametrize("arguments", [[], ["FB1", "--all"], ["--all", "--priority", "P1"], ["FB1", "--query", "x"]])
def test_which_cases_to_retime_has_to_be_said_once(arguments: list[str], tmp_path: Path) -> None:
    answer = bihuan("retime", *arguments, "--as", "operator", folder=tmp_path)
    assert answer.returncode == 2
    assert "allowed: a number, or --all, or any of" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
