"""More comes in at once than one payload can hold: the case records all of it and goes on in runs that can begin."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.builders import RESOLUTION
from tests.workflows.case.test_workflow import send
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.workers import worker_of
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.case import handlers
from workflows.domain.commands.case import Collaborate
from workflows.domain.event import EventKind

NOTES = 250
"""Of 12 kB: 3 MB, where a new run can begin with 2 MB at most."""


async def test_a_case_outlives_a_flood_that_no_new_run_could_begin_with(real: WorkflowEnvironment) -> None:
    world, number = FakeActivities(), f"FB{uuid4().hex[:12]}"
    case = await real.client.start_workflow(
        CaseWorkflow.run, CaseInput(number=number, continue_after=20), id=number, task_queue=number
    )

    async def note(index: int) -> None:
        payload = {"command_id": f"n{index}", "by": "tech-001", "text": f"{index} " + "长" * 3900}
        await case.signal("note", payload)

    for start in range(0, NOTES, 25):
        await asyncio.gather(*(note(index) for index in range(start, start + 25)))
    async with worker_of(real.client, number, world.activities):
        await world.until(lambda: len([one for one in world.events if one.kind is EventKind.NOTED]) == NOTES)
        assert (await send(case, "claim", "tech-001"))["outcome"] == "accepted"
    assert {event.command_id for event in world.events if event.kind is EventKind.NOTED} == {
        f"n{index}" for index in range(NOTES)
    }
    first = (await case.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert first.continued_execution_run_id
    assert first.input.ByteSize() < 1_000_000


async def test_a_rule_that_fails_leaves_the_workflow_running(
    real: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OverflowError("date value out of range")

    broken = handlers.Handler(handlers.HANDLERS[Collaborate].permitted, fails)
    table: Any = handlers.HANDLERS
    monkeypatch.setitem(table, Collaborate, broken)
    world, number = FakeActivities(), f"FB{uuid4().hex[:12]}"
    case = await real.client.start_workflow(CaseWorkflow.run, CaseInput(number=number), id=number, task_queue=number)
    async with worker_of(real.client, number, world.activities):
        answer = await send(case, "collaborate", "tech-001", department="sales", duty="核对")
        assert (answer["outcome"], "OverflowError" in answer["reason"]) == ("rejected", True)
        assert (await send(case, "resolve", "tech-001", **RESOLUTION))["outcome"] == "accepted"
    assert [event.detail["fault"] for event in world.events if event.kind is EventKind.REJECTED] == ["OverflowError"]
    assert world.view is not None
    assert [fault.what for fault in world.view.faults] == ["collaborate"]
