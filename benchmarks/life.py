"""How many lives a second: the standard life through bihuan, beside the same signals through a bare workflow.

    make life        (or: python -m benchmarks.life [--lives 150] [--at-once 20] [--json])

Both run on the same embedded server in the same run, in turn, each with a worker process of its own. The ratio says
what bihuan adds to the engine: real intake, the record in the database, messages rendered, search attributes.
Processor time is of each process alone; whoever sends the signals is not part of it. About a minute and a half.

`--soak 100` runs bihuan's lives alone, with a worker that caches so many cases, and shows after each round the memory
that worker and server hold: whether it levels off. For that, `--lives 2000 --rounds 10`; with `--minutes 120` it goes
on in rounds of that size until they are over.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.child import resident, run
from benchmarks.load import LoadRunner, RoundResults, Synchronous, running_system
from starter.console.screen import print_json, print_table

ROUNDS = 5
_LONGEST = 900.0
"""Seconds, for the whole measurement."""


async def measure(
    lives: int,
    at_once: int,
    *,
    rounds: int = ROUNDS,
    warm_up: int = 3,
    synchronous: Synchronous = "full",
    sandboxed: bool = False,
) -> dict[str, Any]:
    """Figures by kind, and the ratio of their lives per second.

    `warm_up`: lives of each kind before, one by one; `sandboxed`: the bare ones run as the SDK does by default.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-life-") as name:
        async with (
            asyncio.timeout(_LONGEST),
            running_system(Path(name), bare="sandboxed" if sandboxed else "plain", synchronous=synchronous) as system,
        ):
            runner = LoadRunner(system, at_once)
            kinds = (system.cases(), system.bare())
            alone = {kind.name: await runner.warm_up(kind, warm_up) for kind in kinds}
            figures = {kind.name: RoundResults(kind.name) for kind in kinds}
            for turn in range(rounds):
                for kind in kinds if turn % 2 == 0 else kinds[::-1]:
                    await runner.round(kind, _share(lives, turn, rounds), figures[kind.name])
    ours, bare = (figures[kind.name] for kind in kinds)
    return {
        "lives": lives,
        "at_once": at_once,
        "synchronous": synchronous,
        "bare_sandboxed": sandboxed,
        "ratio": round((ours.lives / ours.seconds) / (bare.lives / bare.seconds), 3),
        "ratios": [round(one / other, 3) for one, other in zip(ours.per_second, bare.per_second, strict=True)],
        ours.kind: _figures(ours, "worker", alone[ours.kind]),
        bare.kind: _figures(bare, "bare worker", alone[bare.kind]),
    }


async def soak(
    lives: int, at_once: int, *, rounds: int, cached: int, minutes: float | None = None
) -> list[dict[str, Any]]:
    """Memory of worker and server in bytes, after the first lives and after each round; `cached`: of the worker.

    For `minutes` rather than a number of rounds, where they are given. Each row is shown on standard error as it comes.
    """
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bihuan-soak-") as name:
        async with running_system(Path(name), synchronous="normal", cached=cached) as system:
            runner, figures = LoadRunner(system, at_once), RoundResults("bihuan")
            await runner.warm_up(system.cases(), at_once)
            began = time.monotonic()
            for turn in count():
                held = {who: resident(pid) for who, pid in system.processes.items() if who != "client"}
                over = time.monotonic() - began
                rows.append({"lives": figures.lives, "minutes": round(over / 60, 1), **held})
                print(" ".join(f"{key}={value}" for key, value in rows[-1].items()), file=sys.stderr, flush=True)
                if turn >= rounds if minutes is None else over >= minutes * 60:
                    return rows
                await runner.round(system.cases(), _share(lives, turn % rounds, rounds), figures)
    raise AssertionError("unreachable")


def _share(lives: int, turn: int, rounds: int) -> int:
    return lives // rounds + (turn < lives % rounds)


def _figures(rounds: RoundResults, worker: str, alone: tuple[float, float]) -> dict[str, Any]:
    return {
        "lives_per_second": round(rounds.lives / rounds.seconds, 2),
        "events": alone[0],
        "actions": alone[1],
        "events_under_load": rounds.cost(0),
        "actions_under_load": rounds.cost(1),
        "queries": round(rounds.observed.queries / rounds.lives, 1),
        "server_ms": round(rounds.milliseconds("server"), 1),
        "worker_ms": round(rounds.milliseconds(worker), 1),
        "client_ms": round(rounds.milliseconds("client"), 1),
        "answered_p50": round(rounds.answered(0.5), 3),
        "answered_p99": round(rounds.answered(0.99), 3),
    }


_ROWS = {
    "lives_per_second": "lives a second",
    "events": "history events a life, alone",
    "events_under_load": "history events a life, under load (median)",
    "actions": "billable actions a life, alone",
    "actions_under_load": "billable actions a life, under load (median)",
    "queries": "queries a life (billed as well)",
    "server_ms": "processor time a life, server (ms)",
    "worker_ms": "processor time a life, worker (ms)",
    "client_ms": "processor time a life, who sends the signals (ms)",
    "answered_p50": "signal to outcome, median (s)",
    "answered_p99": "signal to outcome, 99th percentile (s)",
}


def main() -> None:
    """Run it and print both columns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=int, default=150, help="of each kind, in all")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--synchronous", choices=("full", "normal"), default="full", help="of both SQLite files")
    parser.add_argument("--bare-sandboxed", action="store_true", help="the bare workflow in the SDK's default sandbox")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--soak", type=int, metavar="CACHED", help="memory after each round, with so many cases cached")
    parser.add_argument("--minutes", type=float, help="how long the soak goes on, instead of a number of rounds")
    options = parser.parse_args()
    if options.soak is not None:
        grown = run(
            soak(options.lives, options.at_once, rounds=options.rounds, cached=options.soak, minutes=options.minutes)
        )
        if options.json:
            print_json(grown)
            return
        sizes = [(f"{row[who] / 1e6:.0f} MB" for who in ("worker", "server")) for row in grown]
        cells = [(f"{row['lives']}", f"{row['minutes']}", *held) for row, held in zip(grown, sizes, strict=True)]
        title = f"memory, {options.soak} cases in the cache"
        print_table(("lives over", "minutes", "worker", "server"), cells, title=title)
        return
    figures = run(
        measure(
            options.lives,
            options.at_once,
            rounds=options.rounds,
            synchronous=options.synchronous,
            sandboxed=options.bare_sandboxed,
        )
    )
    if options.json:
        print_json(figures)
        return
    ours, bare = figures["bihuan"], figures["bare"]
    rows = [(label, f"{ours[key]:g}", f"{bare[key]:g}") for key, label in _ROWS.items()]
    rows.append(("ratio of lives a second", f"{figures['ratio']:.2f}", "1"))
    title = f"{options.lives} lives each, {options.at_once} at once, synchronous={options.synchronous}"
    print_table(("", "bihuan", "bare"), rows, title=title)
    sys.stderr.write(f"ratio of each round: {', '.join(f'{ratio:.2f}' for ratio in figures['ratios'])}\n")


if __name__ == "__main__":
    main()
