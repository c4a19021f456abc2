"""Somebody who listens to a stream of events, as a test reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.timeouts import TIMEOUT


@dataclass
class Told:
    """An event: `kind` is `message` where the stream names none."""

    id: str | None
    kind: str
    data: dict[str, Any] | None


@dataclass
class Ear:
    """`last` is what a browser would come back with."""

    answer: httpx2.Response
    _lines: AsyncIterator[str]
    last: str | None = None

    async def next(self) -> Told:
        """The next event; comments, and ids alone, are only noted."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                fields: dict[str, str] = {}
                while line := await anext(self._lines):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                self.last = fields.get("id", self.last)
                if "data" in fields:
                    return Told(fields.get("id"), fields.get("event", "message"), json.loads(fields["data"]))

    async def begun(self) -> str:
        """The position that listening begins at."""
        async with asyncio.timeout(TIMEOUT):
            while self.last is None:
                line = await anext(self._lines)
                if line.startswith("id: "):
                    self.last = line.removeprefix("id: ")
        return self.last

    async def over(self) -> None:
        """Until nothing more comes."""
        async with asyncio.timeout(TIMEOUT):
            async for _ in self._lines:
                pass


@asynccontextmanager
async def listening(client: httpx2.AsyncClient, path: str, last: str | None = None, **query: str) -> AsyncIterator[Ear]:
    """Listen while the block runs."""
    headers = {"Last-Event-ID": last} if last is not None else {}
    async with client.stream("GET", path, headers=headers, params=query) as answer:
        if answer.status_code != 200:
            await answer.aread()
        yield Ear(answer, answer.aiter_lines())
