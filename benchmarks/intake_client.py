"""One client of `benchmarks.intake`: `python -m benchmarks.intake_client KIND FOLDER NAME SECONDS`.

It says that it is ready, waits for the file `go` in the folder, and then takes one submission in after another
(`KIND` cases), or starts one bare workflow after another (bare), for so many seconds. What came of it is written to
`NAME.json` there: `seconds` until the last one was done, and the `latencies` of each, in seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.forms import form
from starter.services.intake.submissions import open_intake
from worker.installation.settings import load_settings
from worker.temporal.connection import connect
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority

READY = "client ready"
GO = "go"
NOBODY = "nobody"
"""A task queue without a worker: what is started there costs the engine its start and no more."""
_LOOK = 0.005

Step = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def _steps(kind: str, folder: Path, name: str) -> AsyncIterator[Step]:
    settings = load_settings(data=str(folder))
    if kind == "bare":
        client = await connect(settings)
        yield lambda index: client.start_workflow("Nothing", id=f"{name}-{index}", task_queue=NOBODY)
        return
    async with open_intake(settings) as intake:

        async def accept(index: int) -> None:
            if not (await intake.accept(form(Priority.P2, intake_key=f"{name}-{index}"))).started:
                raise Problem(intake.outage or "the case was not started")

        yield accept


async def main(kind: str, folder: Path, name: str, seconds: float) -> None:
    """Do it; the first one is warming up, and is not counted."""
    async with _steps(kind, folder, name) as step:
        await step(0)
        sys.stderr.write(f"{READY}\n")
        while not (folder / GO).exists():  # noqa: ASYNC110 - another process says so
            await asyncio.sleep(_LOOK)
        begun = now = time.perf_counter()
        latencies: list[float] = []
        while now - begun < seconds:
            await step(len(latencies) + 1)
            latencies.append(time.perf_counter() - now)
            now = time.perf_counter()
    done = {"seconds": now - begun, "latencies": latencies}
    (folder / f"{name}.json").write_text(json.dumps(done), "utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
    # Threads of the engine's library now and then abort an interpreter that finalizes.
    os._exit(0)
