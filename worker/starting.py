"""From a registered submission to its workflow: once, however often it is asked."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.case_input import CaseInput
from workflows.domain.virtual_time import VirtualTime

_RPC_TIMEOUT = timedelta(seconds=5)


async def start_case(client: Client, number: str, *, time: VirtualTime, task_queue: str) -> None:
    """Start the case of that number; one that runs or has run is left alone.

    Raises:
        RPCError: the server did not take it; asking again is safe.
    """
    try:
        await client.start_workflow(
            "Case",
            CaseInput(number=number, time=time, counted=True, stamped=True),
            id=number,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"客户问题 {number}",
            rpc_timeout=_RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return
