"""A TCP proxy that can hold back all data for a while without closing a connection, as a lossy network does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast


@dataclass
class Line:
    """Accepts connections on `port` and forwards their data, except while it is `silent`."""

    port: int = 0
    _through: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def silent(self) -> AsyncIterator[None]:
        """Hold all data back; at the end of the block it is forwarded."""
        self._through.clear()
        try:
            yield
        finally:
            self._through.set()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one direction of a connection until either end closes it."""
        try:
            with suppress(OSError):
                while said := await reader.read(65536):
                    await self._through.wait()
                    writer.write(said)
                    await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """A proxy to that port of this machine."""
    line = Line()
    line._through.set()
    calls: set[asyncio.Task[Any]] = set()

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.add(own := cast("asyncio.Task[Any]", asyncio.current_task()))
        own.add_done_callback(calls.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(line.pass_on(reader, far_writer), line.pass_on(far_reader, writer))

    server = await asyncio.start_server(call, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
