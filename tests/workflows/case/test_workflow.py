"""A case as a workflow: signals, timers, refusals, outages, long lives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.builders import PEOPLE, RESOLUTION, settlement
from tests.timeouts import until
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import EventKind
from workflows.domain.terms import Consultation
from workflows.domain.vocabulary import Priority
from workflows.entity.input import CommandOutcome
from workflows.search_attributes import DUE

Handle = WorkflowHandle[CaseWorkflow, str]
_ids = iter(range(10**6))
_UPSERT: Final = "upsert_workflow_search_attributes_event_attributes"


async def send(handle: Handle, name: str, by: str, **fields: Any) -> dict[str, Any]:
    """A signal, and what became of it."""
    command_id = fields.pop("command_id", f"t{next(_ids)}")
    await handle.signal(name, {"command_id": command_id, "by": by, **fields})

    async def judged() -> CommandOutcome | None:
        outcome = await handle.query(CaseWorkflow.outcome, command_id)
        return outcome if outcome.outcome != "pending" else None

    return (await until(judged)).model_dump()


async def tell(world: FakeActivities, handle: Handle, name: str, by: str, **fields: Any) -> None:
    """A signal on the time-skipping server, which forgets to skip when it is queried at the wrong moment."""
    before = world.records
    await handle.signal(name, {"command_id": f"t{next(_ids)}", "by": by, **fields})
    await world.until(lambda: world.records > before)


STANDARD_LIFE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("claim", "tech-001", {}),
    ("reply", "tech-001", {"text": "已开始处理"}),
    ("progress", "tech-001", {"text": "已定位原因"}),
    ("resolve", "tech-001", RESOLUTION),
    ("confirm", "customer", {}),
    ("rate", "customer", {"score": "very_satisfied"}),
)


async def live(handle: Handle) -> str:
    """The standard life."""
    for name, by, fields in STANDARD_LIFE:
        answer = await send(handle, name, by, **fields)
        assert answer["outcome"] == "accepted", answer["reason"]
    return await handle.result()


async def test_a_case_lives_from_call_to_closed_loop(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    assert await live(handle) == "satisfied"
    assert world.view is not None
    assert world.view.resolution == "satisfied"
    assert [event.sequence for event in world.events] == list(range(1, len(world.events) + 1))


async def test_deadlines_fire_at_their_second_without_anyone_stepping_in(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    world = FakeActivities()
    handle = await start_skipping(world)
    await tell(world, handle, "note", "tech-001", text="看到了")
    await skipping.sleep(timedelta(hours=3))
    lapses = [event for event in world.events if event.kind is EventKind.LAPSED]
    assert lapses[0].detail["clock"] == "claim"
    for event in lapses:
        late = event.at - datetime.fromisoformat(str(event.detail["due"]))
        assert timedelta(0) <= late < timedelta(seconds=1)
    escalated = [event.detail["to"] for event in world.events if event.kind is EventKind.ESCALATED]
    assert escalated[:3] == ["tech-lead", "tech-head", "director"]


async def test_one_timer_is_kept_until_an_earlier_deadline_appears(start: Starter) -> None:
    handle = await start(FakeActivities(settlement=settlement(Priority.P2)))
    for name in ("claim", "reply"):
        await send(handle, name, "tech-001", **({"text": "在查"} if name == "reply" else {}))
    events = (await handle.fetch_history()).events
    started = [event for event in events if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    assert len(started) == 1
    assert " P2 " in started[0].user_metadata.summary.data.decode()


async def test_a_list_is_told_of_a_later_deadline_no_sooner_than_it_has_to_be(start: Starter) -> None:
    """Each change of search attributes is an event of history and a billed action."""
    world = FakeActivities(settlement=settlement(Priority.P2))
    handle = await start(world)
    await world.until(lambda: world.records > 0)
    for name, by, fields in STANDARD_LIFE:
        await tell(world, handle, name, by, **fields)
    assert await handle.result() == "satisfied"
    changes = [event for event in (await handle.fetch_history()).events if event.HasField(_UPSERT)]
    assert len(changes) == len(["opened", "claimed", "resolved", "confirmed", "closed"])


async def test_a_deadline_in_a_list_is_never_in_the_past_while_a_case_is_alive(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    """What lies in the past there stands still: operators look for it."""
    world = FakeActivities(settlement=settlement(Priority.P2))
    handle = await start_skipping(world)
    await world.until(lambda: world.records > 0)
    for name, fields in (("claim", {}), ("reply", {"text": "在查"}), ("progress", {"text": "已定位原因"})):
        await tell(world, handle, name, "tech-001", **fields)
        await skipping.sleep(timedelta(minutes=20))
    await skipping.sleep(timedelta(days=4))  # over a weekend, too
    shown = _shown_due((await handle.fetch_history()).events)
    assert len(shown) > 3
    for (_, due), (changed, _) in pairwise(shown):
        assert changed < due + timedelta(seconds=1)
    assert world.view is not None
    assert shown[-1][1] == min(deadline.due for deadline in world.view.deadlines if deadline.due)


def _shown_due(events: Sequence[HistoryEvent]) -> list[tuple[datetime, datetime]]:
    """When lists began to show a deadline, and which."""
    changes = [event for event in events if event.HasField(_UPSERT)]
    fields = [event.upsert_workflow_search_attributes_event_attributes.search_attributes for event in changes]
    return [
        (event.event_time.ToDatetime(UTC), datetime.fromisoformat(json.loads(field.indexed_fields[DUE.name].data)))
        for event, field in zip(changes, fields, strict=True)
        if DUE.name in field.indexed_fields
    ]


async def test_nothing_malformed_vanishes_and_nothing_malformed_stops_the_case(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    await handle.signal("reply", "just a text")
    await handle.signal("reply", {"by": "tech-001"})
    await handle.signal("reply")
    await handle.signal("dance", {"by": "tech-001"})
    await handle.signal("rate", {"by": "customer", "score": "so-so"})
    await handle.signal("reply", args=[1, 2])
    await handle.signal("claim", {"by": "tech-001", "commmand_id": "x"})
    assert await live(handle) == "satisfied"
    reasons = [str(event.detail["reason"]) for event in world.events if event.kind is EventKind.REJECTED]
    assert len(reasons) == 7
    assert "takes one JSON object" in reasons[0]
    assert "text: is missing" in reasons[1]
    assert "unknown signal 'dance'" in reasons[3]
    assert "very_satisfied" in reasons[4]
    assert "unknown key" in reasons[6]


async def test_a_signal_sent_by_hand_without_an_id_is_carried_out(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    await handle.signal("claim", {"by": "tech-001"})
    await world.until(lambda: EventKind.CLAIMED in [event.kind for event in world.events])


async def test_the_same_command_twice_is_one_command(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    for _ in range(2):
        assert (await send(handle, "claim", "tech-001", command_id="once"))["outcome"] == "accepted"
    assert [event.kind for event in world.events].count(EventKind.CLAIMED) == 1


async def test_the_sender_is_told_why_a_command_was_refused(start: Starter) -> None:
    handle = await start(FakeActivities())
    answer = await send(handle, "resolve", "agent-001", **RESOLUTION)
    assert answer["outcome"] == "rejected"
    assert "owner" in answer["reason"]


async def test_a_stranger_is_looked_up_before_being_judged(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    assert (await send(handle, "note", "sales-001", text="合同已查"))["outcome"] == "accepted"
    assert (await send(handle, "note", "agent-999", text="?"))["reason"] == "agent-999 is not in the organisation"
    assert [lookup.people for lookup in world.lookups] == [("sales-001",), ("agent-999",)]


async def test_a_handover_takes_up_what_the_lookup_found(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    assert (await send(handle, "assign", "tech-001", to="tech-002", why="换班"))["outcome"] == "accepted"
    assert world.view is not None
    assert world.view.owner == "tech-002"


async def test_an_outage_of_the_database_loses_nothing_and_grows_no_history(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    await send(handle, "claim", "tech-001")
    world.down = 5
    await handle.signal("reply", {"by": "tech-001", "text": "在查"})
    await handle.signal("progress", {"by": "tech-001", "text": "已定位"})
    assert await live_on(handle) == "satisfied"
    assert world.down == 0
    recorded = [event.kind for event in world.events]
    assert recorded.index(EventKind.REPLIED) + 1 == recorded.index(EventKind.PROGRESSED)
    assert [event.sequence for event in world.events] == list(range(1, len(recorded) + 1))
    events = (await handle.fetch_history()).events
    scheduled = [e for e in events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
    assert len(scheduled) < world.records - 5, "retried by the server, not by growing the history"


async def test_whoever_left_while_the_case_slept_is_refused(start: Starter) -> None:
    world = FakeActivities()
    handle = await start(world)
    await world.until(lambda: world.records > 0)
    world.renewal = Consultation(people={"tech-001": PEOPLE["tech-001"].model_copy(update={"left": True})})
    await tell(world, handle, "reply", "tech-001", text="在查")
    assert world.events[-1].detail["reason"] == "tech-001 is no longer in the organisation"


@pytest.mark.parametrize(("undelivered", "most"), [((), 43), (("key",), 89)])
async def test_the_standard_life_costs_no_more_history_than_promised(
    start: Starter, undelivered: tuple[str, ...], most: int
) -> None:
    """With deliveries taken over by the server, and (on servers that cannot) with each paid for by the case itself.

    With deliveries of its own, five events are the short timer at the end: what is there when it fires is there in a
    replay, too.
    """
    world = FakeActivities(undelivered=undelivered)
    handle = await start(world)
    await world.until(lambda: world.records > 0)
    for name, by, fields in STANDARD_LIFE:
        await tell(world, handle, name, by, **fields)
        await world.until(lambda: len(world.delivered) == world.deliveries)
    await handle.result()
    assert len((await handle.fetch_history()).events) <= most


async def live_on(handle: Handle) -> str:
    """From a claimed case to its end."""
    await send(handle, "resolve", "tech-001", **RESOLUTION)
    await send(handle, "rate", "customer", score="satisfied")
    return await handle.result()


async def test_the_case_ends_only_when_its_last_notification_is_delivered(start: Starter) -> None:
    world = FakeActivities(undelivered=("created:open:customer",))
    handle = await start(world)
    await live(handle)
    assert world.delivered.count("created:open:customer") >= 6


async def test_a_long_life_continues_in_new_runs_and_loses_no_signal(start: Starter) -> None:
    """Signals are sent as fast as they go, so that many of them race with the beginning of a new run."""
    world = FakeActivities()
    handle = await start(world, continue_after=30)
    for count in range(60):
        await handle.signal("note", {"by": "tech-001", "text": f"第{count}次"})
        if count % 7 == 0:
            seen = f"第{count}次"
            await world.until(lambda seen=seen: any(event.detail.get("text") == seen for event in world.events))  # type: ignore[misc]
    assert await live(handle) == "satisfied"
    notes = [event.detail["text"] for event in world.events if event.kind is EventKind.NOTED]
    assert notes == [f"第{count}次" for count in range(60)]
    last_run = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert last_run.continued_execution_run_id


async def test_months_of_silence_never_close_a_case(start_skipping: Starter, skipping: WorkflowEnvironment) -> None:
    world = FakeActivities()
    handle = await start_skipping(world)
    await tell(world, handle, "resolve", "tech-001", **RESOLUTION)
    for _ in range(6):  # one call for all of it could outlast what a slow machine gives a call
        await skipping.sleep(timedelta(days=10))
    assert world.view is not None
    assert world.view.status == "awaiting_confirmation"
    await tell(world, handle, "rate", "customer", score="satisfied")
    assert await handle.result() == "satisfied"
