"""Workflows that only sleep, with a worker process of their own, to compare cases with.

`python -m benchmarks.sleepers ADDRESS CACHED` is their worker; `Sleepers` starts it, and them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from benchmarks.bare import BareTimer
from benchmarks.child import Child, ended
from worker.process import RUNNER, stop_on_signals

QUEUE = "bare"
_AT_ONCE = 16
_READY = "sleepers ready"


@dataclass(frozen=True)
class Sleepers:
    """Open with `sleepers`."""

    client: Client
    child: Child

    async def sleep(self, name: str, seconds: float) -> WorkflowHandle[BareTimer, float]:
        """One more; its result is how late it woke, in seconds."""
        return await self.client.start_workflow(BareTimer.run, seconds, id=name, task_queue=QUEUE)

    async def sleep_many(self, name: str, count: int, seconds: float) -> None:
        """So many; done when each has set its timer."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(index: int) -> None:
            async with turn:
                handle = await self.sleep(f"{name}-{index}", seconds)
                # Answered by the worker, so only when it has begun to sleep.
                await handle.query("__temporal_workflow_metadata")

        await asyncio.gather(*(one(index) for index in range(count)))


@asynccontextmanager
async def sleepers(client: Client, address: str, log: Path, *, cached: int) -> AsyncIterator[Sleepers]:
    """Their worker, until the block ends.

    Raises:
        Problem: it does not get ready.
    """
    arguments = ("-m", "benchmarks.sleepers", address, str(cached))
    async with ended(await Child.start(arguments, log, ready=_READY)) as child:
        yield Sleepers(client, child)


async def _work(address: str, cached: int) -> None:
    stop = stop_on_signals()
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareTimer],
        workflow_runner=RUNNER,
        max_cached_workflows=cached,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
    ):
        sys.stderr.write(f"{_READY}\n")
        sys.stderr.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], int(sys.argv[2])))
