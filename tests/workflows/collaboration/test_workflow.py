"""Departments' tasks as workflows of their own: they answer, are late, outlive their case's runs, and end with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.builders import RESOLUTION
from tests.workflows.case.test_workflow import send, tell
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.event import EventKind, Message

ASK = {"department": "sales", "duty": "核对合同"}


def task_of(client: Client, case: WorkflowHandle[CaseWorkflow, str], suffix: str = "sales") -> WorkflowHandle[Any, str]:
    """The workflow of a department's task."""
    return client.get_workflow_handle_for(CollaborationWorkflow.run, f"{case.id}/{suffix}")


def seen(world: FakeActivities, kind: EventKind) -> bool:
    """Whether it is in the timeline."""
    return any(event.kind is kind for event in world.events)


def times(world: FakeActivities, kind: EventKind) -> int:
    """How often it is in the timeline."""
    return [event.kind for event in world.events].count(kind)


async def ask(world: FakeActivities, handle: WorkflowHandle[CaseWorkflow, str], **fields: Any) -> None:
    """Ask sales, and wait until somebody there was picked."""
    answer = await send(handle, "collaborate", "tech-001", **ASK, **fields)
    assert answer["outcome"] == "accepted", answer["reason"]
    await world.until(lambda: seen(world, EventKind.COLLABORATION_ASSIGNED))


async def test_a_department_answers_and_the_case_knows(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    task = task_of(real.client, case)
    assert (await send(case, "resolve", "tech-001", **RESOLUTION))["outcome"] == "rejected"
    assert (await send(task, "claim", "sales-002"))["outcome"] == "accepted"
    assert (await send(task, "contribute", "sales-002", department="sales", result="合同有效"))["outcome"] == "accepted"
    assert await task.result() == "done"
    await world.until(lambda: seen(world, EventKind.CONTRIBUTED))
    assert world.view is not None
    assert world.view.collaborations[0].result == "合同有效"
    assert (await send(case, "resolve", "tech-001", **RESOLUTION))["outcome"] == "accepted"
    assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))


async def test_a_late_department_escalates_without_anyone_stepping_in(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    world = FakeActivities()
    case = await start_skipping(world)
    await tell(world, case, "claim", "tech-001")
    await tell(world, case, "reply", "tech-001", text="在查")
    await tell(world, case, "collaborate", "tech-001", **ASK)
    await world.until(lambda: seen(world, EventKind.COLLABORATION_ASSIGNED))
    await skipping.sleep(timedelta(hours=20))
    late = [event for event in world.events if event.kind is EventKind.COLLABORATION_LATE]
    assert len(late) == 1
    assert world.view is not None
    task = world.view.collaborations[0]
    assert task.late_at is not None
    assert timedelta(0) <= task.late_at - task.due < timedelta(seconds=1)
    climbed = [event.detail["to"] for event in world.events if event.kind is EventKind.COLLABORATION_ESCALATED]
    assert climbed == ["sales-lead", "sales-head", "tech-lead"]
    told = {(notice.message, notice.recipient) for event in world.events for notice in event.notices}
    assert {(Message.COLLABORATION_LATE, "sales-001"), (Message.COLLABORATION_ESCALATED, "sales-head")} <= told
    await task_of(skipping.client, case).terminate()


async def test_a_task_outlives_the_runs_of_its_case(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world, continue_after=20)
    await ask(world, case)
    for count in range(4):
        await send(case, "note", "tech-001", text=f"第{count}次")
    task = task_of(real.client, case)
    for count in range(3):
        assert (await send(task, "claim", "agent-999"))["outcome"] == "rejected"
        assert (await send(task, "claim", f"sales-00{count % 2 + 1}"))["outcome"] == "accepted"
    for handle in (case, task):
        first = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
        assert first.continued_execution_run_id, "both are in a later run"
    assert (await send(task, "contribute", "sales-001", department="sales", cannot="没有合同"))["outcome"] == "accepted"
    await world.until(lambda: seen(world, EventKind.CONTRIBUTED))
    claims = [event for event in world.events if event.kind is EventKind.COLLABORATION_CLAIMED]
    assert len(claims) == 3, "no report is lost or told twice"


async def test_closing_the_case_ends_the_task(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    assert (await send(case, "withdraw", "customer", why="不用了"))["outcome"] == "accepted"
    assert await case.result() == "withdrawn"
    assert await task_of(real.client, case).result() == "ended"
    assert [event.kind for event in world.events][-2:] == [EventKind.COLLABORATION_ENDED, EventKind.CLOSED]


async def test_a_task_ends_by_itself_when_its_case_is_gone(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    await case.terminate()
    task = task_of(real.client, case)
    await task.signal("claim", {"by": "sales-001"})
    assert await task.result() == "deserted"


async def test_a_malformed_signal_to_a_task_is_refused_and_recorded(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    task = task_of(real.client, case)
    await task.signal("contribute", "just a text")
    await task.signal("contribute", {"by": "sales-001", "department": "sales"})
    await task.signal("dance", {"by": "sales-001"})
    await task.signal("claim", args=[1, 2])
    assert (await send(task, "claim", "agent-999"))["reason"] == "agent-999 is not in the organisation"
    assert (await send(task, "claim", "sales-001"))["outcome"] == "accepted"
    await world.until(lambda: seen(world, EventKind.COLLABORATION_CLAIMED))
    reasons = [str(event.detail["reason"]) for event in world.events if event.kind is EventKind.REJECTED]
    assert len(reasons) == 5
    assert "takes one JSON object" in reasons[0]
    assert "give either result or cannot" in reasons[1]
    assert "unknown signal 'dance'; allowed: claim, contribute, end" in reasons[2]


async def test_a_department_may_be_asked_again_after_it_could_not(start: Starter, real: WorkflowEnvironment) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    await send(task_of(real.client, case), "contribute", "sales-001", department="sales", cannot="缺少编号")
    await world.until(lambda: seen(world, EventKind.CONTRIBUTED))
    assert (await send(case, "collaborate", "tech-001", **ASK))["outcome"] == "accepted"
    await world.until(lambda: times(world, EventKind.COLLABORATION_ASSIGNED) == 2)
    again = task_of(real.client, case, "sales/2")
    assert (await send(again, "contribute", "sales-001", department="sales", result="好"))["outcome"] == "accepted"
    assert await again.result() == "done"


async def test_a_task_is_a_child_of_its_case_with_its_own_search_attributes(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = FakeActivities()
    case = await start(world)
    await ask(world, case)
    events = (await case.fetch_history()).events
    started = [e for e in events if e.event_type == EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED]
    assert [e.start_child_workflow_execution_initiated_event_attributes.workflow_id for e in started] == [
        f"{case.id}/sales"
    ]
    task = task_of(real.client, case)
    assert (await send(task, "claim", "sales-001"))["outcome"] == "accepted"
    described = await task.describe()
    values = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert values["CaseStatus"] == "part_open"
    assert (values["CaseDepartment"], values["CaseOwner"]) == ("sales", "sales-001")
    assert "协作" in (await described.static_summary() or "")
