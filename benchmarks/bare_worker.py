"""The worker of bare workflows: `python -m benchmarks.bare_worker ADDRESS [sandboxed]`.

It has the options of bihuan's worker, which runs workflows without the SDK's sandbox; `sandboxed` is the SDK's default.
"""

from __future__ import annotations

import asyncio
import sys

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from benchmarks.bare_life import BareLife, note_nothing
from worker.installation.settings import Sizes
from worker.process import RUNNER, stop_on_signals

QUEUE = "bare"
SANDBOXED = "sandboxed"
READY = "bare worker ready"


async def work(address: str, *, sandboxed: bool) -> None:
    """Until SIGTERM."""
    stop = stop_on_signals()
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    sizes = Sizes()
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareLife],
        activities=[note_nothing],
        workflow_runner=SandboxedWorkflowRunner() if sandboxed else RUNNER,
        max_cached_workflows=sizes.cached_workflows,
        max_concurrent_workflow_tasks=sizes.workflow_tasks,
        max_concurrent_activities=sizes.activities,
        max_concurrent_local_activities=sizes.local_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        sys.stderr.write(f"{READY}\n")
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sandboxed=SANDBOXED in sys.argv[2:]))
