"""What a life costs is counted as the price list counts it."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.billing import actions


def event(name: str, **attributes: object) -> HistoryEvent:
    kind = EventType.Value(f"EVENT_TYPE_{name}")
    given = {f"{name.lower()}_event_attributes": attributes} if attributes else {}
    return HistoryEvent(event_type=kind, **given)  # type: ignore[arg-type]


def task(completed: int, *markers: int) -> list[HistoryEvent]:
    """A workflow task with its local activities."""
    steps = [event(f"WORKFLOW_TASK_{step}") for step in ("SCHEDULED", "STARTED", "COMPLETED")]
    return steps + [event("MARKER_RECORDED", workflow_task_completed_event_id=completed) for _ in markers]


def test_local_activities_of_one_task_are_one_action() -> None:
    life = [event("WORKFLOW_EXECUTION_STARTED"), *task(4, 1, 1), event("TIMER_STARTED")]
    for index in range(6):
        life += [event("WORKFLOW_EXECUTION_SIGNALED"), *task(10 + index, 1)]
    life += [event("TIMER_CANCELED"), event("WORKFLOW_EXECUTION_COMPLETED")]
    assert actions(life) == 15


def test_what_is_tried_again_is_paid_again() -> None:
    assert actions([event("ACTIVITY_TASK_SCHEDULED"), event("ACTIVITY_TASK_STARTED", attempt=3)]) == 3
    metering = {"nonfirst_local_activity_execution_attempts": 2}
    assert actions([event("WORKFLOW_TASK_COMPLETED", metering_metadata=metering)]) == 2
    reset = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
    assert actions([event("WORKFLOW_TASK_FAILED", cause=reset), event("WORKFLOW_TASK_FAILED")]) == 1


def test_a_schedule_and_search_attributes_are_paid_for() -> None:
    scheduled = {"indexed_fields": {"TemporalScheduledById": {"data": b'"sweep"'}}}
    assert actions([event("WORKFLOW_EXECUTION_STARTED", search_attributes=scheduled)]) == 3
    assert actions([event("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")] * 2) == 2
