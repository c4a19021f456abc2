"""A new run begins while people are at work: nothing accepted is lost on the way, and no run grows for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from tests.builders import MONDAY, NUMBER
from tests.timeouts import until
from tests.workflows.case.test_workflow import send
from tests.workflows.collaboration.test_workflow import ask, task_of
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.review.test_workflow import world_that_reviews
from tests.workflows.workers import worker_of
from workflows.domain.event import Event, EventKind
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.view import ReviewRequest
from workflows.domain.vocabulary import Priority
from workflows.entity.input import CommandOutcome
from workflows.review.input import ReviewInput
from workflows.review.workflow import ReviewWorkflow

CONTINUE_AFTER = 20
"""Events of history: so few that a run lasts for a handful of commands."""
CLIENTS, COMMANDS = 2, 6
QUERY_TIMEOUT = timedelta(seconds=3)
BUSY = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.RESOURCE_EXHAUSTED}
Handle = WorkflowHandle[Any, Any]
LIVES = pytest.mark.parametrize("lives", [1, pytest.param(10, marks=pytest.mark.drill)])
"""How many at the same time. Where exactly a command meets a new run is chance; a drill has more of them."""


async def at_once(handle: Handle, name: str, by: str, fields: dict[str, Any]) -> list[str]:
    """Several clients, none of which waits for another, and each asks at once what became of its command.

    It is the question that makes a new run race with a command: it is answered in the middle of a step.
    """

    async def client(number: int) -> list[str]:
        answered = []
        for index in range(COMMANDS):
            command_id = f"{number}-{index}-{uuid4().hex[:6]}"
            await handle.signal(name, {"command_id": command_id, "by": by, **fields})
            assert await judged(handle, command_id) in {"accepted", "rejected"}
            answered.append(command_id)
        return answered

    return [command_id for ids in await asyncio.gather(*map(client, range(CLIENTS))) for command_id in ids]


async def judged(handle: Handle, command_id: str) -> str:
    """What became of it; a server that has its hands full is asked again."""

    async def told() -> str | None:
        try:
            outcome = await handle.query("outcome", command_id, result_type=CommandOutcome, rpc_timeout=QUERY_TIMEOUT)
        except RPCError as error:
            if error.status not in BUSY:
                raise
            return None
        return str(outcome.outcome) if outcome.outcome != "pending" else None

    return await until(told)


def gapless(events: Iterable[Event]) -> bool:
    """Whether every step was written, once."""
    sequences = [event.sequence for event in events]
    return sequences == list(range(1, len(sequences) + 1))


def refused(events: Iterable[Event]) -> list[str]:
    """Ids of commands whose refusal was written, in order."""
    return [str(event.detail["command_id"]) for event in events if event.kind is EventKind.REJECTED]


async def went_on(handle: Handle) -> bool:
    """Whether this is not its first run any more, and the run is no longer than it takes to begin the next."""
    described = await handle.describe()
    first = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    return bool(first.continued_execution_run_id) and described.history_length < 10 * CONTINUE_AFTER


@LIVES
async def test_what_a_case_accepted_while_a_new_run_began_is_in_its_record(start: Starter, lives: int) -> None:
    async def one() -> None:
        world = FakeActivities()
        case = await start(world, continue_after=CONTINUE_AFTER)
        sent = await at_once(case, "note", "tech-001", {"text": "看到了"})
        assert (await send(case, "note", "tech-001", text="最后"))["outcome"] == "accepted"
        await world.until(lambda: any(event.detail.get("text") == "最后" for event in world.events))
        notes = [event for event in world.events if event.kind is EventKind.NOTED]
        assert len(notes) == len(sent) + 1
        assert gapless(world.events)
        assert await went_on(case)

    await asyncio.gather(*(one() for _ in range(lives)))


@LIVES
async def test_what_a_department_reports_while_a_new_run_of_its_case_begins_is_in_the_record(
    start: Starter, real: WorkflowEnvironment, lives: int
) -> None:
    """Both go on in new runs again and again; the department is sent commands, and reports each to its case."""

    async def one() -> None:
        world = FakeActivities()
        case = await start(world, continue_after=CONTINUE_AFTER)
        await ask(world, case)
        task = task_of(real.client, case)

        async def claims() -> list[str]:
            ids = [uuid4().hex for _ in range(CLIENTS * COMMANDS)]
            for command_id in ids:
                await task.signal("claim", {"command_id": command_id, "by": "sales-001", "department": "product"})
                await asyncio.sleep(0)
            return ids

        of_task, of_case = await asyncio.gather(claims(), at_once(case, "note", "tech-001", {"text": "看到了"}))
        assert (await send(task, "contribute", "sales-001", department="sales", result="好"))["outcome"] == "accepted"
        await world.until(lambda: any(event.kind is EventKind.CONTRIBUTED for event in world.events))
        assert sorted(refused(world.events)) == sorted(of_task)
        assert len([event for event in world.events if event.kind is EventKind.NOTED]) == len(of_case)
        assert gapless(world.events)
        assert await went_on(case)

    await asyncio.gather(*(one() for _ in range(lives)))


@LIVES
async def test_what_a_review_was_told_while_a_new_run_began_is_in_its_record(
    real: WorkflowEnvironment, lives: int
) -> None:
    async def one() -> None:
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
                ReviewInput(request=request, continue_after=CONTINUE_AFTER),
                id=f"{queue}/review",
                task_queue=queue,
            )
            sent = await at_once(review, "approve", "tech-head", {})
            await review.signal("end", {"command_id": "end", "by": "operator", "reason": "没有必要"})
            await review.result()
        assert sorted(refused(world.reviewed)) == sorted(sent)
        assert gapless(world.reviewed)
        first = (await review.fetch_history()).events[0].workflow_execution_started_event_attributes
        assert first.continued_execution_run_id

    await asyncio.gather(*(one() for _ in range(lives)))
