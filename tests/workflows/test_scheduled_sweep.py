"""What the Schedule starts sweeps until no registered case is left without a workflow."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from tests.workflows.workers import worker_of
from workflows.ports import SweepOrder, SweepRun
from workflows.scheduled import SweepWorkflow


async def test_a_backlog_is_gone_on_with_at_once_and_not_at_the_next_sweep(skipping: WorkflowEnvironment) -> None:
    left = [200, 100, 0]
    sweeps: list[int] = []

    @activity.defn
    async def sweep(order: SweepOrder) -> SweepRun:
        sweeps.append(left[len(sweeps)])
        now = datetime.now(UTC)
        return SweepRun(began=now, ended=now, every=order.every, started=100, left=sweeps[-1])

    name = f"sweep-{uuid.uuid4().hex[:8]}"
    async with worker_of(skipping.client, name, [sweep], [SweepWorkflow]):
        last = await skipping.client.execute_workflow(
            SweepWorkflow.run, SweepOrder(every=86400), id=name, task_queue=name
        )
    assert sweeps == left
    assert last.left == 0
