"""How many cases a second are taken in: registered in the database, given their number, their workflow started.

    make intake      (or: python -m benchmarks.intake [--seconds 10] [--clients 1,4,16] [--json])

So many client processes take in one submission after another, each waiting for its answer, as a portal or a mail
robot does; on SQLite and on PostgreSQL, without a worker and with one that opens the cases meanwhile. Beside each, in
the same run and on the same server, as many clients start a bare workflow that nobody runs: the engine's own rate is
the yardstick. What was committed is on the disk everywhere (Temporal's file and SQLite with synchronous=full,
PostgreSQL with fsync). About six minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from activities.database.database import Database
from activities.database.tables import case_record, registration
from benchmarks.child import Child, ended, run
from benchmarks.intake_client import GO, READY
from benchmarks.load import RunningSystem, running_system
from starter.console.screen import print_json, print_table
from tests.postgresql import NoServerError, new_database, running_server
from workflows.domain.problem import Problem

_KINDS = ("cases", "bare")
_LONGEST = 1_800.0
"""Seconds, for the whole measurement."""
_DRAINED_WITHIN = 120.0
"""Seconds for the worker to open what one round brought, before the next."""


async def measure(seconds: float, clients: Sequence[int]) -> list[dict[str, Any]]:
    """An answer for each database, worker and number of clients."""
    answers = []
    async with asyncio.timeout(_LONGEST):
        with running_server(durable=True) as server:
            for database in ("sqlite", "postgresql"):
                for workers in (0, 1):
                    url = await new_database(server) if database == "postgresql" else None
                    with tempfile.TemporaryDirectory(prefix="bihuan-intake-") as name:
                        async with running_system(Path(name), workers=workers, database_url=url) as system:
                            for count in clients:
                                figures = await _round(Path(name), url, count, seconds)
                                answers.append({"database": database, "workers": workers, "clients": count, **figures})
                                sys.stderr.write(f"{database}, {workers} workers, {count} clients: {figures}\n")
                                await _drained(system, within=_DRAINED_WITHIN if workers else 0)
    return answers


async def _round(folder: Path, url: str | None, count: int, seconds: float) -> dict[str, Any]:
    """The same clients' worth of both kinds, one after the other."""
    figures: dict[str, Any] = {}
    for kind in _KINDS:
        done = await _clients(folder, kind, url, count, seconds)
        latencies = sorted(latency for one in done for latency in one["latencies"])
        figures[kind] = {
            "per_second": round(len(latencies) / max(one["seconds"] for one in done), 1),
            "p50_ms": round(1000 * latencies[len(latencies) // 2], 1),
            "p99_ms": round(1000 * latencies[min(int(len(latencies) * 0.99), len(latencies) - 1)], 1),
        }
    figures["ratio"] = round(figures["cases"]["per_second"] / figures["bare"]["per_second"], 3)
    return figures


async def _clients(folder: Path, kind: str, url: str | None, count: int, seconds: float) -> list[dict[str, Any]]:
    """Start so many, let them go together, and read what each came to."""
    go = folder / GO
    go.unlink(missing_ok=True)
    environment = {} if url is None else {"BIHUAN_DATABASE_URL": url}
    names = [f"{kind}-{count}-{index}" for index in range(count)]
    async with AsyncExitStack() as stack:
        children = []
        for name in names:
            arguments = ["-m", "benchmarks.intake_client", kind, str(folder), name, str(seconds)]
            child = await Child.start(arguments, folder / f"{name}.log", ready=READY, environment=environment)
            children.append(await stack.enter_async_context(ended(child)))
        go.touch()
        for child in children:
            if await asyncio.wait_for(child.process.wait(), seconds + 60) != 0:
                raise Problem(f"a client failed: {child.log.read_text('utf-8')[-500:]}")
    return [json.loads((folder / f"{name}.json").read_text("utf-8")) for name in names]


async def _drained(system: RunningSystem, *, within: float) -> None:
    """Until the worker has opened everything, or that long."""
    database = Database.open(system.settings.database)
    waiting = (
        select(func.count())
        .select_from(registration.outerjoin(case_record, case_record.c.number == registration.c.number))
        .where(case_record.c.number.is_(None))
    )
    deadline = asyncio.get_running_loop().time() + within
    try:
        while asyncio.get_running_loop().time() < deadline:
            async with database.read() as connection:
                if not await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.5)
    finally:
        await database.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="of each round")
    parser.add_argument("--clients", default="1,4,16", help="numbers of client processes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        clients = [int(part) for part in options.clients.split(",")]
    except ValueError:
        parser.error(f"--clients {options.clients}: allowed: numbers with commas between, such as 1,4,16")
    if min(clients) < 1 or max(clients) > 64 or options.seconds <= 0:
        parser.error("allowed: 1 to 64 clients, more than 0 seconds")
    try:
        answers = run(measure(options.seconds, clients))
    except NoServerError as error:
        sys.stderr.write(f"bihuan: no PostgreSQL: {error}\n")
        sys.exit(1)
    if options.json:
        print_json(answers)
        return
    rows = [
        (
            one["database"], str(one["workers"]), str(one["clients"]),
            *(f"{one[kind][key]:g}" for kind in _KINDS for key in ("per_second", "p50_ms", "p99_ms")),
            f"{one['ratio']:.2f}",
        )
        for one in answers
    ]  # fmt: skip
    columns = ("database", "workers", "clients", "cases/s", "p50 ms", "p99 ms", "bare/s", "p50 ms", "p99 ms", "ratio")
    print_table(columns, rows, title=f"accepted in {options.seconds:g} s a round")


if __name__ == "__main__":
    main()
