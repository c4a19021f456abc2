"""The histories of objects to which everything happened at once, which no story of the demonstration has.

Asked by a query what became of a command while it was being written; opened and written while the database was locked;
gone on in a later run; judged again because people had changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from tests.workflows.case.test_workflow import live, send
from tests.workflows.collaboration.test_workflow import ask, task_of
from tests.workflows.entity.test_changed_people import Restless
from tests.workflows.entity.test_races import OF_A_CASE, OF_A_REVIEW, OF_A_TASK, all_at_once
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.review.test_workflow import review_of, world_that_reviews
from tests.workflows.workers import worker_of
from workflows import ports
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.terms import Settlement

Handle = WorkflowHandle[CaseWorkflow, str]
_SLOW = 0.03
"""Seconds a record takes, so that signals and queries come meanwhile."""
_PATIENCE = timedelta(seconds=30)


@dataclass
class _Slow(FakeActivities):
    """A database that takes its time, and is locked for so many calls of an activity."""

    locked: dict[str, int] = field(default_factory=dict)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Some call found it locked."""

    async def _wait(self, what: str) -> None:
        if self.locked.get(what, 0) and activity.info().is_local:
            self.locked[what] -= 1
            self.reached.set()
            await asyncio.Event().wait()
        await asyncio.sleep(_SLOW)

    @activity.defn(name="settle")
    async def slow_settle(self, number: str) -> Settlement:
        await self._wait("settle")
        return await self.settle(number)

    @activity.defn(name="record")
    async def slow_record(self, step: ports.Record) -> ports.Recorded:
        await self._wait("record")
        return await self.record(step)

    @activity.defn(name="record_review")
    async def slow_record_review(self, step: ports.ReviewRecord) -> ports.Recorded:
        await self._wait("record_review")
        return await self.record_review(step)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.slow_settle,
            self.consult,
            self.find_arrivals,
            self.slow_record,
            self.slow_record_review,
            self.deliver,
        ]


async def raced_histories(client: Client) -> dict[str, WorkflowHistory]:
    """Name of the file -> history."""
    kept: dict[str, WorkflowHistory] = {}
    for play in (_asked_while_told, _record_locked, _settle_locked_asked, _later_run, _people_changed):
        kept |= {name: await handle.fetch_history() for name, handle in (await play(client)).items()}
    return kept


async def _begin(client: Client, number: str, **start: Any) -> Handle:
    return await client.start_workflow(
        CaseWorkflow.run, CaseInput(number=number, **start), id=number, task_queue=number
    )


async def _asked_while_told(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    number, reviewed = "FB202405060011", "FB202405060012"
    world = _Slow()
    async with worker_of(client, number, world.activities):
        case = await _begin(client, number)
        await ask(world, case)
        task = task_of(client, case)
        await asyncio.gather(all_at_once(case, OF_A_CASE), all_at_once(task, OF_A_TASK))
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        await asyncio.gather(case.result(), task.result())
    subject = world_that_reviews()
    world = _Slow(settlement=subject.settlement, subject=subject.subject)
    async with worker_of(client, reviewed, world.activities):
        closed = await _begin(client, reviewed)
        await live(closed)
        review = review_of(client, closed)
        await all_at_once(review, OF_A_REVIEW)
        await review.signal("end", {"by": "operator", "reason": "没有必要"})
        await review.result()
    return {"asked_while_told": case, "asked_while_told.sales": task, "asked_while_told.review": review}


async def _record_locked(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """A local activity that times out raises something else in a replay than it did before."""
    number = "FB202405060013"
    world = _Slow()
    async with worker_of(client, number, world.activities):
        case = await _begin(client, number)
        await send(case, "claim", "tech-001")
        for _ in range(2):
            world.locked["record"] = 1
            world.reached.clear()
            await case.signal("note", {"by": "tech-001", "text": "锁住时写的"})
            await world.reached.wait()
            await all_at_once(case, OF_A_CASE[:3])
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        await case.result()
    return {"record_locked": case}


async def _settle_locked_asked(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    number = "FB202405060014"
    world = _Slow(locked={"settle": 1})
    async with worker_of(client, number, world.activities):
        case = await _begin(client, number)
        await world.reached.wait()
        await all_at_once(case, OF_A_CASE)
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        await case.result()
    return {"settle_locked_asked": case}


async def _later_run(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """The handle without a run is the last one's."""
    number = "FB202405060016"
    world = _Slow()
    async with worker_of(client, number, world.activities):
        case = await _begin(client, number, continue_after=40)
        await all_at_once(case, _without_end(OF_A_CASE))
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        await case.result()
    last = client.get_workflow_handle(number)
    started = (await last.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert started.continued_execution_run_id, "it went on in a later run"
    return {"later_run": last}


async def _people_changed(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Steps that were judged again, because the record found somebody away or back."""
    number = "FB202405060017"
    world = Restless()
    async with worker_of(client, number, world.activities):
        case = await _begin(client, number)
        await all_at_once(case, _without_end(OF_A_CASE))
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        await case.result()
    return {"people_changed": case}


def _without_end(commands: Sequence[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    return [command for command in commands if command[0] != "collaborate"]
