"""Starts the workflow of a case or of a review: once for each number, however often it is called."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from worker.temporal.rpc import RPC_TIMEOUT
from workflows.case.input import CaseInput
from workflows.domain.ids import CASE, REVIEW, review_id
from workflows.domain.review.view import ReviewRequest
from workflows.domain.virtual_time import VirtualTime
from workflows.review.display import first_attributes
from workflows.review.input import ReviewInput


async def start_review(client: Client, request: ReviewRequest, *, time: VirtualTime, task_queue: str) -> None:
    """Start a review that its case could not start; one that runs or has run is left alone.

    Raises:
        RPCError: the server did not take it; asking again is safe.
    """
    try:
        await client.start_workflow(
            REVIEW,
            ReviewInput(request=request, time=time),
            id=review_id(request.number),
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=first_attributes(request),
            static_summary=f"复盘 {request.department} · {request.priority}"[:180],
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return


async def start_case(client: Client, number: str, *, time: VirtualTime, task_queue: str) -> None:
    """Start the case of that number; one that runs or has run is left alone.

    Raises:
        RPCError: the server did not take it; asking again is safe.
    """
    try:
        await client.start_workflow(
            CASE,
            CaseInput(number=number, time=time),
            id=number,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"客户问题 {number}",
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return
