"""How tests wait for what has to happen at last; how fast it happens is for no test to say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

TIMEOUT = 300.0
"""Seconds to wait for an expected event; reached only by a test that fails."""
_LONGEST_PAUSE: Final = 0.16
_Answer = TypeVar("_Answer")


async def until(ask: Callable[[], Awaitable[_Answer | None]]) -> _Answer:
    """Ask again and again until there is an answer that is neither nothing nor false.

    The pauses grow: most things happen at once, and each question is work for the server and the workers that have to
    make the others happen.
    """
    pause = 0.01
    async with asyncio.timeout(TIMEOUT):
        while not (answer := await ask()):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
    return answer
