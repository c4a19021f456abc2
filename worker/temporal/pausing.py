"""Workflows that somebody has paused (`temporal workflow pause`): they keep signals and timers, and do nothing.

The SDK does not know that status yet: until it does, it is read as running, which is what the rest of the program means
by it, and `is_paused` looks at what the server really said.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from typing import Any

from temporalio.api.enums.v1 import WorkflowExecutionStatus as ServerStatus
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from worker.temporal.rpc import RPC_TIMEOUT

OPEN = "CloseTime IS NULL"
"""For list filters: running or paused; `ExecutionStatus = 'Running'` leaves out those that are paused."""
_PAUSED = int(ServerStatus.WORKFLOW_EXECUTION_STATUS_PAUSED)


def _as_running(_: type[WorkflowExecutionStatus], value: Any) -> WorkflowExecutionStatus | None:
    return WorkflowExecutionStatus.RUNNING if value == _PAUSED else None


def read_paused_workflows() -> None:
    """Let the SDK read what the server says of a paused workflow; until then describing or listing one fails."""
    if _PAUSED not in list(WorkflowExecutionStatus):
        WorkflowExecutionStatus._missing_ = classmethod(_as_running)  # type: ignore[method-assign, assignment]


def is_paused(execution: WorkflowExecution) -> bool:
    """Whether a listed or described workflow is paused."""
    return execution.raw_info.status == _PAUSED


async def paused_workflows(client: Client, *, limit: int) -> AsyncIterator[WorkflowExecution]:
    """Workflows that are paused now; none on a server that pauses nothing (before 1.30)."""
    try:
        async for execution in client.list_workflows(
            "ExecutionStatus = 'Paused'", limit=limit, rpc_timeout=RPC_TIMEOUT
        ):
            yield execution
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise


def unpause(workflow: str) -> str:
    """What to type to let it go on."""
    return shlex.join(["temporal", "workflow", "unpause", "--workflow-id", workflow])
