"""A piece of network between two programs that a test can freeze and cut, and that may speak TLS to the first."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65536
Listener = Callable[[], Callable[[bytes], None]]
"""Called for every connection; what it answers hears what the first program says there."""


@dataclass
class Wire:
    """To `host:port`; `frozen` keeps everything back, as a network does that swallows packets."""

    target: str
    listener: Listener | None = None
    port: int = 0
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _cut: bool = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def freeze(self) -> None:
        self._flowing.clear()

    def cut(self) -> None:
        """Every connection breaks, and a new one at once."""
        self._cut = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self._cut = False
        self._flowing.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end is gone."""
        self._ends.add(writer)
        if self._cut:
            writer.transport.abort()
            return
        host, _, port = self.target.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._ends.add(far_writer)
        hear = self.listener() if self.listener else None
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pass_on(reader, far_writer, hear))
                ways.create_task(self._pass_on(far_reader, writer, None))
        finally:
            for end in (writer, far_writer):
                self._ends.discard(end)
                end.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[bytes], None] | None
    ) -> None:
        with suppress(OSError, ssl.SSLError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                if hear is not None:
                    hear(data)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def wire(
    target: str, *, tls: ssl.SSLContext | None = None, listener: Listener | None = None
) -> AsyncIterator[Wire]:
    """Laid and whole; TLS, if any, ends here."""
    laid = Wire(target, listener)
    laid.mend()
    carrying: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(laid.carry(reader, writer))
        carrying.add(task)
        task.add_done_callback(carrying.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        server.close()
        laid.cut()
        for task in list(carrying):
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        await server.wait_closed()
