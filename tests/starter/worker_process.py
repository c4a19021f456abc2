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

from tests.starter.command_line import BIHUAN, bihuan_environment
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

    process: asyncio.subprocess.Process
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

    async def listen(self) -> None:
        """Keep what it says."""
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.said.append(line.decode().rstrip())


@asynccontextmanager
async def worker_process(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[WorkerProcess]:
    """Ready; gone at the end."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *BIHUAN, "worker", cwd=folder, stderr=asyncio.subprocess.PIPE,
        env=bihuan_environment(
            {"BIHUAN_SERVER__SYNCHRONOUS": "normal", "BIHUAN_MONITOR": f"127.0.0.1:{port}", **environment}
        ),
    )  # fmt: skip
    begun = WorkerProcess(process, port)
    begun.listening = asyncio.create_task(begun.listen())
    try:
        async with asyncio.timeout(PATIENCE):
            while (await begun.ask("/ready")).status != 200:
                assert process.returncode is None, begun.said
                await asyncio.sleep(0.05)
        yield begun
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        with suppress(ProcessLookupError):
            process.kill()
        await begun.end()


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
