"""What many idle open cases cost one worker, and how soon it is back after a restart or a crash.

    make idle       (or: python -m benchmarks.idle [--cases 10000] [--keep DIR] [--json])

Opens that many cases through the real intake on the embedded server, with a worker whose cache holds them all. Then:
memory a case in the worker, also at the default cache; disk a case in both databases; processor time while nothing
happens; how long a worker takes from its start to readiness and to the first command an old case answers; and after
`kill -9` of the worker, then of the server, each started again at once: until an idle case answers, and until the
deadline that fell due meanwhile is recorded. Beside them bare workflows that only sleep, on the same server. On Linux;
ten thousand take about a quarter of an hour to open. `--keep DIR` keeps the data, and opens only what is missing there
(within four hours: then the first of them fall due).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.child import processor_seconds, resident, run
from benchmarks.many_cases import CLAIM, DUE, ManyCases, open_many_cases
from benchmarks.sleepers import sleepers
from starter.console.screen import print_json, print_table
from worker.embedded.server import EmbeddedServer
from worker.installation.settings import Sizes
from workflows.domain.problem import Problem

_BARE = 1_000
"""Sleeping workflows are measured by as system: each costs the same."""
_ROOM = 500
"""Cache entries beyond the cases that are counted."""
_TOUCHED = 500
"""More cases than the default cache holds are woken by so many."""
_IDLE_FOR = 30.0
_BEFORE_DUE = timedelta(seconds=1)
"""So long before a deadline the process is killed that has to act on it."""
_AT_ONCE = 16
_LONG = timedelta(days=1).total_seconds()


async def measure(cases: int, folder: Path) -> dict[str, Any]:
    """Every figure by its name; bytes, seconds, and shares of one processor."""
    async with open_many_cases(folder) as system:
        answer: dict[str, Any] = {"cases": cases}
        await system.start_worker(cached=cases + _ROOM)
        answer |= await _opening(system, cases)
        old = await _numbers(system)
        steps: tuple[tuple[str, Callable[[], Awaitable[dict[str, Any]]]], ...] = (
            ("bare sleepers", lambda: _sleeping(system)),
            ("idle for half a minute", lambda: _processor(system)),
            ("restart", lambda: _restart(system, old)),
            ("default cache", lambda: _default_cache(system, old)),
            ("kill -9 of the worker", lambda: _after_worker(system, old[-1])),
            ("kill -9 of the server", lambda: _after_server(system, old[-2])),
        )
        for what, step in steps:
            sys.stderr.write(f"measuring: {what}\n")
            answer |= await step()
        return answer


async def _opening(system: ManyCases, cases: int) -> dict[str, Any]:
    """What it takes to open them, and what each leaves in memory and on disk."""
    # The first ones bring in what is loaded once.
    await system.open_idle(min(_AT_ONCE, cases))
    worker = _worker(system)
    known, memory, disk = await system.opened(), resident(worker), _disk(system)
    seconds = await system.open_idle(cases)
    opened = max(await system.opened() - known, 0)
    if not opened:
        return {"opened_here": 0, "disk_per_case": {name: size // cases for name, size in _disk(system).items()}}
    return {
        "opened_here": opened,
        "opened_per_second": round(opened / seconds, 1),
        "memory_per_case": (resident(worker) - memory) // opened,
        "memory_of_worker": resident(worker),
        "memory_of_server": resident(system.server.pid or 0),
        "disk_per_case": {name: (size - disk[name]) // opened for name, size in _disk(system).items()},
    }


async def _sleeping(system: ManyCases) -> dict[str, Any]:
    """The same of workflows that only sleep."""
    log = system.settings.data / "sleepers.log"
    async with sleepers(system.client, system.server.address, log, cached=_BARE + _ROOM) as bare:
        run_id = uuid.uuid4().hex  # the data may have been kept
        await bare.sleep_many(f"first-{run_id}", _AT_ONCE, _LONG)
        pid = bare.child.process.pid
        memory, disk = resident(pid), _disk(system)["temporal"]
        await bare.sleep_many(f"sleeper-{run_id}", _BARE, _LONG)
        await asyncio.sleep(1)
        return {
            "bare": {
                "memory_per_sleeper": (resident(pid) - memory) // _BARE,
                "disk_per_sleeper": (_disk(system)["temporal"] - disk) // _BARE,
            }
        }


async def _processor(system: ManyCases) -> dict[str, Any]:
    """While nothing is due and nobody asks."""
    pids = {"worker": _worker(system), "server": system.server.pid or 0}
    before = {name: processor_seconds(pid) for name, pid in pids.items()}
    await asyncio.sleep(_IDLE_FOR)
    used = {name: (processor_seconds(pid) - before[name]) / _IDLE_FOR for name, pid in pids.items()}
    return {"processor_while_idle": {name: round(share, 4) for name, share in used.items()}}


async def _restart(system: ManyCases, old: list[str]) -> dict[str, Any]:
    """An orderly one, with the default cache from now on."""
    begun = time.monotonic()
    await system.stop_worker()
    stopped = time.monotonic() - begun
    ready = await system.start_worker()
    answered = await system.answered(old[0])
    return {"restart": {"stop": round(stopped, 2), "ready": round(ready, 2), "answer": round(ready + answered, 2)}}


async def _default_cache(system: ManyCases, old: list[str]) -> dict[str, Any]:
    """Wake more cases than it holds: each is read back from its history."""
    default = Sizes().cached_workflows
    woken = old[: default + _TOUCHED]
    memory, turn = resident(_worker(system)), asyncio.Semaphore(_AT_ONCE)

    async def wake(number: str) -> None:
        async with turn:
            await system.answered(number)

    begun = time.monotonic()
    await asyncio.gather(*(wake(number) for number in woken))
    seconds = time.monotonic() - begun
    held = resident(_worker(system))
    return {
        "default_cache": {
            "cached": default,
            "woken": len(woken),
            "woken_per_second": round(len(woken) / seconds, 1),
            "memory_per_cached_case": (held - memory) // min(default, len(woken)),
            "memory_of_worker": held,
            "memory_per_open_case": held // len(old),
        }
    }


async def _after_worker(system: ManyCases, idle: str) -> dict[str, Any]:
    async def crash() -> None:
        if system.worker is not None:
            await system.worker.kill()
        await system.start_worker()

    return {"after_kill_of_worker": await _recovery(system, idle, crash())}


async def _after_server(system: ManyCases, idle: str) -> dict[str, Any]:
    """Brought back by what brings it back in `bihuan up`."""

    async def crash() -> None:
        pid = system.server.pid
        await _kill_server(system.server)
        while system.server.pid in {None, pid}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async with _watched(system.server):
        return {"after_kill_of_server": await _recovery(system, idle, crash())}


async def _recovery(system: ManyCases, idle: str, crash: Any) -> dict[str, float]:
    """Seconds after the kill: until an idle case has answered, and until the deadline of another is recorded."""
    number = await system.accept(DUE)
    due = datetime.now(UTC) + CLAIM
    await asyncio.sleep((due - _BEFORE_DUE - datetime.now(UTC)).total_seconds())
    killed = datetime.now(UTC)
    await crash
    back = (datetime.now(UTC) - killed).total_seconds()
    answered, escalated = await asyncio.gather(system.answered(idle), system.escalated([number]))
    was_due, written = escalated[number]
    await system.withdraw(number)
    return {
        "process": round(back, 2),
        "answer": round(back + answered, 2),
        "deadline": round((written - killed).total_seconds(), 2),
        "deadline_late": round((written - was_due).total_seconds(), 2),
    }


@asynccontextmanager
async def _watched(server: EmbeddedServer) -> AsyncIterator[None]:
    watching = asyncio.create_task(server.watch(lambda _: None))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _kill_server(server: EmbeddedServer) -> None:
    if server.pid is not None:
        os.kill(server.pid, signal.SIGKILL)


async def _numbers(system: ManyCases) -> list[str]:
    with closing(sqlite3.connect(system.settings.data / "bihuan.db")) as connection:
        rows = connection.execute("SELECT number FROM case_record WHERE priority = 'P3' ORDER BY number")
        return [number for (number,) in rows]


def _worker(system: ManyCases) -> int:
    if system.worker is None:
        raise Problem("no worker runs")
    return system.worker.process.pid


def _disk(system: ManyCases) -> dict[str, int]:
    """Bytes of both databases, their write-ahead logs included."""
    data = system.settings.data
    return {
        name: sum(file.stat().st_size for file in data.glob(f"{name}.db*") if not file.name.endswith("-shm"))
        for name in ("temporal", "bihuan")
    }


def _rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What, how much, and how many times as much as a bare sleeping workflow."""
    bare = answer["bare"]
    disk = answer["disk_per_case"]
    restart, cache = answer["restart"], answer["default_cache"]

    def times(value: int, of: int) -> str:
        return f"{value / of:.1f} ×" if of > 0 else "–"

    rows = [("open cases", f"{answer['cases']}", "")]
    if answer["opened_here"]:
        held = answer["memory_per_case"]
        rows += [
            ("opened", f"{answer['opened_per_second']} a second", ""),
            ("memory a case, all in the cache", _kb(held), times(held, bare["memory_per_sleeper"])),
            ("memory of the worker", _mb(answer["memory_of_worker"]), ""),
            ("memory of the server", _mb(answer["memory_of_server"]), ""),
        ]
    return [
        *rows,
        (f"memory of a worker a case, {cache['cached']} in its cache", _kb(cache["memory_per_open_case"]), ""),
        ("memory of that worker", _mb(cache["memory_of_worker"]), ""),
        ("disk a case, temporal.db", _kb(disk["temporal"]), times(disk["temporal"], bare["disk_per_sleeper"])),
        ("disk a case, bihuan.db", _kb(disk["bihuan"]), ""),
        *((f"{who} while idle", f"{share:.1%} of a core", "") for who, share in answer["processor_while_idle"].items()),
        ("worker: start to ready", f"{restart['ready']} s", ""),
        ("worker: start to an old case's answer", f"{restart['answer']} s", ""),
        ("cases woken from their history", f"{cache['woken_per_second']} a second", ""),
        *(
            (f"kill -9 of the {who}: {what}", f"{answer[f'after_kill_of_{who}'][key]} s", "")
            for who in ("worker", "server")
            for key, what in (("answer", "an idle case answers"), ("deadline", "what fell due is recorded"))
        ),
    ]  # fmt: skip


def _kb(size: int) -> str:
    return f"{size / 1000:.0f} kB"


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB"


async def _measure_in(cases: int, keep: str | None) -> dict[str, Any]:
    if keep is not None:
        return await measure(cases, Path(keep))
    with tempfile.TemporaryDirectory(prefix="bihuan-idle-") as folder:
        return await measure(cases, Path(folder))


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--keep", metavar="DIR", help="keep the data there, and go on with what is there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.cases < 100:
        parser.error(f"--cases {options.cases}; allowed: at least 100")
    answer = run(_measure_in(options.cases, options.keep))
    if options.json:
        print_json(answer)
    else:
        print_table(("what", "measured", "of a bare sleeper's"), _rows(answer), title="idle open cases on one worker")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
