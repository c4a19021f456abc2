"""What goes on beside and in spite of other things while something takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar

from temporalio import activity

_T = TypeVar("_T")


@asynccontextmanager
async def meanwhile(step: Callable[[], Awaitable[None]], every: timedelta) -> AsyncIterator[None]:
    """Do `step`, which must not raise, every so often until the block ends; one that has begun is waited for."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    repeating: list[asyncio.Task[None]] = []

    async def repeat() -> None:
        while not ended.is_set():
            await step()
            with suppress(TimeoutError):
                async with asyncio.timeout(every.total_seconds()):
                    await ended.wait()

    # Most blocks end before: no task is made for them.
    first = loop.call_later(every.total_seconds(), lambda: repeating.append(loop.create_task(repeat())))
    try:
        yield
    finally:
        first.cancel()
        ended.set()
        for task in repeating:
            await task


async def beat() -> None:
    """Tell the server that it goes on, where it is the server's activity."""
    if activity.in_activity():
        activity.heartbeat()


async def carry_through(work: Awaitable[_T]) -> _T:
    """Its result, even if the server has given this attempt up meanwhile, such as because it was away itself and heard
    no heartbeat: what is on its way cannot be called back. Whoever else cancels it does.
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
