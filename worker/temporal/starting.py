"""Starts the workflow of a case or of a review: once for each number, however often it is called."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from worker.installation.installation import Installation
from worker.temporal.rpc import RPC_TIMEOUT
from workflows.case.input import CaseInput
from workflows.domain.ids import CASE, INTAKE_MEMO, REVIEW, day_of, number_of, review_id, serial_of
from workflows.domain.problem import Problem
from workflows.domain.review.view import ReviewRequest
from workflows.domain.time.virtual_time import VirtualTime
from workflows.review.display import first_attributes
from workflows.review.input import ReviewInput

_log = logging.getLogger("bihuan.starting")


class NumberTakenError(Problem):
    """Temporal has a case of that number that began with another submission."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number}: Temporal has another submission's case under this number; the record is older than Temporal, "
            "or another installation uses this namespace; bihuan stuck says what helps"
        )
        self.number = number


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


async def start_case(client: Client, installation: Installation, number: str, *, task_queue: str | None = None) -> None:
    """Start the case of that number; one that runs or has run is left alone, if it began with the same submission.

    The submission's fingerprint goes into the workflow's memo, so that only a start that finds one has to ask more.
    `task_queue` is the installation's where none is given.

    Raises:
        NumberTakenError: it began with another submission.
        RPCError: the server did not take it; asking again is safe.
    """
    intake = await installation.register.fingerprint(number)
    try:
        await client.start_workflow(
            CASE,
            CaseInput(number=number, time=installation.time),
            id=number,
            task_queue=task_queue or installation.settings.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={INTAKE_MEMO: intake},
            static_summary=f"客户问题 {number}",
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        if await intake_of(await client.get_workflow_handle(number).describe(rpc_timeout=RPC_TIMEOUT)) != intake:
            raise NumberTakenError(number) from None


async def start_correction(
    client: Client, installation: Installation, start: CaseInput, command: str, payload: Mapping[str, Any]
) -> None:
    """Start another run of a closed case, which takes this command of its customer's (R39); one that runs takes it too.

    Raises:
        RPCError: the server did not take it; asking again is safe.
    """
    await client.start_workflow(
        CASE,
        start,
        id=start.number,
        task_queue=installation.settings.task_queue,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=command,
        start_signal_args=[payload],
        memo={INTAKE_MEMO: await installation.register.fingerprint(start.number)},
        static_summary=f"客户问题 {start.number}",
        rpc_timeout=RPC_TIMEOUT,
    )


async def renumber(client: Client, installation: Installation, taken: NumberTakenError) -> str:
    """Give a submission whose number is taken another one, above all that Temporal has of its day; answers that.

    Raises:
        NumberTakenError: its own workflow was started under this number once, so it keeps it.
        RPCError: the server does not list workflows; nothing was changed.
    """
    day = day_of(taken.number)
    await raise_serial(client, installation, day)
    try:
        number = await installation.register.renumber(taken.number, day)
    except LookupError:
        raise taken from None
    _log.warning("%s is the number of another case in Temporal; this submission is %s now", taken.number, number)
    return number


async def raise_serial(client: Client, installation: Installation, day: date) -> None:
    """Let the register give out no number of that day any more that Temporal has; its lists lag by a second or so.

    Raises:
        RPCError: the server does not list workflows.
    """
    query = f"WorkflowType = '{CASE}' AND WorkflowId STARTS_WITH '{number_of(day)}'"
    serials = [serial_of(one.id) async for one in client.list_workflows(query, rpc_timeout=RPC_TIMEOUT)]
    if serials:
        await installation.register.raise_serial(day, max(serials))


async def intake_of(execution: WorkflowExecution) -> str | None:
    """The fingerprint of the submission that a case began with; None for one that was started without."""
    found: str | None = (await execution.memo()).get(INTAKE_MEMO)
    return found
