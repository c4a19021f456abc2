"""What an installation has to come through, one coroutine each; `tests.faults.hardship` holds the books afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
from temporalio.service import RPCError

from tests.faults.cluster import Cluster
from tests.faults.disk import filled, growing_nothing
from tests.faults.driver import Driver
from tests.faults.wrong_clock import WrongClock

_LONG_QUERY = timedelta(seconds=30)


@dataclass
class Ground:
    """The installation that a hardship comes over; `disk` is a small one that it is on, None where none was mounted."""

    cluster: Cluster
    driver: Driver
    case: str
    owner: str
    record: Path
    url: str | None
    clock: WrongClock | None
    disk: Path | None

    def processes(self) -> list[int]:
        """Ids of the workers and the server."""
        return [pid for pid in (*(one.pid for one in self.cluster.workers), self.cluster.server.pid) if pid is not None]


Endure = Callable[[Ground], Awaitable[str]]
"""Carries one hardship out, from its beginning to its end; answers what was seen in it."""


async def flood(ground: Ground) -> str:
    """5,000 signals to one case."""
    return await _many(
        5_000, 100, lambda index: ground.driver.send(ground.case, "note", ground.owner, text=f"备注 {index}")
    )


async def queries(ground: Ground) -> str:
    """2,000 queries to one case."""
    handle = ground.driver.client.get_workflow_handle(ground.case)
    unanswered = 0

    async def ask(_: int) -> None:
        nonlocal unanswered
        try:
            assert await handle.query("state", rpc_timeout=_LONG_QUERY) is not None
        except RPCError:
            unanswered += 1

    said = await _many(2_000, 50, ask)
    return said + (f", {unanswered} without an answer in {_LONG_QUERY.seconds} s" if unanswered else "")


async def stopped(ground: Ground) -> str:
    """SIGSTOP for a minute, with a second worker."""
    pid = ground.cluster.workers[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(60)
    finally:
        os.kill(pid, signal.SIGCONT)
    return ""


def clock(shift: timedelta) -> Endure:
    """A clock that is wrong by `shift` under both workers for twenty seconds, and then right again."""

    async def endure(ground: Ground) -> str:
        assert ground.clock is not None
        ground.clock.shift(int(shift.total_seconds()))
        await asyncio.sleep(20)
        ground.clock.shift(0)
        return ""

    return endure


async def full_disk(ground: Ground) -> str:
    """A full disk for twenty seconds."""
    with filled(ground.disk) if ground.disk is not None else growing_nothing(ground.processes()):
        await asyncio.sleep(20)
    return "" if ground.disk is not None else "by a limit on files"


async def locked(ground: Ground) -> str:
    """The database locked for thirty seconds."""
    if ground.url is None:
        with closing(sqlite3.connect(ground.record, isolation_level=None, timeout=60, check_same_thread=False)) as held:
            await asyncio.to_thread(held.execute, "BEGIN EXCLUSIVE")
            await asyncio.sleep(30)
        return ""
    connection = await asyncpg.connect(ground.url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE registration, case_record, timeline, outbox IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(30)
    await connection.close()
    return ""


async def _many(count: int, at_once: int, do: Callable[[int], Awaitable[None]]) -> str:
    begun, left = time.monotonic(), iter(range(count))

    async def one_after_another() -> None:
        for index in left:
            await do(index)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return f"{count / (time.monotonic() - begun):.0f} a second"


HARDSHIPS: dict[str, tuple[str, Endure]] = {
    "flood": ("5,000 signals to one case", flood),
    "queries": ("2,000 queries to one case", queries),
    "stop": ("SIGSTOP of a worker, 60 s", stopped),
    "ahead": ("workers' clock +3 d, 20 s", clock(timedelta(days=3))),
    "behind": ("workers' clock -1 h, 20 s", clock(timedelta(hours=-1))),
    "disk": ("disk full, 20 s", full_disk),
    "lock": ("database locked, 30 s", locked),
}
"""By name: what to call it in a table, and how it is carried out."""
CLOCKS = {"ahead", "behind"}
"""Those that need a wrong clock."""
