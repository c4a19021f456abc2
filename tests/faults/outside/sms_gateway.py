"""A gateway for short messages that hangs, answers nonsense, puts off, refuses inside 200, and is cut off.

It keeps a book: what it was asked, and what whoever asked can know of that. What it does with a message is decided by
the seed and by how often it was asked for it, not by who comes first.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.worker.ports import free_ports


class Outcome(StrEnum):
    """What whoever asked can know: it was taken, it was not and may be sent again, it never will be, or nothing."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_BEHAVIOURS = {
    "good": (60, Outcome.TAKEN),
    "busy inside 200": (10, Outcome.LATER),
    "429": (6, Outcome.LATER),
    "503": (5, Outcome.LATER),
    "refused inside 200": (3, Outcome.REFUSED),
    "nonsense": (5, Outcome.UNKNOWN),
    "cut": (5, Outcome.UNKNOWN),
    "hangs": (6, Outcome.UNKNOWN),
}  # fmt: skip
"""How often of a hundred requests."""
_BODIES = {
    "good": ("200 OK", b'{"code": "0"}'),
    "busy inside 200": ("200 OK", b'{"code": "busy"}'),
    "refused inside 200": ("200 OK", b'{"code": "7", "words": "bad number"}'),
    "429": ("429 Too Many Requests", b"slow down"),
    "503": ("503 Service Unavailable", b""),
    "nonsense": ("200 OK", b"<html>log in to the wifi</html>"),
}


@dataclass
class SmsGateway:
    """`asked`: id of a message -> the outcome of each request for it, in order; `did`: how often it did what."""

    seed: int
    port: int = field(default_factory=lambda: free_ports(1)[0])
    asked: dict[str, list[Outcome]] = field(default_factory=dict)
    did: dict[str, int] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def settings(self) -> dict[str, Any]:
        """For `[channels.…]`: it carries every message."""
        return {
            "kind": "http", "endpoint": f"http://127.0.0.1:{self.port}/send", "success_pointer": "/code",
            "body": '{"to": "{{ to }}", "text": "{{ text }}", "id": "{{ id }}"}', "success_value": "0",
            "later_values": ["busy"],
        }  # fmt: skip

    async def start(self) -> None:
        """Take requests."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Be gone, in the middle of whatever it does: what it was asked and has not answered, nobody knows of."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(head.partition("content-length:")[2].partition("\r\n")[0])
        id_ = json.loads(await reader.readexactly(size))["id"]
        outcomes = self.asked.setdefault(id_, [])
        chance = random.Random(f"{self.seed} {id_} {len(outcomes)}")
        behaviour = chance.choices(list(_BEHAVIOURS), [weight for weight, _ in _BEHAVIOURS.values()])[0]
        self.did[behaviour] = self.did.get(behaviour, 0) + 1
        # Until the answer is written nobody can know.
        outcomes.append(Outcome.UNKNOWN)
        if behaviour == "hangs":
            await reader.read()  # until whoever asked goes away
        if behaviour not in _BODIES:
            writer.transport.abort()
            return
        status, body = _BODIES[behaviour]
        wait = "Retry-After: 2\r\n" if status.startswith("429") else ""
        head = f"HTTP/1.1 {status}\r\n{wait}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        outcomes[-1] = _BEHAVIOURS[behaviour][1]
