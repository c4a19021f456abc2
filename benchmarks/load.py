"""A running system under load: an embedded server, workers in processes of their own, and many lives at once.

Rounds of one kind follow rounds of the other on the same server, so that whatever else the machine does affects both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil
from sqlalchemy import text
from temporalio.client import Client

from activities.database.database import Database
from benchmarks.bare_worker import READY as BARE_READY
from benchmarks.child import BIHUAN, Child, ended, processor_seconds
from benchmarks.standard_life import BareLives, Cases, LifeKind, Observations
from starter.services.intake.submissions import Intake
from worker.embedded.ports import free_port
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings, ServerSettings, Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

_READY = "worker ready"

Synchronous = Literal["full", "normal"]


@dataclass(frozen=True)
class RunningSystem:
    """What runs. `processes` maps a name (server, worker 1, bare worker, client) to its pid; `database` is the pid of
    the database server's first process, where there is one.
    """

    settings: Settings
    client: Client
    intake: Intake
    processes: Mapping[str, int]
    database: int | None = None

    def used(self) -> dict[str, float]:
        """Processor seconds so far, of each process and (as `machine`) of everything that runs here."""
        seconds = {name: processor_seconds(pid) for name, pid in self.processes.items()}
        times = psutil.cpu_times()
        seconds["machine"] = sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
        if self.database is not None:
            seconds["database"] = _used_by_all(psutil.Process(self.database))
        return seconds

    def cases(self) -> Cases:
        """Lives through bihuan."""
        return Cases(self.client, self.intake)

    def bare(self) -> BareLives:
        """Lives through the engine alone."""
        return BareLives(self.client)


@asynccontextmanager
async def running_system(
    folder: Path,
    *,
    workers: int = 1,
    bare: Literal["no", "plain", "sandboxed"] = "no",
    synchronous: Synchronous = "full",
    database_url: str | None = None,
    speed: float = 1.0,
    cached: int | None = None,
) -> AsyncIterator[RunningSystem]:
    """Start everything in `folder`, and end it, whatever happens.

    `speed`: of the cases' time; `cached`: cases in a worker's cache, in place of the default.

    Raises:
        Problem: something does not come up; its log in `folder` is named.
    """
    ports = ServerSettings(port=free_port(), ui_port=free_port(), synchronous=synchronous)
    settings = IsolatedSettings(data=folder, database_url=database_url, policy="standard", server=ports, speed=speed)
    server = EmbeddedServer(folder, ports)
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        assert server.pid is not None  # noqa: S101 - it has just started
        processes = {"client": os.getpid(), "server": server.pid}
        environment = {"TEMPORAL_ADDRESS": server.address, "BIHUAN_SERVER__SYNCHRONOUS": synchronous}
        environment["BIHUAN_SPEED"] = f"{speed:g}"
        if cached is not None:
            environment["BIHUAN_SIZES__CACHED_WORKFLOWS"] = str(cached)
        if database_url is not None:
            environment["BIHUAN_DATABASE_URL"] = database_url
        for index in range(1, workers + 1):
            name = f"worker {index}" if workers > 1 else "worker"
            arguments = [*BIHUAN, "worker", "--data", str(folder)]
            child = await Child.start(arguments, folder / f"worker-{index}.log", ready=_READY, environment=environment)
            await stack.enter_async_context(ended(child))
            processes[name] = child.process.pid
        if bare != "no":
            arguments = ["-m", "benchmarks.bare_worker", server.address, bare]
            child = await Child.start(arguments, folder / "bare-worker.log", ready=BARE_READY)
            await stack.enter_async_context(ended(child))
            processes["bare worker"] = child.process.pid
        installation = await stack.enter_async_context(open_installation(settings, prepare=True))
        client = await connect(settings, endpoint=Endpoint.read(folder))
        database = await _database_process(installation.database)
        yield RunningSystem(settings, client, Intake(installation, client), processes, database)


async def _database_process(database: Database) -> int | None:
    """The parent of all processes of a PostgreSQL on this machine; SQLite works in whoever asks it."""
    if database.address.kind == "sqlite":
        return None
    async with database.read() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    try:
        return int(psutil.Process(pid).ppid())
    except psutil.NoSuchProcess:
        return None


def _used_by_all(parent: psutil.Process) -> float:
    """By a process, its children, and those of them that have ended."""
    times = parent.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    for child in parent.children():
        with suppress(psutil.NoSuchProcess):
            used += sum(child.cpu_times()[:2])
    return float(used)


@dataclass
class RoundResults:
    """The results of all rounds of one kind."""

    kind: str
    lives: int = 0
    seconds: float = 0.0
    per_second: list[float] = field(default_factory=list)
    """Lives per second of each round."""
    observed: Observations = field(default_factory=Observations)
    processor: dict[str, float] = field(default_factory=dict)
    """Processor seconds by process."""
    costs: list[tuple[int, int]] = field(default_factory=list)
    """History events and billable actions of lives under this load."""

    def add(self, lives: int, seconds: float, processor: Mapping[str, float]) -> None:
        """One more round."""
        self.lives += lives
        self.seconds += seconds
        self.per_second.append(lives / seconds)
        for name, used in processor.items():
            self.processor[name] = self.processor.get(name, 0.0) + used

    def milliseconds(self, name: str) -> float:
        """Of processor time a life, in that process."""
        return 1000 * self.processor.get(name, 0.0) / self.lives

    def answered(self, share: float) -> float:
        """So many of the signals were answered within these seconds."""
        ordered = sorted(self.observed.answered)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def cost(self, which: int) -> float:
        """Median of events (0) or actions (1)."""
        return statistics.median(cost[which] for cost in self.costs)


async def run_lives(kind: LifeKind, indices: Sequence[int], at_once: int, observed: Observations) -> list[str]:
    """Run these lives, so many at once; answers their workflow ids."""
    waiting = iter(indices)

    async def one_after_another() -> list[str]:
        return [await kind.live(index, observed) for index in waiting]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one_after_another()) for _ in range(min(at_once, len(indices)))]
    return [id_ for task in tasks for id_ in task.result()]


class LoadRunner:
    """Runs rounds of lives, and adds up what they took; every life has a number of its own."""

    def __init__(self, system: RunningSystem, at_once: int, *, costed: int = 5) -> None:
        """`costed`: lives of each round whose history is looked at."""
        self._system, self._at_once, self._costed = system, at_once, costed
        self._next = 0

    async def round(self, kind: LifeKind, lives: int, into: RoundResults) -> None:
        """One round; the costs of some of its lives are looked up after the clock has stopped."""
        indices = range(self._next, self._next + lives)
        self._next += lives
        before, begun = self._system.used(), time.perf_counter()
        ids = await run_lives(kind, indices, self._at_once, into.observed)
        seconds, after = time.perf_counter() - begun, self._system.used()
        into.add(lives, seconds, {name: after[name] - before[name] for name in after})
        into.costs += [await kind.cost(id_) for id_ in ids[-self._costed :]]
        sys.stderr.write(f"{kind.name}: {lives} lives in {seconds:.1f} s, {lives / seconds:.1f} a second\n")

    async def warm_up(self, kind: LifeKind, lives: int) -> tuple[float, float]:
        """Lives one after the other, before anything is measured; answers the events and actions of one of them.

        Nothing competes with these: what a life costs in history under load depends on how quickly is asked.
        """
        indices = range(self._next, self._next + lives)
        self._next += lives
        ids = await run_lives(kind, indices, 1, Observations())
        costs = [await kind.cost(id_) for id_ in ids]
        return min(costs)
