"""How long a report takes.

    python -m benchmarks.analysis [--cases 10000] [--json]

Twice so many made-up cases are written over sixty days, half of them in the thirty days that are asked for and half
in the thirty before, which a report compares with; then `bihuan report` runs as its own process, files included.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.child import BIHUAN
from benchmarks.made_up import write
from starter.console.screen import print_json
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings

_FIRST = date(2026, 4, 1)
_BEGINS = datetime(2026, 3, 31, 16, tzinfo=UTC)
_DAYS = 30


async def _prepare(folder: Path, cases: int) -> int:
    async with open_installation(IsolatedSettings(data=folder), prepare=True) as installation:
        await installation.settle_organisation()
        return await write(installation.database, 2 * cases, _BEGINS, 2 * _DAYS)


def measure(cases: int) -> dict[str, float]:
    """Cases in each period, entries of their timelines, and the seconds the command took: elapsed, and of CPU."""
    with tempfile.TemporaryDirectory(prefix="bihuan-analysis-") as name:
        entries = asyncio.run(_prepare(Path(name), cases))
        first = _FIRST + timedelta(days=_DAYS)
        days = ["--from", first.isoformat(), "--to", (first + timedelta(days=_DAYS - 1)).isoformat()]
        begun = time.perf_counter()
        subprocess.run(  # noqa: S603 - this interpreter, our own command
            [sys.executable, *BIHUAN, "report", *days, "--data", name, "--out", f"{name}/out"],
            check=True,
            stdout=sys.stderr,
        )
        elapsed = time.perf_counter() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        return {"cases": cases, "entries": entries, "seconds": round(elapsed, 2), "cpu_seconds": round(cpu, 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.cases)
    if options.json:
        print_json(figures)
        return
    print(
        "{cases} cases and as many before, {entries} entries: {seconds} s, {cpu_seconds} s of CPU".format_map(figures)
    )


if __name__ == "__main__":
    main()
