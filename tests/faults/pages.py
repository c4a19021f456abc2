"""Processes that serve the customers' pages, killed and started again, behind a client that takes them by turns."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx2

from tests.faults import processes
from tests.faults.driver import TIMEOUT
from tests.faults.web_process import serve
from tests.worker.ports import free_ports

_POLL = 0.05


class Turns(httpx2.AsyncBaseTransport):
    """Sends each request to the next of these ports of this machine; one that nobody answers fails, and is not sent
    to another: whoever asked for it does that.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._inner = httpx2.AsyncHTTPTransport()
        self._ports = itertools.cycle(ports)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class PageProcesses:
    """`settings` are those of the installation; `temporal` is where its server listens."""

    settings: Mapping[str, Any]
    temporal: str
    folder: Path
    ports: Sequence[int] = field(default_factory=lambda: free_ports(2))
    _serving: dict[int, ForkServerProcess] = field(default_factory=dict)

    async def start(self, *ports: int) -> None:
        """Start them all, or those; each is waited for."""
        wanted = ports or self.ports
        for port in wanted:
            log = self.folder / f"pages-{port}.log"
            self._serving[port] = processes.start(serve, self.settings, self.temporal, port, log)
        async with asyncio.timeout(TIMEOUT):
            for port in wanted:
                while not await _answers(port):
                    assert self._serving[port].exitcode is None, f"pages-{port}.log says why"
                    await asyncio.sleep(_POLL)

    async def kill(self, *ports: int) -> None:
        """Kill those, or all."""
        for port in ports or self.ports:
            if (process := self._serving.get(port)) is not None and process.exitcode is None:
                await processes.killed(process)


async def _answers(port: int) -> bool:
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False
