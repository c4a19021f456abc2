"""What a signal says of itself is believed as far as Temporal, which took it, bears it out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from tests.workflows.case.test_linked_cases import link, seen
from tests.workflows.case.test_workflow import send
from tests.workflows.collaboration.test_workflow import ask, task_of
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.replays import play_all
from tests.workflows.workers import worker_of
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.event import Event, EventKind
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import TaskStatus
from workflows.entity.judge import LONGEST_WAY

LONG_AGO = timedelta(hours=5)


def last(world: FakeActivities, kind: EventKind) -> Event:
    """The latest event of its kind."""
    return [event for event in world.events if event.kind is kind][-1]


def opened_long_ago(world: FakeActivities) -> None:
    """Its case was accepted hours ago, and nothing has happened since: the past is there to be claimed."""
    opening = world.settlement.opening.model_copy(update={"accepted_at": datetime.now(UTC) - LONG_AGO})
    world.settlement = world.settlement.model_copy(update={"opening": opening})


async def test_nobody_answers_hours_before_the_answer_came(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    opened_long_ago(world)
    handle = await start(world)
    claimed, before = datetime.now(UTC) - timedelta(hours=4), datetime.now(UTC)
    answer = await send(handle, "reply", "tech-001", text="在查", at=claimed.isoformat())
    assert answer["outcome"] == "accepted"
    await world.until(lambda: any(event.kind is EventKind.REPLIED for event in world.events))
    replied = last(world, EventKind.REPLIED)
    assert before - LONGEST_WAY - timedelta(seconds=1) <= replied.at
    assert datetime.fromisoformat(str(replied.detail["sent_at"])) == claimed
    assert (
        before - timedelta(seconds=1) <= datetime.fromisoformat(str(replied.detail["arrived_at"])) <= datetime.now(UTC)
    )
    assert await play_all(real.client, handle.id) == world.view


async def test_what_reached_the_server_in_time_is_in_time_when_no_worker_was_there(real: WorkflowEnvironment) -> None:
    """A virtual day is two real seconds here, so that a worker is away for hours."""
    world, number, now = FakeActivities(), f"FB{uuid.uuid4().hex[:12]}", datetime.now(UTC)
    time = VirtualTime(speed=43_200, real_start=now, virtual_start=now)
    handle = await real.client.start_workflow(
        CaseWorkflow.run, CaseInput(number=number, time=time), id=number, task_queue=number
    )
    sent = time.virtual(datetime.now(UTC))
    await handle.signal("reply", {"command_id": "r", "by": "tech-001", "text": "在查", "at": sent.isoformat()})
    async with worker_of(real.client, number, world.activities):
        await world.until(lambda: any(event.kind is EventKind.REPLIED for event in world.events))
        assert last(world, EventKind.REPLIED).at >= sent
        await handle.terminate()


async def test_waiting_signals_are_asked_about_together(start: Starter) -> None:
    world = FakeActivities()
    opened_long_ago(world)
    world.down = 3
    handle = await start(world)
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for count in range(30):
        await handle.signal("note", {"command_id": f"n{count}", "by": "tech-001", "text": "看过", "at": at})
    await world.until(lambda: sum(event.kind is EventKind.NOTED for event in world.events) == 30)
    assert len(world.sought) < 15


async def test_a_late_signal_carried_into_a_new_run_keeps_its_arrival(start: Starter) -> None:
    world = FakeActivities()
    opened_long_ago(world)
    handle = await start(world, continue_after=20)
    before = datetime.now(UTC)
    at = (before - timedelta(hours=1)).isoformat()
    for count in range(12):
        await handle.signal("note", {"command_id": f"n{count}", "by": "tech-001", "text": "看过", "at": at})
    await world.until(lambda: sum(event.kind is EventKind.NOTED for event in world.events) == 12)
    assert any(sought.run for sought in world.sought), "some were carried"
    for event in world.events:
        if event.kind is EventKind.NOTED:
            assert event.at >= before - LONGEST_WAY - timedelta(seconds=1)
            assert event.detail["arrived_at"]


async def test_only_a_task_itself_reports_what_its_department_did(start: Starter) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    now = datetime.now(UTC).isoformat()
    done: dict[str, Any] = {
        "sequence": 2, "at": now, "kind": "contributed", "by": "sales-001", "detail": {"result": "好"},
    }  # fmt: skip
    fields = {"department": "sales", "round": 1, "reports": [done]}
    await case.signal("part_reported", {"command_id": f"{case.id}/sales:2", "by": "system", **fields})
    await world.until(lambda: any(event.kind is EventKind.REJECTED for event in world.events))
    assert "only" in str(last(world, EventKind.REJECTED).detail["reason"])
    assert world.view is not None
    assert world.view.collaborations[0].result is None


async def test_only_cases_themselves_link_part_and_pass_on_answers(start: Starter) -> None:
    main, follower = FakeActivities(), FakeActivities()
    cases = (main, await start(main)), (follower, await start(follower))
    await link(*cases)
    number, other = cases[0][1].id, cases[1][1].id
    for case, name, fields in (
        (cases[0][1], "follower_added", {"follower": "FB209901010001", "linked_by": "tech-001"}),
        (cases[0][1], "follower_removed", {"follower": other, "unlinked_by": "tech-001", "cause": "asked"}),
        (cases[1][1], "follower_released", {"main": number, "reason": "?"}),
        (cases[1][1], "reply", {"via": "system", "main_case": number, "text": "好了"}),
    ):
        await case.signal(name, {"command_id": f"x-{name}", "by": "system", **fields})
    for world, count in ((main, 2), (follower, 2)):
        await world.until(lambda world=world, count=count: len(seen(world, EventKind.REJECTED)) == count)  # type: ignore[misc]
        assert all("itself" in str(event.detail["reason"]) for event in seen(world, EventKind.REJECTED))


async def test_only_the_case_ends_a_task_in_the_name_of_the_system(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    task = task_of(real.client, case)
    await task.signal("end", {"command_id": f"{case.id}/sales:end", "by": "system", "reason": "?"})
    assert (await send(task, "claim", "sales-001"))["outcome"] == "accepted"
    state = await task.query(CollaborationWorkflow.state)
    assert state is not None
    assert state.status is TaskStatus.OPEN
    await send(case, "withdraw", "customer", why="换了系统")
    assert await task.result() == TaskStatus.ENDED, "the true one, of the same id, is carried out"
