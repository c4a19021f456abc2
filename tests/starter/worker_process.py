"""Runs `bihuan worker` as a process and asks its monitor."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.starter.command_line import begun
from tests.starter.forked import Forked
from tests.worker.ports import free_ports

TIMEOUT = 300.0
"""Seconds to wait for an expected event; reached only by a test that fails."""


@dataclass(frozen=True)
class Reply:
    """What the monitor answered; status 0: nothing within the time-out."""

    status: int
    body: bytes = b""

    @property
    def value(self) -> Any:
        return json.loads(self.body)


@dataclass
class WorkerProcess:
    """Started by `worker_process`; `said` are its lines on standard error."""

    process: Forked
    monitor: int
    said: list[str] = field(default_factory=list)
    listening: asyncio.Task[None] | None = None

    async def ask(self, question: str, within: float = 5.0) -> Reply:
        """Ask for a path such as /ready."""
        return await asyncio.to_thread(ask_monitor, self.monitor, question, within)

    async def until(self, question: str, status: int, within: float = 5.0) -> Reply:
        """Ask until the answer has that status."""
        async with asyncio.timeout(TIMEOUT):
            while (reply := await self.ask(question, within)).status != status:  # noqa: ASYNC110 - another process is asked
                await asyncio.sleep(0.05)
        return reply

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; answers the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), TIMEOUT)
        if self.listening is not None:
            await self.listening
        return code

    async def listen(self, stderr: asyncio.StreamReader) -> None:
        """Keep the lines of its standard error."""
        while line := await stderr.readline():
            self.said.append(line.decode().rstrip())


@asynccontextmanager
async def worker_process(
    folder: Path, environment: Mapping[str, str], prepare: Callable[[], None] | None = None
) -> AsyncIterator[WorkerProcess]:
    """A worker that is ready, and is killed at the end of the block; `prepare` is called in its process first."""
    (port,) = free_ports(1)
    monitor = {"BIHUAN_SERVER__SYNCHRONOUS": "normal", "BIHUAN_MONITOR": f"127.0.0.1:{port}"}
    process, stderr = await begun("worker", folder=folder, environment={**monitor, **environment}, prepare=prepare)
    here = WorkerProcess(process, port)
    here.listening = asyncio.create_task(here.listen(stderr))
    try:
        async with asyncio.timeout(TIMEOUT):
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


def ask_monitor(port: int, question: str, within: float = 5.0) -> Reply:
    """Ask the monitor on that port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        connection.request("GET", question)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read())
    except OSError:
        return Reply(0)
    finally:
        connection.close()
