"""The queue for what strangers try, so that nobody who was let in waits behind them (R40)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_AT_ONCE: Final = 2
_MOST_WAITING: Final = 32
"""Of one provider's network: a crowd of one network leaves the others their turn."""


class CrowdedError(Exception):
    """So many of that network wait that one more would wait too long."""


class Lane:
    """A queue for requests that cost time: they write to the record, and render a page."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it while the block runs.

        Raises:
            CrowdedError: too many of that network wait already.
        """
        if self._waiting[network] >= _MOST_WAITING:
            raise CrowdedError
        self._waiting[network] += 1
        try:
            async with self._turns:
                yield
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network]
