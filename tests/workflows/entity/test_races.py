"""Commands and queries come while steps are being written: in whatever order, a replay comes to the same.

A query that is answered while a local activity runs lets its answer reach the workflow together with later events;
a replay has it before them. A case that decides anything by that order is stuck as soon as its worker is restarted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.builders import MONDAY, NUMBER, RESOLUTION
from tests.workflows.case.test_workflow import send
from tests.workflows.collaboration.test_workflow import ask, task_of
from tests.workflows.conftest import Starter
from tests.workflows.entity.test_new_runs import LIVES, gapless, judged
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.replays import play_all
from tests.workflows.review.test_workflow import REPORT, world_that_reviews
from tests.workflows.workers import worker_of
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.event import EventKind
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.view import ReviewRequest
from workflows.domain.vocabulary import Priority
from workflows.review.input import ReviewInput
from workflows.review.workflow import ReviewWorkflow

Command = tuple[str, str, dict[str, Any]]
Handle = WorkflowHandle[Any, Any]

SENDERS = 3
OF_A_CASE: Sequence[Command] = (
    ("claim", "tech-001", {}),
    ("note", "agent-999", {"text": "?"}),
    ("reply", "tech-001", {"text": "在查"}),
    ("classify", "tech-001", {"priority": "P0", "why": "停线"}),
    ("assign", "tech-001", {"to": "tech-002", "why": "换班"}),
    ("collaborate", "tech-001", {"department": "sales", "duty": "核对合同"}),
    ("resolve", "tech-002", RESOLUTION),
    ("refuse", "customer", {"why": "又出现了"}),
    ("dance", "tech-001", {}),
)
"""Some need a lookup; most change search attributes or the earliest deadline."""
OF_A_TASK: Sequence[Command] = (
    ("claim", "sales-001", {}),
    ("claim", "agent-999", {}),
    ("claim", "tech-001", {}),
    ("claim", "sales-002", {}),
    ("dance", "sales-001", {}),
)
OF_A_REVIEW: Sequence[Command] = (
    ("name_author", "tech-head", {"author": "tech-001"}),
    ("approve", "agent-999", {}),
    ("review", "tech-001", REPORT),
    ("name_author", "tech-head", {"author": "sales-001"}),
    ("approve", "tech-head", {}),
    ("dance", "tech-001", {}),
)


async def all_at_once(handle: Handle, commands: Sequence[Command]) -> None:
    """Several people, each of whom asks at once what became of a command."""

    async def sender(number: int) -> None:
        for turn in range(len(commands)):
            name, by, fields = commands[(turn + 2 * number) % len(commands)]
            command_id = uuid4().hex
            await handle.signal(name, {"command_id": command_id, "by": by, **fields})
            await judged(handle, command_id)

    await asyncio.gather(*(sender(number) for number in range(SENDERS)))


@LIVES
async def test_a_case_that_is_asked_while_it_is_told_survives_a_restart(
    start: Starter, real: WorkflowEnvironment, lives: int
) -> None:
    async def one() -> tuple[str, FakeActivities]:
        world = FakeActivities()
        case = await start(world)
        await all_at_once(case, OF_A_CASE)
        await case.signal("withdraw", {"by": "customer", "why": "换了系统"})
        assert await case.result() == "withdrawn"
        return case.id, world

    for number, world in await asyncio.gather(*(one() for _ in range(lives))):
        assert gapless(world.events)
        assert await play_all(real.client, number) == world.view


@LIVES
async def test_a_task_that_is_asked_while_it_is_told_survives_a_restart(
    start: Starter, real: WorkflowEnvironment, lives: int
) -> None:
    async def one() -> Handle:
        world = FakeActivities()
        case = await start(world)
        await ask(world, case)
        task = task_of(real.client, case)
        await all_at_once(task, OF_A_TASK)
        answer = await send(task, "contribute", "sales-001", department="sales", result="好")
        assert answer["outcome"] == "accepted"
        assert await task.result() == "done"
        await world.until(lambda: any(event.kind is EventKind.CONTRIBUTED for event in world.events))
        return task

    for task in await asyncio.gather(*(one() for _ in range(lives))):
        assert await play_all(real.client, task.id) == await task.query(CollaborationWorkflow.state)


@LIVES
async def test_a_review_that_is_asked_while_it_is_told_survives_a_restart(
    real: WorkflowEnvironment, lives: int
) -> None:
    async def one() -> tuple[str, FakeActivities]:
        world, queue = world_that_reviews(), uuid4().hex
        assert world.subject is not None
        request = ReviewRequest(
            number=NUMBER,
            subject=world.subject,
            department="technical_support",
            type="technical",
            priority=Priority.P1,
            terms=ReviewRules().terms(),
            calendar=world.settlement.terms.calendar,
            opened_at=MONDAY,
        )
        async with worker_of(real.client, queue, world.activities):
            review = await real.client.start_workflow(
                ReviewWorkflow.run,
                ReviewInput(request=request),
                id=f"{queue}/review",
                task_queue=queue,
            )
            await all_at_once(review, OF_A_REVIEW)
            await review.signal("end", {"command_id": "end", "by": "operator", "reason": "没有必要"})
            await review.result()
        return review.id, world

    for name, world in await asyncio.gather(*(one() for _ in range(lives))):
        assert gapless(world.reviewed)
        assert await play_all(real.client, name) == world.review
