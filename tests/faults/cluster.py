"""A Temporal server on its file and the worker processes that use it, to be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.faults import processes
from tests.faults.driver import TIMEOUT, Driver
from tests.faults.worker_process import Kill, WorkerOrder, work
from tests.worker.ports import free_ports
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import open_installation
from worker.installation.settings import ServerSettings, Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

SENDER = "support@example.com"
MONDAY = "2026-05-11T09:00+08:00"
_POLL = 0.05


@dataclass
class Cluster:
    """A running server and its workers; `said` are the lines written about the server's deaths."""

    folder: Path
    server: EmbeddedServer
    said: list[str] = field(default_factory=list)
    workers: list[ForkServerProcess] = field(default_factory=list)

    @property
    def endpoint(self) -> Endpoint:
        """The server; the same after it was restarted."""
        return Endpoint(self.server.address, self.server.ui, os.getpid(), self.server.pid or 0)

    async def start_worker(
        self, settings: Mapping[str, Any], *, kill: Kill | None = None, ready: bool = True, **more: Any
    ) -> ForkServerProcess:
        """Start a worker process; with `ready`, wait until it takes tasks."""
        name = f"worker-{len(self.workers)}"
        at = self.folder / f"{name}.ready"
        order = WorkerOrder(settings, self.endpoint, self.folder / f"{name}.log", kill, ready=at, **more)
        process = processes.start(work, order)
        self.workers.append(process)
        if ready:
            async with asyncio.timeout(TIMEOUT):
                while not at.exists():
                    assert process.exitcode is None, order.log.read_text("utf-8")[-2000:]
                    await asyncio.sleep(_POLL)
        return process

    def answers_lost(self) -> set[str]:
        """Outbox keys of mails that a worker sent and did not note down as sent: these may come again."""
        lost = set()
        for path in self.folder.glob("worker-*.mails"):
            lines = [line.split(" ", 1) for line in path.read_text("utf-8").splitlines()]
            sent = Counter(key for what, key in lines if what == "sending")
            noted = Counter(key for what, key in lines if what == "noted")
            lost |= set(sent - noted)
        return lost

    def kill_workers(self) -> None:
        """Kill every worker that still runs."""
        for process in self.workers:
            if process.exitcode is None:
                process.kill()

    async def kill_server(self) -> None:
        """Kill the server and wait until it is back on its file."""
        deaths = len(self.said)
        assert self.server.pid is not None
        os.kill(self.server.pid, signal.SIGKILL)
        async with asyncio.timeout(TIMEOUT):
            while len(self.said) == deaths or self.server.pid is None:  # noqa: ASYNC110 - `watch` does it
                await asyncio.sleep(_POLL)
        await self.until_server_answers()

    async def until_server_answers(self) -> None:
        """Wait until the server answers."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                with suppress(Exception):
                    client = await connect(Settings(data=self.folder), endpoint=self.endpoint)
                    await client.service_client.check_health()
                    return
                await asyncio.sleep(_POLL)


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[Cluster]:
    """A server that is started again whenever it dies; its workers are killed at the end."""
    port, ui_port = free_ports(2)
    server = EmbeddedServer(folder, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))
    await server.start()
    cluster = Cluster(folder, server)
    watching = asyncio.create_task(server.watch(cluster.said.append))
    try:
        yield cluster
    finally:
        cluster.kill_workers()
        await server.stop()
        await watching


@asynccontextmanager
async def driver_for(cluster: Cluster, settings: Mapping[str, Any]) -> AsyncIterator[Driver]:
    """The driver of an installation on this cluster."""
    known = Settings(**settings)
    async with open_installation(known, prepare=True) as installation:
        await installation.settle_organisation()
        client = await connect(known, endpoint=cluster.endpoint, within=timedelta(seconds=TIMEOUT))
        yield Driver(installation, client)
