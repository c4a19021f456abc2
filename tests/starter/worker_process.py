"""`bihuan worker` as a process, and what its monitor says."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.starter.command_line import Service, begun
from tests.worker.ports import free_ports

PATIENCE = 45.0


@dataclass(frozen=True)
class Told:
    """What the monitor answered; status 0: nothing, within the time allowed."""

    status: int
    body: bytes = b""

    @property
    def value(self) -> Any:
        return json.loads(self.body)


@dataclass
class WorkerProcess:
    """Begin it with `worker_process`."""

    process: Service
    monitor: int
    said: list[str] = field(default_factory=list)
    listening: asyncio.Task[None] | None = None

    async def ask(self, question: str, patience: float = 5.0) -> Told:
        """Such as /ready."""
        return await asyncio.to_thread(ask_monitor, self.monitor, question, patience)

    async def until(self, question: str, status: int, patience: float = 5.0) -> Told:
        """Ask until the answer has that status."""
        async with asyncio.timeout(PATIENCE):
            while (told := await self.ask(question, patience)).status != status:  # noqa: ASYNC110 - another process is asked
                await asyncio.sleep(0.05)
        return told

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; answers the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        if self.listening is not None:
            await self.listening
        return code

    async def listen(self, stderr: asyncio.StreamReader) -> None:
        """Keep what it says."""
        while line := await stderr.readline():
            self.said.append(line.decode().rstrip())


@asynccontextmanager
async def worker_process(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[WorkerProcess]:
    """Ready; gone at the end."""
    (port,) = free_ports(1)
    monitor = {"BIHUAN_SERVER__SYNCHRONOUS": "normal", "BIHUAN_MONITOR": f"127.0.0.1:{port}"}
    process, stderr = await begun("worker", folder=folder, environment={**monitor, **environment})
    here = WorkerProcess(process, port)
    here.listening = asyncio.create_task(here.listen(stderr))
    try:
        async with asyncio.timeout(PATIENCE):
            while (await here.ask("/ready")).status != 200:
                assert process.returncode is None, here.said
                await asyncio.sleep(0.05)
        yield here
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        with suppress(ProcessLookupError):
            process.kill()
        await here.end()


def ask_monitor(port: int, question: str, patience: float = 5.0) -> Told:
    """Of a process on that port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", question)
        answer = connection.getresponse()
        return Told(answer.status, answer.read())
    except OSError:
        return Told(0)
    finally:
        connection.close()
