"""A vendor on this machine: takes requests over a real socket, keeps them, and answers what a test has it answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


Answering = Callable[[Received], bytes | None]
"""The whole answer, None: none at all, and the connection stays open."""


@dataclass
class VendorServer:
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: Answering = lambda _: ok(b"{}")
    is_safe: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.is_safe else 'http'}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, target, _ = first.split(" ")
                self.received.append(Received(method, target, headers, body))
                answer = self.answers(self.received[-1])
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer or not answer:
                    break
        writer.close()


def ok(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def vendor_server(answers: Answering | bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[VendorServer]:
    vendor = VendorServer(answers=answers if callable(answers) else lambda _: ok(answers), is_safe=tls is not None)
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    try:
        yield vendor
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None
