"""A flood of wrong tries from a process of its own, which gives way to every other: many requests ahead on each of
many kept connections, numbers with contacts and links by turns.

    python -m benchmarks.page_flood --ports 8000,8001 --tries 1000000 [--addresses 1000] [--connections 64]

Prints a line of JSON now and then and at the end: how many answers there were so far, of which status. `--addresses 0`:
each try comes from another /64, of sixteen providers.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from activities.portal.sessions import new_cookie
from benchmarks.child import plain_environment
from workflows.domain.problem import Problem

_AHEAD = 16
"""Requests of a connection that wait for their answers."""
_TELL_EVERY = 5.0
_NICE = 5
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_COOKIE = new_cookie()
_CSRF = hashlib.sha256(f"form:{_COOKIE}".encode()).hexdigest()


def address_of(index: int, addresses: int) -> str:
    """Where a try seems to come from."""
    if addresses:
        return f"10.{index % addresses // 256}.{index % addresses % 256}.9"
    place = index // 16
    return f"2001:{index % 16:x}:{place >> 16:x}:{place & 65535:x}::9"


def request(index: int, addresses: int) -> bytes:
    """One wrong try, as it is sent."""
    head = f"Host: 127.0.0.1\r\nCookie: bihuan={_COOKIE}\r\nX-Forwarded-For: {address_of(index, addresses)}\r\n"
    if index // 16 % 2:
        token = "".join(_LETTERS[byte & 31] for byte in secrets.token_bytes(32))
        return f"GET /l/{token} HTTP/1.1\r\n{head}\r\n".encode()
    body = urlencode({"csrf": _CSRF, "number": f"FB20260105{index % 10000:04d}", "contact": f"{index}@example.com"})
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return f"POST /case HTTP/1.1\r\n{head}\r\n{body}".encode()


class Flood:
    """`statuses` counts the answers; those that lead to a case are counted as `case`."""

    def __init__(self, ports: Sequence[int], tries: int, addresses: int, connections: int) -> None:
        self.ports, self.connections = ports, connections
        self._requests = iter(request(index, addresses) for index in range(tries))
        self.statuses: Counter[str] = Counter()

    async def run(self) -> None:
        """Send all, and read every answer."""
        telling = asyncio.create_task(self._tell())
        each = (self._connection(self.ports[index % len(self.ports)]) for index in range(self.connections))
        await asyncio.gather(*each)
        telling.cancel()
        self.print()

    async def _connection(self, port: int) -> None:
        waiting: list[bytes] = []
        while waiting or (waiting := self._next(_AHEAD)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"".join(waiting))
            # Where the connection ends, what was not answered is sent again by another.
            while waiting and await self._answer(reader):
                more = self._next(1)
                writer.write(b"".join(more))
                waiting = waiting[1:] + more
            writer.close()

    def _next(self, count: int) -> list[bytes]:
        return list(itertools.islice(self._requests, count))

    async def _answer(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or 0))
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.statuses["case" if b"\r\nlocation: /case\r\n" in head else head[9:12].decode()] += 1
        return True

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            self.print()

    def print(self) -> None:
        """How far it is."""
        print(json.dumps({"answers": sum(self.statuses.values()), "statuses": self.statuses}), flush=True)


async def flooding(
    ports: Sequence[int], tries: int, addresses: int, connections: int, say: Any = None
) -> dict[str, Any]:
    """Run it as a process to its end; `say` hears how far it is. Answers, their statuses, seconds, and processor
    seconds of the flood itself.

    Raises:
        Problem: it failed.
    """
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.page_flood", "--ports", ",".join(map(str, ports)), "--tries", str(tries),
        "--addresses", str(addresses), "--connections", str(connections), stdout=asyncio.subprocess.PIPE,
        env=plain_environment({}), cwd=Path(__file__).parents[1],
    )  # fmt: skip
    last: Mapping[str, Any] = {}
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        async for line in process.stdout:
            last = json.loads(line)
            if say is not None:
                say(last, time.perf_counter() - begun)
        if await process.wait():
            raise Problem("the flood failed")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return {**last, "took": time.perf_counter() - begun}


def main() -> None:
    """Flood."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--tries", type=int, required=True)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    os.nice(_NICE)
    ports = [int(port) for port in options.ports.split(",")]
    asyncio.run(Flood(ports, options.tries, options.addresses, options.connections).run())


if __name__ == "__main__":
    main()
