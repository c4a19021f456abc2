"""A gateway for short messages: what it is given over HTTP is kept by number, as a telephone would show it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from activities.channels.settings import HttpSettings

_LARGEST: Final = 10_000
_TEMPLATES: Final = {
    "created": {
        "id": "1001",
        "text": "您反馈的{1}问题已受理,编号{2}。请保留编号,我们会给您来电。",
        "variables": ("product", "number"),
    }
}
"""One text was approved; a person tells everything else."""


@dataclass
class SmsGateway:
    """`texts`: number -> what came to it, the oldest first."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)

    def settings(self) -> HttpSettings:
        """The channel by which it is asked."""
        given: dict[str, Any] = {
            "kind": "http",
            "endpoint": f"http://127.0.0.1:{self.port}/send",
            "body": '{"to": "{{ to }}", "text": "{{ text }}"}',
            "success_pointer": "/code",
            "success_value": "0",
            "templates": _TEMPLATES,
        }
        return HttpSettings.model_validate(given)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(OSError, ValueError, KeyError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            size = int(head.partition("content-length:")[2].partition("\r\n")[0])
            asked = json.loads(await reader.readexactly(min(size, _LARGEST)))
            self.texts.setdefault(str(asked["to"]), []).append(str(asked["text"]))
            body = b'{"code": 0}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
            await writer.drain()
        writer.close()


@asynccontextmanager
async def open_sms_gateway() -> AsyncIterator[SmsGateway]:
    """A gateway on a port of this machine while the block runs."""
    gateway = SmsGateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
