"""Heartbeats of activities that take long, and work that goes on although the server has heard none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity

_T = TypeVar("_T")


def heartbeat(*details: Any) -> None:
    """Tell the server that this activity goes on; nothing where the code runs outside of an activity."""
    if activity.in_activity():
        activity.heartbeat(*details)


@asynccontextmanager
async def heartbeats(every: timedelta) -> AsyncIterator[None]:
    """Send heartbeats until the block ends, the first one after `every`."""

    async def beat() -> None:
        heartbeat()

    async with repeatedly(beat, every):
        yield


@asynccontextmanager
async def repeatedly(step: Callable[[], Awaitable[None]], every: timedelta) -> AsyncIterator[None]:
    """Run `step`, which must not raise, every so often until the block ends; a step that has begun is waited for."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    repeating: list[asyncio.Task[None]] = []

    async def repeat() -> None:
        while not ended.is_set():
            await step()
            with suppress(TimeoutError):
                async with asyncio.timeout(every.total_seconds()):
                    await ended.wait()

    # Most blocks end before the first step: no task is made for them.
    first = loop.call_later(every.total_seconds(), lambda: repeating.append(loop.create_task(repeat())))
    try:
        yield
    finally:
        first.cancel()
        ended.set()
        for task in repeating:
            await task


async def run_to_completion(work: Awaitable[_T]) -> _T:
    """The result of `work`, even if the server gives this attempt up before it is there.

    The server gives up when it hears no heartbeat, such as because it was down itself; what is on its way cannot be
    called back. Any other cancellation cancels `work`, too.
    """
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done() and not task.cancelled():
                return task.result()
            if not _is_given_up():
                task.cancel()
                await asyncio.wait({task})
                raise


def _is_given_up() -> bool:
    details = activity.cancellation_details() if activity.in_activity() else None
    return details is not None and (details.not_found or details.timed_out)
