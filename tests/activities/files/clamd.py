"""A clamd of our own: it speaks the protocol, and finds EICAR."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.activities.files.made import EICAR


@dataclass
class Clamd:
    """`largest`: the StreamMaxLength it was configured with; `silent`: it takes everything and says nothing."""

    largest: int = 1 << 20
    silent: bool = False
    scanned: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = (await reader.readuntil(b"\0")).strip(b"z\0")
        if self.silent:
            writer.close()
            return
        writer.write(b"PONG\0" if command == b"PING" else await self._scanned(reader))
        await writer.drain()
        writer.close()

    async def _scanned(self, reader: asyncio.StreamReader) -> bytes:
        content = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(size)
            if len(content) > self.largest:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.scanned.append(content)
        return b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"

    @asynccontextmanager
    async def listening(self, path: Path | None = None) -> AsyncIterator[str]:
        """Its address."""
        if path is not None:
            server = await asyncio.start_unix_server(self.talk, path)
            address = f"unix://{path}"
        else:
            server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
            address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield address
