"""Heartbeats of activities that take long, what they hand on to the next attempt, and work that outlives an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import TypeVar

from temporalio import activity

_T = TypeVar("_T")


_handed_on: ContextVar[tuple[activity.Info | None, set[str]]] = ContextVar("handed_on")
"""With the attempt that it belongs to."""


def handed_on() -> set[str]:
    """What this attempt knows from those before it and tells the next one, in whichever worker that is.

    Whatever is put into it or taken from it is in every heartbeat from then on. Outside of an activity it is empty, and
    nobody hears of it.
    """
    if not activity.in_activity():
        return set()
    info = activity.info()
    attempt, known = _handed_on.get((None, set()))
    if attempt is not info:
        heard = info.heartbeat_details[0] if info.heartbeat_details else None
        known = set(heard) if isinstance(heard, list) else set()
        _handed_on.set((info, known))
    return known


def heartbeat(*details: str) -> None:
    """Tell the server that this activity goes on, with what it hands on, else with `details` for whoever looks at it.

    Does nothing where the code runs outside of an activity.
    """
    if activity.in_activity():
        known = handed_on()
        activity.heartbeat(*([sorted(known)] if known else details))


@asynccontextmanager
async def heartbeats(every: timedelta) -> AsyncIterator[None]:
    """Send heartbeats until the block ends, the first one after `every`."""
    handed_on()  # read here, for the steps to share it

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
