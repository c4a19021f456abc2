"""Server-sent events (the WHATWG's `text/event-stream`): what a listener is told, written on the line.

`id:` is the position of a step, `data:` its JSON. A comment with the newest position comes every few seconds, so that
whoever comes back with it (`Last-Event-ID`) goes on from there, also where nothing was for them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from starter.services.feed.listener import StreamEnd

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from starter.services.feed.feed import Feed
    from starter.services.feed.listener import Listener, News

MEDIA_TYPE: Final = "text/event-stream"
BEAT_EVERY: Final = 15.0
"""Seconds without anything, after which a comment is sent: proxies close what is silent for a minute."""
_RETRY: Final = 3_000
"""Milliseconds after which a browser comes back."""
_SEND_WITHIN: Final = 20.0
"""Seconds after which a line that takes nothing is given up."""
_log = logging.getLogger("bihuan.web")


class EventStream(Response):
    """Everything a listener is told, until they go or are let go; `listener` is None where only the head is asked for.

    `reload`: they are told first that they have missed something, and read the page again.
    """

    media_type = MEDIA_TYPE

    def __init__(self, feed: Feed, listener: Listener | None, *, reload: bool = False) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})  # or nginx would keep events for itself
        del self.headers["content-length"]
        self._feed = feed
        self._listener = listener
        self._reload = reload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Serve one request."""
        listener = self._listener
        watching = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if listener is not None:
                telling = asyncio.create_task(self._tell(listener, send))
                try:
                    await asyncio.wait({telling, watching}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await _ended(telling)
            if not watching.done():
                with suppress(TimeoutError):
                    await _sent(send, b"", more=False)
        finally:
            await _ended(watching)
            if listener is not None:
                self._feed.leave(listener)

    async def _tell(self, listener: Listener, send: Send) -> None:
        try:
            await self._told(listener, send)
        except TimeoutError:
            _log.info("somebody who listened takes nothing any more, and is let go")
            listener.let_go(StreamEnd.SLOW)
        except Exception as error:  # noqa: BLE001 - whoever listened comes back, from where they were
            _log.warning("a stream of events was cut short: %s", type(error).__name__)

    async def _told(self, listener: Listener, send: Send) -> None:
        begun = f"retry: {_RETRY}\n\n"
        if self._reload:
            begun += f"event: reload\nid: {listener.position}\ndata: {{}}\n\n"
        elif listener.position >= listener.since:
            # Whoever is cut off before the first step misses none either.
            begun += f"id: {listener.position}\n\n"
        await _sent(send, begun.encode())
        async for missed in self._feed.missed(listener):
            await _sent(send, _written(missed) or b":\n\n")
        while listener.end is None:
            if news := await listener.next(BEAT_EVERY):
                await _sent(send, _written(news))
            elif listener.end is None:
                listener.passed(self._feed.position)
                await _sent(send, f":\nid: {listener.position}\n\n".encode())
        await _sent(send, f"event: end\ndata: {json.dumps({'reason': listener.end})}\n\n".encode())


def _written(news: Iterable[News]) -> bytes:
    lines = "".join(f"id: {one.step.position}\ndata: {one.text}\n\n" for one in news)
    return lines.encode("utf-8", "replace")  # half a character of a damaged row must not end every stream


async def _sent(send: Send, body: bytes, *, more: bool = True) -> None:
    message: dict[str, Any] = {"type": "http.response.body", "body": body, "more_body": more}
    async with asyncio.timeout(_SEND_WITHIN):
        await send(message)


async def _gone(receive: Receive) -> None:
    """Return once whoever asked has hung up; whatever they send is not read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
