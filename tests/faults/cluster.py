"""Where faults are tried: a server on its file, the processes that work with it, and no trace of them afterwards."""

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
from tests.faults.driver import PATIENCE, Office
from tests.faults.worker_process import Kill, Order, work
from tests.worker.ports import free_ports
from worker.embedded.server import EmbeddedServer
from worker.installation.installation import open_installation
from worker.installation.settings import ServerSettings, Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint

SENDER = "support@example.com"
MONDAY = "2026-05-11T09:00+08:00"
_SOON = 0.05


@dataclass
class Ground:
    """`said` is what was told of the server's deaths."""

    folder: Path
    server: EmbeddedServer
    said: list[str] = field(default_factory=list)
    workers: list[ForkServerProcess] = field(default_factory=list)

    @property
    def endpoint(self) -> Endpoint:
        """The server; the same after it was restarted."""
        return Endpoint(self.server.address, self.server.ui, os.getpid(), self.server.pid or 0)

    async def hire(
        self, settings: Mapping[str, Any], *, kill: Kill | None = None, ready: bool = True, **more: Any
    ) -> ForkServerProcess:
        """A worker process; waited for until it takes tasks, unless it is to die before."""
        name = f"worker-{len(self.workers)}"
        at = self.folder / f"{name}.ready"
        order = Order(settings, self.endpoint, self.folder / f"{name}.log", kill, ready=at, **more)
        process = processes.start(work, order)
        self.workers.append(process)
        if ready:
            async with asyncio.timeout(PATIENCE):
                while not at.exists():
                    assert process.exitcode is None, order.log.read_text("utf-8")[-2000:]
                    await asyncio.sleep(_SOON)
        return process

    def answers_lost(self) -> set[str]:
        """Keys of mails that some worker sent and did not live, or wait, to note down: these may come again."""
        lost = set()
        for path in self.folder.glob("worker-*.mails"):
            lines = [line.split(" ", 1) for line in path.read_text("utf-8").splitlines()]
            sent = Counter(key for what, key in lines if what == "sending")
            noted = Counter(key for what, key in lines if what == "noted")
            lost |= set(sent - noted)
        return lost

    def dismiss(self) -> None:
        """No worker goes on from here."""
        for process in self.workers:
            if process.exitcode is None:
                process.kill()

    async def kill_server(self) -> None:
        """As the kernel does it; it is back on its file when this returns."""
        deaths = len(self.said)
        assert self.server.pid is not None
        os.kill(self.server.pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while len(self.said) == deaths or self.server.pid is None:  # noqa: ASYNC110 - `watch` does it
                await asyncio.sleep(_SOON)
        await self.answers()

    async def answers(self) -> None:
        """Wait until the server does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Exception):
                    client = await connect(Settings(data=self.folder), endpoint=self.endpoint)
                    await client.service_client.check_health()
                    return
                await asyncio.sleep(_SOON)


@asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[Ground]:
    """A server that is brought back whenever it dies; its workers end with it."""
    port, ui_port = free_ports(2)
    server = EmbeddedServer(folder, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))
    await server.start()
    here = Ground(folder, server)
    watching = asyncio.create_task(server.watch(here.said.append))
    try:
        yield here
    finally:
        here.dismiss()
        await server.stop()
        await watching


@asynccontextmanager
async def office_on(here: Ground, settings: Mapping[str, Any]) -> AsyncIterator[Office]:
    """The people of an installation on this ground."""
    known = Settings(**settings)
    async with open_installation(known, prepare=True) as installation:
        await installation.settle_organisation()
        client = await connect(known, endpoint=here.endpoint, within=timedelta(seconds=PATIENCE))
        yield Office(installation, client)
