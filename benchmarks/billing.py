"""What a workflow costs in Temporal Cloud, counted from its history as https://docs.temporal.io/evaluate/cloud/actions
lists it. Queries are billed too but leave no trace there: whoever queries counts them.
"""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

_ONE = frozenset({
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    EventType.EVENT_TYPE_NEXUS_OPERATION_SCHEDULED,
    EventType.EVENT_TYPE_NEXUS_OPERATION_CANCEL_REQUESTED,
})  # fmt: skip
"""A continuation, a child's start and a signal to another workflow are counted again where they arrive."""


def actions(events: Iterable[HistoryEvent]) -> int:
    """Billable actions of one history.

    All markers of one workflow task (its local activities) are one action, and each retry of a local activity in it
    another; an activity counts once more for each attempt after the first; a scheduled start is three.
    """
    count = 0
    marked: set[int] = set()
    for event in events:
        kind = event.event_type
        count += kind in _ONE
        if kind == EventType.EVENT_TYPE_MARKER_RECORDED:
            task = event.marker_recorded_event_attributes.workflow_task_completed_event_id
            count += task not in marked
            marked.add(task)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            metering = event.workflow_task_completed_event_attributes.metering_metadata
            count += metering.nonfirst_local_activity_execution_attempts
        elif kind == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            count += event.activity_task_started_event_attributes.attempt - 1
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            cause = event.workflow_task_failed_event_attributes.cause
            count += cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
        elif kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            attributes = event.workflow_execution_started_event_attributes
            count += 2 * ("TemporalScheduledById" in attributes.search_attributes.indexed_fields)
    return count
