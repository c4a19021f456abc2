"""What Temporal knows of the signals that a workflow got: when the server took each, and which workflow sent it.

A workflow is told neither by the SDK; both stand in its history, where no sender can put anything else.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Final

from temporalio import activity
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.service import RPCError, RPCStatusCode

from workflows.domain.terms import Arrival
from workflows.ports import Arrivals, SignalsSought

_AT_ONCE: Final = 200
"""As many as are judged in one step at most."""
_RPC_TIMEOUT: Final = timedelta(seconds=4)
_RESET: Final = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW


@activity.defn
async def find_arrivals(sought: SignalsSought) -> Arrivals:
    """The first signals from the one asked for. Of a signal that a reset has brought over from another run, nothing is
    known: the server writes it down anew, without its time and sender.
    """
    info = activity.info()
    handle = activity.client().get_workflow_handle(info.workflow_id or "", run_id=sought.run or info.workflow_run_id)
    found: list[Arrival] = []
    count, was_reset = 0, False
    try:
        async for event in handle.fetch_history_events(rpc_timeout=_RPC_TIMEOUT):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                was_reset = event.workflow_task_failed_event_attributes.cause == _RESET
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
                was_reset = False
            if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                continue
            count += 1
            if count < sought.first:
                continue
            sender = event.workflow_execution_signaled_event_attributes.external_workflow_execution.workflow_id
            at = event.event_time.ToDatetime(tzinfo=UTC)
            found.append(Arrival() if was_reset else Arrival(at=at, workflow=sender or None))
            if len(found) == _AT_ONCE:
                break
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return Arrivals(signals=tuple(found))
