"""`bihuan mine`: everything that waits for one person, and nothing that waits for others (R30)."""

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
from activities.organisation.loading import sample_organisation
from tests.activities.queries.test_cases import write
from tests.activities.samples import register_case
from tests.builders import HOUR, MONDAY
from tests.starter.both_ways import given_by
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan, refused
from workflows.domain.case.view import Untold
from workflows.domain.clock import Deadline
from workflows.domain.department_task import TaskView
from workflows.domain.vocabulary import ClockName, Status, TaskStatus


@pytest.fixture(scope="module", params=["local", "remote"])
def folder(request: pytest.FixtureRequest, shared_folder: Path, shared_record_url: str) -> Iterator[Path]:
    """Cases of two people of the sample company: one late, one with a call, one escalated, one with a task of sales."""

    async def fill() -> None:
        database = Database.open(shared_record_url)
        await database.migrate()
        await Directory(database).load(sample_organisation())
        late, later, escalated, closed, task = [await register_case(database) for _ in range(5)]
        untold = (Untold(message="progressed", key="k", at=MONDAY, why="no_way"),)
        await write(database, later, owner="tech-001", deadlines=_due(5), untold=untold)
        await write(database, late, owner="tech-001", deadlines=_due(1))
        await write(
            database,
            escalated,
            owner="tech-002",
            waiting=None,
            acknowledged=False,
            escalation_level=1,
            escalated_to="tech-head",
            escalated_at=MONDAY,
        )
        await write(database, closed, owner="tech-001", status=Status.CLOSED, closed_at=MONDAY)
        await write(database, task, owner="tech-002", waiting=None, collaborations=(_task(task),))
        await database.close()

    filled = shared_folder / f"filled-{DatabaseUrl.parse(shared_record_url).kind}"
    if not filled.exists():
        asyncio.run(fill())
        filled.touch()
    with given_by(request.param, shared_folder, shared_record_url) as folder:
        yield folder


def _due(hours: int) -> tuple[Deadline, ...]:
    return (Deadline(clock=ClockName.CLAIM, started=MONDAY, due=MONDAY + hours * HOUR),)


def _task(number: str) -> TaskView:
    return TaskView(
        department="sales", round=1, workflow_id=f"{number}/sales", duty="核对合同", asked_by="tech-002",
        asked_at=MONDAY, due=MONDAY + HOUR, person=None, status=TaskStatus.OPEN,
    )  # fmt: skip


def _mine(folder: Path, person: str, *options: str) -> Any:
    answered = bihuan("mine", "--json", *options, folder=folder, environment={"BIHUAN_AS": person})
    assert answered.returncode == 0, answered
    return json.loads(answered.stdout)


def test_ones_own_cases_come_by_their_next_deadline_and_calls_apart(folder: Path) -> None:
    mine = _mine(folder, "tech-001")
    assert [(case["number"][-1], case["due"][11:16]) for case in mine["cases"]] == [("1", "10:00"), ("2", "14:00")]
    assert [call["number"][-1] for call in mine["calls"]] == ["2"]
    assert (mine["escalations"], mine["tasks"], mine["reviews"]) == ([], [], [])
    shown = bihuan("mine", "--as", "tech-001", folder=folder).stdout
    assert "tech-001 蒋华" in shown
    assert "bihuan told" in shown


def test_escalations_and_tasks_of_ones_department_are_there_and_the_option_wins(folder: Path) -> None:
    assert [one["number"][-1] for one in _mine(folder, "tech-001", "--as", "tech-head")["escalations"]] == ["3"]
    tasks = _mine(folder, "sales-001")["tasks"]
    assert [(one["number"][-1], one["department"], one["person"]) for one in tasks] == [("5", "sales", None)]


@SHARED_ON_SQLITE
@pytest.mark.parametrize("person", ["nobody", "operator", "customer"])
def test_who_is_nobody_here_has_no_work(folder: Path, person: str) -> None:
    asked_for = refused("mine", "--as", person, folder=folder)
    assert (asked_for.returncode, asked_for.stdout) == (1, "")
    assert asked_for.stderr == f"bihuan: {person}: is not in the organisation; allowed: the id of a person\n"
