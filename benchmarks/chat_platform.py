"""Feishu on this machine, as far as an app needs it: gives out a token, takes messages, and notes when it took each."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_NUMBER = re.compile(r"FB\d{12,15}")


@dataclass
class ChatPlatform:
    """`taken`: number of a case -> when the first message about it was taken."""

    port: int = 0
    taken: dict[str, datetime] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """For `[channels.…]`, with the limits that the real one has."""
        return {
            "kind": "feishu_app", "app_id": "cli_1", "app_secret": "of-the-benchmark",
            "endpoint": f"http://127.0.0.1:{self.port}",
        }  # fmt: skip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The requests of one connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                size = re.search(r"content-length: (\d+)", head)
                body = (await reader.readexactly(int(size[1]) if size else 0)).decode()
                said: dict[str, Any] = {"code": 0}
                if "/messages" in head.partition("\r\n")[0]:
                    if (number := _NUMBER.search(body)) is not None:
                        self.taken.setdefault(number[0], datetime.now(UTC))
                else:
                    said |= {"tenant_access_token": "t", "expire": 7200}
                answer = json.dumps(said).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
                await writer.drain()
        writer.close()


@asynccontextmanager
async def open_chat_platform() -> AsyncIterator[ChatPlatform]:
    """One on a port of this machine while the block runs."""
    platform = ChatPlatform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    platform.port = server.sockets[0].getsockname()[1]
    try:
        yield platform
    finally:
        server.close()
