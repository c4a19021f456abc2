"""What a customer's own hand costs in Temporal, and how a case that is over takes their correction (R39)."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.testing import WorkflowEnvironment

from tests.builders import DAY, settlement, terms
from tests.workflows.case.test_workflow import STANDARD_LIFE, tell
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.replays import play
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import EventKind
from workflows.domain.terms import Consultation, Member
from workflows.domain.vocabulary import CUSTOMER

MOST_MORE = 8
"""Events of history that a life by link may cost more than one by console: a timer before its end has five."""


def correctable() -> FakeActivities:
    return FakeActivities(settlement=settlement(terms_=terms(correct_within=7 * DAY.total_seconds())))


async def lived(start: Starter, world: FakeActivities, **customers: str) -> WorkflowHandle[CaseWorkflow, str]:
    """The standard life, its customer's words sent that way."""
    handle = await start(world)
    await world.until(lambda: world.records > 0)
    for name, by, fields in STANDARD_LIFE:
        await tell(world, handle, name, by, **fields, **(customers if by == CUSTOMER else {}))
    assert await handle.result() == "satisfied"
    return handle


async def corrected(
    environment: WorkflowEnvironment, world: FakeActivities, number: str, name: str, **fields: Any
) -> WorkflowHandle[CaseWorkflow, str]:
    """Another run of the closed case with this word of its customer's, as `services.cases.corrections` begins it."""
    start, before = CaseInput.model_validate(world.kept), world.records
    payload = {"command_id": f"{name}-again", "by": CUSTOMER, "via": "link"} | fields
    handle = await environment.client.start_workflow(
        CaseWorkflow.run, start, id=number, task_queue=number, id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=name, start_signal_args=[payload],
    )  # fmt: skip
    await world.until(lambda: world.records > before)
    return handle


async def test_a_life_by_link_costs_little_more_history_than_one_by_console(start: Starter) -> None:
    lengths, timers = [], []
    for customers in ({}, {"via": "link"}):
        world = correctable()
        handle = await lived(start, world, **customers)
        events = (await handle.fetch_history()).events
        lengths.append(len(events))
        timers.append(sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events))
        assert (world.kept is not None) is bool(customers), "only their own hand can be corrected"
        assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert lengths[1] - lengths[0] <= MOST_MORE
    assert timers[1] == timers[0] + 1, "the short one at the end: nothing waits in Temporal for a correction"


async def test_a_mail_to_a_closed_case_is_a_short_run_of_its_own_that_leaves_it_closed(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = correctable()
    first = await lived(start, world, via="link")
    again = await corrected(real, world, first.id, "customer_wrote", via="mail", text="谢谢！", acknowledge=True)
    assert await again.result() == "satisfied"
    assert [event.kind for event in world.events][-2:] == [EventKind.CLOSED, EventKind.CUSTOMER_WROTE]
    assert world.kept is not None, "it can still be corrected"


async def test_a_correction_that_closes_nothing_anew_is_a_short_run_of_its_own(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = correctable()
    first = await lived(start, world, via="link")
    again = await corrected(real, world, first.id, "rate", score="satisfied")
    assert await again.result() == "satisfied"
    assert [event.kind for event in world.events][-2:] == [EventKind.CLOSED, EventKind.RATED]
    assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))
    assert world.view is not None and world.view.satisfaction == "satisfied"
    assert world.kept is not None, "and can be corrected once more"
    history = await again.fetch_history()
    assert len(history.events) < 20
    await play(history)
    known = await corrected(real, world, first.id, "confirm")
    assert await known.result() == "satisfied"
    assert world.events[-1].kind is EventKind.RATED, "an answer that is known leaves nothing behind"


async def test_a_case_that_a_correction_reopens_lives_on_with_the_people_of_today(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = correctable()
    first = await lived(start, world, via="link")
    gone = Member(id="tech-lead", department="technical_support", group="tech", superior="tech-head", left=True)
    world.renewal = Consultation(people={"tech-lead": gone})
    again = await corrected(real, world, first.id, "refuse", why="又坏了")
    assert world.view is not None
    assert (world.view.owner, world.view.reopened, world.view.resolution) == ("tech-head", 1, None)
    assert {one.clock for one in world.view.deadlines} >= {"claim", "response", "resolution"}
    for name, by, fields in STANDARD_LIFE:
        await tell(world, again, name, "tech-head" if by != CUSTOMER else by, **fields)
    assert await again.result() == "satisfied"
    assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))
    assert world.kept is None, "this time somebody took it down"
    await play(await again.fetch_history())


async def test_a_correction_that_comes_while_the_closing_is_being_written_is_not_lost(start: Starter) -> None:
    world = correctable()
    handle = await start(world)
    await world.until(lambda: world.records > 0)
    for name, by, fields in STANDARD_LIFE[:-1]:
        await tell(world, handle, name, by, **fields)
    world.down = 1
    await handle.signal("rate", {"command_id": "first", "by": CUSTOMER, "via": "link", "score": "satisfied"})
    while world.down:  # noqa: ASYNC110 - until the first try to write it has failed, of which nobody is told
        await asyncio.sleep(0)
    await handle.signal("rate", {"command_id": "second", "by": CUSTOMER, "via": "link", "score": "very_satisfied"})
    assert await handle.result() == "satisfied"
    assert world.view is not None and world.view.satisfaction == "very_satisfied"
    assert world.events[-1].detail["corrects"] == EventKind.RATED
    await play(await handle.fetch_history())
