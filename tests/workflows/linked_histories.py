"""The histories of linked cases, which no story of the demonstration has: a main case, a caller who refuses its
solution, and one whose main case is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from tests.builders import RESOLUTION
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.workers import worker_of
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import EventKind
from workflows.domain.terms import MainCase
from workflows.domain.vocabulary import Status

MAIN, CALLER, LATE = "FB202405060001", "FB202405060002", "FB202405060003"


async def linked_histories(client: Client) -> dict[str, WorkflowHistory]:
    """Name of the file -> history."""
    async with (
        _case(client, MAIN) as (main, main_world),
        _case(client, CALLER) as (caller, caller_world),
        _case(client, LATE) as (late, late_world),
    ):
        await caller.signal("link", {"by": "tech-001", "to": MAIN})
        await main_world.until(lambda: _happened(main_world, EventKind.FOLLOWER_ADDED))
        await main.signal("reply", {"by": "tech-001", "text": "在查"})
        await main.signal("resolve", {"by": "tech-001", **RESOLUTION})
        await caller_world.until(lambda: _happened(caller_world, EventKind.RESOLVED))
        await caller.signal("refuse", {"by": "customer", "why": "还是不行"})
        await main_world.until(lambda: _happened(main_world, EventKind.FOLLOWER_REMOVED))
        await main.signal("rate", {"by": "customer", "score": "satisfied"})
        await main.result()
        await late.signal("link", {"by": "tech-001", "to": MAIN})
        await late_world.until(lambda: _happened(late_world, EventKind.UNLINKED))
        kept = {"linked_main": main, "linked_caller": caller, "linked_too_late": late}
        return {name: await handle.fetch_history() for name, handle in kept.items()}


@asynccontextmanager
async def _case(client: Client, number: str) -> AsyncIterator[tuple[WorkflowHandle[CaseWorkflow, str], FakeActivities]]:
    world = FakeActivities(main=MainCase(number=MAIN, status=Status.IN_PROGRESS))
    async with worker_of(client, number, world.activities):
        yield (
            await client.start_workflow(CaseWorkflow.run, CaseInput(number=number), id=number, task_queue=number),
            world,
        )


def _happened(world: FakeActivities, kind: EventKind) -> bool:
    return any(event.kind is kind for event in world.events)
