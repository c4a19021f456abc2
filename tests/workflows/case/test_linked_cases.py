"""Linked cases as workflows of their own: what one of them answers reaches all of them, once (R28)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.builders import RESOLUTION
from tests.workflows.case.test_workflow import send, tell
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.workers import worker_of
from workflows import ports
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import MainCase
from workflows.domain.vocabulary import Status

Handle = WorkflowHandle[CaseWorkflow, str]
CALLERS = 3


def seen(world: FakeActivities, kind: EventKind) -> list[Event]:
    """Every such entry of the timeline."""
    return [event for event in world.events if event.kind is kind]


def results(world: FakeActivities) -> int:
    """How often the customer was told a result."""
    return sum(notice.message is Message.RESULT for event in world.events for notice in event.notices)


async def link(main: tuple[FakeActivities, Handle], follower: tuple[FakeActivities, Handle]) -> None:
    """Link, and wait until the main case knows."""
    follower[0].main = MainCase(number=main[1].id, status=Status.IN_PROGRESS)
    before = len(seen(main[0], EventKind.FOLLOWER_ADDED))
    await tell(follower[0], follower[1], "link", "tech-001", to=main[1].id)
    await main[0].until(lambda: len(seen(main[0], EventKind.FOLLOWER_ADDED)) > before)


async def linked_cases(start: Starter, callers: int = 2, **options: Any) -> list[tuple[FakeActivities, Handle]]:
    """A main case and the callers linked to it."""
    cases = []
    for _ in range(1 + callers):
        world = FakeActivities()
        cases.append((world, await start(world, **options)))
    for follower in cases[1:]:
        await link(cases[0], follower)
    return cases


async def test_one_solution_answers_three_callers_who_each_accept_it_for_themselves(start: Starter) -> None:
    cases = await linked_cases(start, CALLERS)
    assert (await send(cases[0][1], "resolve", "tech-001", **RESOLUTION))["outcome"] == "accepted"
    for world, handle in cases:
        await world.until(lambda world=world: bool(seen(world, EventKind.RESOLVED)))  # type: ignore[misc]
        assert (await send(handle, "rate", "customer", score="satisfied"))["outcome"] == "accepted"
        assert await handle.result() == "satisfied"
        assert results(world) == 1
        assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))


async def test_a_caller_who_refuses_goes_on_alone(start: Starter) -> None:
    main, first, second = await linked_cases(start)
    await send(main[1], "resolve", "tech-001", **RESOLUTION)
    await first[0].until(lambda: bool(seen(first[0], EventKind.RESOLVED)))
    assert (await send(first[1], "refuse", "customer", why="还是不行"))["outcome"] == "accepted"
    await main[0].until(lambda: bool(seen(main[0], EventKind.FOLLOWER_REMOVED)))
    assert main[0].view is not None
    assert main[0].view.linked == (second[1].id,)
    assert first[0].view is not None
    assert (first[0].view.linked_to, first[0].view.status) == (None, Status.DISPATCHED)
    assert main[0].view.status is Status.AWAITING_CONFIRMATION


async def test_a_caller_linked_to_a_case_that_is_gone_is_not_left_waiting(start: Starter) -> None:
    main, follower = (FakeActivities(), FakeActivities())
    gone, handle = await start(main), await start(follower)
    await gone.terminate()
    follower.main = MainCase(number=gone.id, status=Status.IN_PROGRESS)
    assert (await send(handle, "link", "tech-001", to=gone.id))["outcome"] == "accepted"
    await follower.until(lambda: bool(seen(follower, EventKind.UNLINKED)))
    assert (await send(handle, "resolve", "tech-001", **RESOLUTION))["outcome"] == "accepted"


async def test_a_caller_who_is_gone_does_not_keep_the_others_from_their_answer(start: Starter) -> None:
    main, first, second, third = await linked_cases(start, CALLERS)
    await first[1].terminate()
    for text in ("在查", "快好了"):
        assert (await send(main[1], "reply", "tech-001", text=text))["outcome"] == "accepted"
    for world in (second[0], third[0]):
        await world.until(lambda world=world: len(seen(world, EventKind.REPLIED)) == 2)  # type: ignore[misc]


async def test_many_answers_over_many_runs_arrive_once_and_in_order(start: Starter) -> None:
    cases = await linked_cases(start, continue_after=40)
    texts = [f"第{count}次" for count in range(16)]
    for count, text in enumerate(texts, start=1):
        await cases[0][1].signal("reply", {"by": "tech-001", "text": text})
        if count % 8 == 0:
            for world, _ in cases:
                await world.until(lambda world=world, count=count: len(seen(world, EventKind.REPLIED)) == count)  # type: ignore[misc]
    for world, _ in cases:
        assert [event.detail["text"] for event in seen(world, EventKind.REPLIED)] == texts
        assert not seen(world, EventKind.REJECTED)
    first = (await cases[0][1].fetch_history()).events[0].workflow_execution_started_event_attributes
    assert first.continued_execution_run_id, "the main case is in a later run"
    assert cases[0][0].view is not None
    assert len(cases[0][0].view.linked) == len(cases) - 1


@dataclass
class Dying(FakeActivities):
    """A worker that dies while it writes down the solution: before any caller has been told."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name="record")
    async def dying_record(self, step: ports.Record) -> ports.Recorded:
        if any(event.kind is EventKind.RESOLVED for event in step.events):
            self.reached.set()
            await asyncio.Event().wait()
        return await self.record(step)

    @property
    def activities(self) -> list:  # type: ignore[type-arg]
        return [self.settle, self.consult, self.find_arrivals, self.dying_record, self.deliver]


