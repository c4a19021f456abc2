"""What it costs to find and escalate what is due: django-helpdesk's pass over its tickets, beside bihuan's timers.

    make peer        (or: python -m benchmarks.peer [--tickets 1000,10000,50000] [--due 200] [--open 200] [--json])

django-helpdesk (the versions of `benchmarks/helpdesk/requirements.txt`, in a virtual environment of its own that is
kept in the cache folder) escalates by a command that cron starts; its documentation advises `0 * * * *`, once an hour.
Of each number of open tickets `--due` are due. Measured are the pass with nothing due and with those due: seconds,
processor time, queries, mails; and the whole process as cron starts it. A ticket waits for the next pass, so its lag
is spread evenly over the hour, and then for its turn in the pass.

Beside it, in the same run, so many cases of bihuan fall due within a minute while `--open` are open: processor time of
server and worker together, and how late each escalation was written. Both on SQLite. About ten minutes.

Not comparable: django-helpdesk escalates by whole days of age (`Queue.escalate_days`, days in its exclusions left out)
by raising the priority one step, and mails the submitter and the owner; bihuan by deadlines to the second on working
calendars, to a named person, with a history that survives a crash. One pass of django-helpdesk that dies halfway has
escalated some tickets and is repeated; a ticket on hold or of the highest priority it passes over, one that was
answered and waits for the customer it escalates unless somebody put it on hold, and after an escalation it counts the
days anew, so that a pass repeated at once escalates nothing twice. A process that starts once an hour costs less while
nothing is due than a server and a worker that wait. Its mails stay in memory
here; bihuan's have no mail server either and are written to the outbox.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.child import processor_seconds, run
from benchmarks.lag import summary
from benchmarks.many_cases import CLAIM, DUE, ManyCases, open_many_cases
from starter.console.screen import print_json, print_table
from workflows.domain.problem import Problem

_PERIOD = 3_600.0
"""Seconds between two passes: the documentation's `0 * * * *`."""
_HERE = Path(__file__).parent / "helpdesk"
_OVER = 60.0
"""Seconds over which the measured cases come in; their claim time is as long, so they escalate in the minute after."""
_QUIET = 20.0
_LONGEST = 1_800.0
"""Seconds, for one size of the peer and for all of bihuan's part."""


def _python() -> Path:
    """Of the peer's own virtual environment, made at the first time.

    Raises:
        Problem: it cannot be made.
    """
    wanted = (_HERE / "requirements.txt").read_bytes()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "bihuan-benchmarks" / f"helpdesk-{sha256(wanted).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    sys.stderr.write(f"django-helpdesk is installed into {folder}\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*install, str(_HERE / "requirements.txt")],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)  # noqa: S603 - ours
        if done.returncode != 0:
            raise Problem(f"django-helpdesk cannot be installed: {(done.stderr.splitlines() or ['?'])[-1]}")
    (folder / "complete").touch()
    return python


