"""What listeners of `/api/v1/events` cost a process that serves the pages, and how soon they are told.

    python -m benchmarks.listeners [--listeners 50,500] [--seconds 20] [--rate 1] [--postgresql] [--json]

A record with one case, a `bihuan web` before it, and so many streams, each of a person or system that may read the
case, ten by a token. First nothing happens for some seconds, then so many steps a second are recorded. Told are the
processor time of the server as a part of a core, and the milliseconds from the end of a step's transaction until each
listener has it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Any

import psutil

from activities.database.tables import timeline
from activities.database.timeline import write_entries
from benchmarks.child import BIHUAN, Child, run
from starter.console.screen import print_json
from starter.services.feed.feed import MOST_OF_CALLER, MOST_OF_ONE
from starter.services.identity.tokens import make_token
from tests.activities.queries.test_customer_view import written
from tests.builders import NUMBER
from tests.postgresql import new_database, running_server
from tests.worker.ports import free_ports
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.event import Event, EventKind
from workflows.domain.vocabulary import TokenRight

_AT_ONCE = 25
_PEOPLE = ("tech-001", "tech-head", "duty-001", "followup-001", "director")


def _callers() -> Iterator[dict[str, Any]]:
    """Whose tokens: as many for each person as may listen, then a system for each."""
    for _ in range(MOST_OF_CALLER // MOST_OF_ONE):
        yield from ({"person": person, "system": None} for person in _PEOPLE)
    for index in itertools.count():
        yield {"person": None, "system": f"system-{index}", "rights": [TokenRight.READ]}


async def measure(count: int, seconds: float, rate: float, server: str | None) -> dict[str, Any]:
    """Of so many listeners."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-listeners-")))
        url = await new_database(server) if server else None
        settings = Settings(
            data=folder, database_url=url, web={"port": free_ports(1)[0]}, server={"synchronous": "normal"}
        )
        installation = await stack.enter_async_context(open_installation(settings, prepare=True))
        case = await written(installation.database)
        tokens = [
            (await make_token(settings, **whose))[1] for whose in itertools.islice(_callers(), -(-count // MOST_OF_ONE))
        ]
        web = await Child.start(
            [*BIHUAN, "web"], folder / "web.log", ready="http://",
            environment={
                "BIHUAN_DATA": str(folder), "BIHUAN_WEB__PORT": str(settings.web.port),
                "BIHUAN_DATABASE_URL": settings.database,
            },
        )  # fmt: skip
        stack.push_async_callback(web.stop)
        told: dict[int, list[float]] = {}
        begun = asyncio.Semaphore(0)
        for index in range(count):
            listening = asyncio.create_task(_listen(settings.web.port, tokens[index // MOST_OF_ONE], begun, told))
            stack.callback(listening.cancel)
            if index >= _AT_ONCE:
                await begun.acquire()
        for _ in range(min(count, _AT_ONCE)):
            await begun.acquire()
        process = psutil.Process(web.process.pid)
        idle = await _busy(process, asyncio.sleep(seconds))
        done: dict[int, float] = {}

        async def write() -> None:
            sequence = case.case.view().sequence
            for number in range(1, round(seconds * rate) + 1):
                event = Event(
                    sequence=sequence + number, at=case.now, kind=EventKind.NOTED, by="tech-001",
                    detail={"text": "客户确认了时间,等待回电。" * 10}, notices=(),
                )  # fmt: skip
                async with installation.database.begin() as connection:
                    await write_entries(connection, timeline, ("number", NUMBER), [event], case.now)
                done[event.sequence] = time.perf_counter()
                await asyncio.sleep(1 / rate)

        busy = await _busy(process, write())
        async with asyncio.timeout(60):
            while True:
                if sum(map(len, told.values())) >= count * len(done):
                    break
                await asyncio.sleep(0.1)
        late = [at - done[sequence] for sequence in done for at in told.get(sequence, ())]
        cuts = statistics.quantiles(late, n=100)
        return {
            "listeners": count,
            "steps": len(done),
            "told": len(late),
            "core_idle": round(idle, 3),
            "core_told": round(busy, 3),
            "median_ms": round(cuts[49] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
            "max_ms": round(max(late) * 1000, 1),
            "megabytes": round(process.memory_info().rss / 1e6),
        }


async def _listen(port: int, token: str, begun: asyncio.Semaphore, told: dict[int, list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        print(status.decode().strip(), (await reader.read(2_000)).decode())
        begun.release()
        return
    while line := await reader.readline():
        if line.startswith(b"retry: "):
            begun.release()
        elif line.startswith(b"data: "):
            at = time.perf_counter()
            sequence = int(line.partition(b'"sequence":')[2].partition(b",")[0])
            told.setdefault(sequence, []).append(at)


async def _busy(process: psutil.Process, work: Any) -> float:
    """Part of a core meanwhile."""
    before, began = process.cpu_times(), time.perf_counter()
    await work
    after, took = process.cpu_times(), time.perf_counter() - began
    return float(after.user + after.system - before.user - before.system) / took


async def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", default="50,500")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    with running_server() if given.postgresql else nullcontext() as server:
        for count in map(int, given.listeners.split(",")):
            found = await measure(count, given.seconds, given.rate, server)
            if given.json:
                print_json(found)
            else:
                print("  ".join(f"{name} {value}" for name, value in found.items()))


if __name__ == "__main__":
    run(main())