async def test_a_worker_killed_before_the_callers_were_told_still_answers_all_of_them_once(
    start: Starter, real: WorkflowEnvironment
) -> None:
    dying, followers = Dying(), [FakeActivities() for _ in range(CALLERS)]
    handles = [await start(world) for world in followers]
    number = f"{handles[0].id}-main"

    def worker(world: FakeActivities) -> Worker:
        return worker_of(real.client, number, world.activities)

    async with worker(dying):
        main = await real.client.start_workflow(
            CaseWorkflow.run, CaseInput(number=number), id=number, task_queue=number
        )
        for world, handle in zip(followers, handles, strict=True):
            await link((dying, main), (world, handle))
        await main.signal("resolve", {"by": "tech-001", "command_id": "fix", **RESOLUTION})
        await dying.reached.wait()
    assert not any(seen(world, EventKind.RESOLVED) for world in followers)
    living = FakeActivities(events=dying.events)
    async with worker(living):
        await main.signal("resolve", {"by": "tech-001", "command_id": "fix", **RESOLUTION})
        for world, handle in zip(followers, handles, strict=True):
            await world.until(lambda world=world: bool(seen(world, EventKind.RESOLVED)))  # type: ignore[misc]
            assert (await send(handle, "note", "tech-001", text="看过"))["outcome"] == "accepted"
            assert len(seen(world, EventKind.RESOLVED)) == results(world) == 1
            assert not seen(world, EventKind.REJECTED)
        await main.terminate()


async def test_every_caller_keeps_the_promises_made_to_them(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    main, *callers = await linked_cases(start_skipping)
    await skipping.sleep(timedelta(hours=2))
    for world, _ in callers:
        assert "response" in {event.detail["clock"] for event in seen(world, EventKind.LAPSED)}
    await tell(main[0], main[1], "reply", "tech-001", text="在查")
    await tell(main[0], main[1], "resolve", "tech-001", **RESOLUTION)
    for world, _ in callers:
        await world.until(lambda world=world: bool(seen(world, EventKind.RESOLVED)))  # type: ignore[misc]
    lapses = [len(seen(world, EventKind.LAPSED)) for world, _ in callers]
    await skipping.sleep(timedelta(days=1))
    for (world, handle), before in zip(callers, lapses, strict=True):
        clocks = {event.detail["clock"] for event in seen(world, EventKind.LAPSED)[before:]}
        assert not {"response", "progress", "resolution"} & clocks, "the solution stopped its clocks, too"
        assert results(world) == 1
        await tell(world, handle, "rate", "customer", score="satisfied")
        assert await handle.result() == "satisfied"
    assert not main[0].view or main[0].view.status is Status.AWAITING_CONFIRMATION


async def test_the_web_ui_names_the_main_case_and_the_callers(start: Starter) -> None:
    main, follower = FakeActivities(), FakeActivities()
    one, other = await start(main), await start(follower)
    await link((main, one), (follower, other))
    for handle, words in ((one, f"关联问题 linked: `{other.id}`"), (other, f"关联到主问题 linked to: `{one.id}`")):
        details = await handle.query("__temporal_workflow_metadata")
        assert words in str(details)
