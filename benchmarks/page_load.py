"""A client that asks for pages as fast as they come, or at a given pace, and costs little itself: HTTP/1.1 on kept
connections, and nothing else of it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Request = tuple[str, str, Mapping[str, str], bytes]
"""Method, path, headers, body."""


@dataclass
class Observed:
    """Seconds of each answer, how many there were of each status, and bytes of the last one."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    took: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Answers a second, and milliseconds."""
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        return {
            "answers": len(self.seconds),
            "per_second": round(len(self.seconds) / self.took, 1) if self.took else 0.0,
            "median_ms": round(cuts[49] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }


class Connection:
    """One kept connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> tuple[int, int]:
        """Status and bytes of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        method, path, headers, body = request
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.partition("content-length:")[2].split("\r\n")[0] or 0)
        await reader.readexactly(size)
        if "connection: close" in head:
            await self.close()
        return int(head.split(" ", 2)[1]), size

    async def close(self) -> None:
        """Let go of it."""
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


async def load(
    ports: list[int],
    request: Callable[[int], Request],
    *,
    at_once: int,
    total: int | None = None,
    until: asyncio.Event | None = None,
    pace: float | None = None,
) -> Observed:
    """Ask on so many connections, spread over the ports, `total` times or until the event is set.

    `pace`: requests a second, all connections together; without it as fast as the answers come. With a pace the time
    of an answer counts from when it should have been asked for, so that a page that is held up holds up none behind it.
    """
    observed, count, begun = Observed(), 0, time.perf_counter()

    async def one(port: int) -> None:
        nonlocal count
        connection = Connection(port)
        while (total is None or count < total) and not (until is not None and until.is_set()):
            index, count = count, count + 1
            due = time.perf_counter()
            if pace is not None:
                due = begun + index / pace
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            status, size = await connection.ask(request(index))
            observed.seconds.append(time.perf_counter() - due)
            observed.statuses[status] += 1
            observed.size = size
        await connection.close()

    await asyncio.gather(*(one(ports[index % len(ports)]) for index in range(at_once)))
    observed.took = time.perf_counter() - begun
    return observed
