"""A long life on the real rules, templates and database: nothing is missing from it, and no run of it grows for ever.

Two whole years, day by day, pass in the pure core: `tests.workflows.domain.case.test_long_life`.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.arrivals import find_arrivals
from activities.database.database import Database
from activities.database.tables import case_record, timeline
from activities.intake.form import parse_form
from activities.intake.register import Register
from activities.messages.renderer import Renderer
from activities.opening.activity import OpeningActivities
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from activities.recording.activity import RecordingActivities
from tests.activities.intake.test_form import filled
from tests.starter.command_line import bihuan
from tests.timeouts import until
from tests.workflows.case.test_workflow import send
from tests.workflows.workers import worker_of
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.event import EventKind
from workflows.domain.time.calendar import Calendar

REPORTS, COLLABORATIONS, REOPENINGS = 80, 4, 3
CONTINUE_AFTER = 100
LONGEST_RUN = 4 * CONTINUE_AFTER
"""Events; in production a new run begins after 4,000, and the server ends one at 51,200."""
MOST_CARRIED = 60_000
"""Bytes, of the 2 MB that the server takes."""
BY = "director"
"""May do everything, and owns the case in the end."""


async def test_a_long_life_has_every_step_in_the_record_and_no_run_that_grows_for_ever(
    real: WorkflowEnvironment, database: Database, tmp_path: Path
) -> None:
    number = await _registered(database)
    directory, policy = Directory(database), load_policy("standard")
    settling = OpeningActivities(database, policy, directory)
    recording = RecordingActivities(
        database=database, directory=directory, renderer=Renderer(None), labels=policy.labels, calendar=Calendar
    )
    async with worker_of(real.client, number, [settling.settle, settling.consult, find_arrivals, recording.record]):
        start = CaseInput(number=number, continue_after=CONTINUE_AFTER)
        case = await real.client.start_workflow(CaseWorkflow.run, start, id=number, task_queue=number)
        for count in range(1, REPORTS + 1):
            await case.signal("progress", _command("progress", count, text=f"第{count}次:等待厂商补丁", why="未答复"))
            if count % (REPORTS // COLLABORATIONS) == 0:
                await _collaborate(real, case, count * COLLABORATIONS // REPORTS)
            if count % (REPORTS // (REOPENINGS + 1)) == 0 and count < REPORTS:
                await case.signal(
                    "resolve", _command("resolve", count, cause="补丁", solution="已打补丁", verified="yes")
                )
                await case.signal("refuse", {**_command("refuse", count, why="又出现了"), "by": "customer"})
        assert (await send(case, "withdraw", "customer", why="换了系统"))["outcome"] == "accepted"
        assert await case.result() == "withdrawn"
    lengths, carried = await _runs(real, number, str(case.first_execution_run_id))
    # How many there are depends on how many commands come together.
    assert len(lengths) >= 2
    assert max(lengths) < LONGEST_RUN
    assert max(carried) < MOST_CARRIED
    await _is_complete(database, number, tmp_path)


async def _is_complete(database: Database, number: str, folder: Path) -> None:
    async with database.read() as connection:
        of_case = select(timeline.c.sequence, timeline.c.kind).where(timeline.c.number == number)
        steps = (await connection.execute(of_case.order_by(timeline.c.sequence))).all()
        view = await connection.scalar(select(case_record.c.view).where(case_record.c.number == number))
    assert [step.sequence for step in steps] == list(range(1, len(steps) + 1))
    happened = Counter(step.kind for step in steps)
    wanted = {
        EventKind.PROGRESSED: REPORTS,
        EventKind.CONTRIBUTED: COLLABORATIONS,
        EventKind.REOPENED: REOPENINGS,
        EventKind.REJECTED: 0,
    }
    assert {kind: happened[kind] for kind in wanted} == wanted
    assert len(json.dumps(view, ensure_ascii=False).encode()) < MOST_CARRIED
    environment = {"BIHUAN_DATABASE_URL": f"sqlite:///{database.address.path}"}
    shown = bihuan("show", number, folder=folder, environment=environment)
    assert shown.returncode == 0, shown.stderr
    assert f"{len(steps) - 100} earlier steps: bihuan show {number} --all" in shown.stdout
    assert len(shown.stdout.splitlines()) < 200
    whole = bihuan("show", number, "--all", folder=folder, environment=environment)
    assert len(whole.stdout.splitlines()) > len(steps)


async def _collaborate(real: WorkflowEnvironment, case: WorkflowHandle[CaseWorkflow, str], round_: int) -> None:
    """Asked, and answered."""
    asked = await send(case, "collaborate", BY, department="product", duty=f"第{round_}次核对设计")
    assert asked["outcome"] == "accepted", asked
    task = real.client.get_workflow_handle_for(
        CollaborationWorkflow.run, f"{case.id}/product" if round_ == 1 else f"{case.id}/product/{round_}"
    )
    answer = {"department": "product", "result": "设计如此"}
    await _begun(task)
    await task.signal("contribute", {**_command("contribute", round_, **answer), "by": "product-001"})
    assert await task.result() == "done"


async def _begun(task: WorkflowHandle[Any, Any]) -> None:
    """The case says accepted a moment before its task is there."""

    async def begun() -> bool:
        try:
            await task.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    await until(begun)


def _command(name: str, count: int, **fields: Any) -> dict[str, Any]:
    return {"command_id": f"{name}-{count}", "by": BY, **fields}


async def _runs(real: WorkflowEnvironment, number: str, first: str) -> tuple[list[int], list[int]]:
    """Events of each run, and bytes that each began with."""
    lengths, carried, run_id = [], [], first
    while run_id:
        events = (await real.client.get_workflow_handle(number, run_id=run_id).fetch_history()).events
        lengths.append(len(events))
        carried.append(events[0].workflow_execution_started_event_attributes.input.ByteSize())
        run_id = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return lengths, carried


async def _registered(database: Database) -> str:
    organisation, policy = sample_organisation(), load_policy("standard")
    await Directory(database).load(organisation)
    raw = filled(intake_key=None, priority="P3", priority_reason="测试", customer__email="liuyang@example.com")
    raw["customer"]["preferred_contact"] = "email"
    now = datetime.now(UTC)
    form = parse_form(raw, now=now, policy=policy, organisation=organisation)
    return (await Register(database).register(form, received_at=now, day=now.date())).number