def _desk(python: Path, *arguments: str) -> str:
    """Run the peer to its end; what it printed.

    Raises:
        Problem: it failed.
    """
    command = [str(python), str(_HERE / "desk.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LONGEST)  # noqa: S603 - ours
    if done.returncode != 0:
        raise Problem(f"django-helpdesk failed: {(done.stderr.splitlines() or ['?'])[-1]}")
    return done.stdout


def measure_peer(tickets: int, due: int) -> dict[str, Any]:
    """Its passes at that size, the process that cron starts, and the lag at its period."""
    python = _python()
    with tempfile.TemporaryDirectory(prefix="bihuan-peer-") as name:
        answer: dict[str, Any] = json.loads(_desk(python, name, str(tickets), str(due)).splitlines()[-1])
        used, begun = _children(), time.perf_counter()
        _desk(python, name)
        answer["process"] = {
            "seconds": round(time.perf_counter() - begun, 3),
            "cpu_seconds": round(_children() - used, 3),
        }
    spent = answer["due_pass"]
    # Due at any moment of the period, and its turn anywhere in the pass.
    waits = [_PERIOD * (index + 0.5) / due for index in range(due)]
    answer["lag"] = summary([wait + spent["seconds"] * (index + 0.5) / due for index, wait in enumerate(waits)])
    answer["escalations_per_second"] = round(spent["escalated"] / spent["seconds"], 1)
    answer["cpu_ms_per_escalation"] = round(1000 * spent["cpu_seconds"] / max(spent["escalated"], 1), 2)
    return answer


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def measure_ours(size: int, due: int) -> dict[str, Any]:
    """Processor time of server and worker with nothing due and while `due` of `size` cases escalate, and their lag."""
    async with asyncio.timeout(_LONGEST):
        with tempfile.TemporaryDirectory(prefix="bihuan-peer-") as name:
            async with open_many_cases(Path(name)) as system:
                await system.start_worker(cached=size + due)
                await system.open_idle(size - due)
                idle = await _used(system, asyncio.sleep(_QUIET)) / _QUIET
                return {"open": size, "due": due, **await _escalate(system, due, idle)}


async def _escalate(system: ManyCases, due: int, idle: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    begun, numbers = loop.time(), []
    for index in range(due):
        await asyncio.sleep(max(begun + index * _OVER / due - loop.time(), 0))
        numbers.append(await system.accept(DUE))
    sys.stderr.write(f"{due} cases of bihuan fall due within the next {CLAIM.total_seconds():.0f} s\n")
    begun = loop.time()
    used = await _used(system, asyncio.sleep(CLAIM.total_seconds() + 2)) - idle * (loop.time() - begun)
    told = await system.escalated(numbers)
    return {
        "idle_cpu_seconds_an_hour": round(3600 * idle, 1),
        "cpu_ms_per_escalation": round(1000 * used / due, 2),
        "lag": summary([(written - at).total_seconds() for at, written in told.values()]),
    }


async def _used(system: ManyCases, waiting: Any) -> float:
    """Processor seconds of server and worker meanwhile."""
    assert system.server.pid is not None  # noqa: S101 - they run
    assert system.worker is not None  # noqa: S101
    pids = (system.server.pid, system.worker.process.pid)
    before = sum(map(processor_seconds, pids))
    await waiting
    return sum(map(processor_seconds, pids)) - before


def measure(tickets: Sequence[int], due: int, size: int) -> dict[str, Any]:
    """Both, one after the other, and what of the peer is how many times ours."""
    peer = []
    for number in tickets:
        sys.stderr.write(f"django-helpdesk with {number} tickets, {due} of them due\n")
        peer.append(measure_peer(number, due))
    ours = run(measure_ours(size, due))
    return {
        "peer": peer,
        "bihuan": ours,
        "ratios": [
            {
                "tickets": one["tickets"],
                "lag_p50": round(one["lag"]["p50"] / ours["lag"]["p50"]),
                "cpu_per_escalation": round(one["cpu_ms_per_escalation"] / ours["cpu_ms_per_escalation"], 2),
            }
            for one in peer
        ],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", default="1000,10000,50000", help="open tickets of the peer")
    parser.add_argument("--due", type=int, default=200, help="of them are due, and as many cases of bihuan")
    parser.add_argument("--open", type=int, help="open cases of bihuan (default: --due)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        tickets = sorted({int(part) for part in options.tickets.split(",")})
    except ValueError:
        parser.error(f"--tickets {options.tickets}: allowed: numbers with commas between, such as 1000,10000")
    size = options.open or options.due
    if options.due < 1 or min(tickets) < options.due or size < options.due:
        parser.error("--due: allowed: at least 1, and no more than --tickets and --open")
    # SIGTERM ends it as Ctrl-C does, with the peer's process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        figures = measure(tickets, options.due, size)
    except KeyboardInterrupt:
        sys.stderr.write("\nbihuan: interrupted\n")
        sys.exit(130)
    except (Problem, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"bihuan: {error}\n")
        sys.exit(1)
    if options.json:
        print_json(figures)
        return
    _print(figures)


def _print(figures: dict[str, Any]) -> None:
    columns = (
        "open",
        "nothing due",
        "queries",
        "due: pass",
        "CPU",
        "queries",
        "CPU/escal.",
        "idle CPU/h",
        "lag p50",
        "lag p99",
    )
    rows = [
        (
            f"django-helpdesk, {one['tickets']}", f"{one['nothing_due']['seconds']:.3f} s",
            str(one["nothing_due"]["queries"]), f"{one['due_pass']['seconds']:.2f} s",
            f"{one['due_pass']['cpu_seconds']:.2f} s", str(one["due_pass"]["queries"]),
            f"{one['cpu_ms_per_escalation']:.1f} ms", f"{one['process']['cpu_seconds']:.1f} s",
            f"{one['lag']['p50']:.0f} s", f"{one['lag']['p99']:.0f} s",
        )
        for one in figures["peer"]
    ]  # fmt: skip
    ours = figures["bihuan"]
    rows.append((
        f"bihuan, {ours['open']}", "no pass", "0", "no pass", "", "", f"{ours['cpu_ms_per_escalation']:.1f} ms",
        f"{ours['idle_cpu_seconds_an_hour']:.0f} s", f"{ours['lag']['p50']:.2f} s", f"{ours['lag']['p99']:.2f} s",
    ))  # fmt: skip
    print_table(columns, rows, title=f"{ours['due']} due; what is not comparable: --help")


if __name__ == "__main__":
    main()
