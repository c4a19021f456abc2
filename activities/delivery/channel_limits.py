"""The concurrency limit of a channel: one that hangs leaves the other channels their slots in the worker (R44).

A worker carries out so many activities at a time. Without a limit for each channel, messages to a gateway that takes
requests and never answers would soon be all that it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from activities.delivery.transport import TemporaryDeliveryError
from workflows.domain.vocabulary import WEBHOOK

WAIT: Final = timedelta(seconds=5)
"""After which it is looked again whether a channel is free."""
_OF_WEBHOOKS: Final = f"{WEBHOOK}:"


@dataclass
class ChannelLimits:
    """The places for deliveries under way in one process. `most` messages of a channel at once, `few` events for one
    system; the next one waits for `patience` seconds, but not where none has come to an end for as long.
    """

    most: int = 15
    few: int = 5
    patience: float = 2.0
    _free: dict[str, asyncio.Semaphore] = field(default_factory=dict, repr=False)
    _moved: dict[str, float] = field(default_factory=dict, repr=False)
    """Channel -> when one was begun or ended last, by the loop's clock."""

    def fault(self, channel: str) -> str | None:
        """Why nothing is to be tried by that channel now."""
        free = self._free.get(channel)
        if free is None or not free.locked() or self._now() - self._moved[channel] < self.patience:
            return None
        return f"{self._places(channel)} messages are on their way by {channel}, and none comes to an end"

    def wait(self, channel: str) -> timedelta | None:
        """How long to wait for a free place; None: pauses that grow, since events may be many and can wait."""
        return None if channel.startswith(_OF_WEBHOOKS) else WAIT

    @asynccontextmanager
    async def hold(self, channel: str) -> AsyncIterator[None]:
        """Hold a place for one message while the block runs.

        Raises:
            TemporaryDeliveryError: there was no place in time.
        """
        free = self._free.setdefault(channel, asyncio.Semaphore(self._places(channel)))
        try:
            async with asyncio.timeout(self.patience):
                await free.acquire()
        except TimeoutError:
            raise TemporaryDeliveryError(self.fault(channel) or f"{channel} is busy", self.wait(channel)) from None
        self._moved[channel] = self._now()
        try:
            yield
        finally:
            self._moved[channel] = self._now()
            free.release()

    def _places(self, channel: str) -> int:
        return self.few if channel.startswith(_OF_WEBHOOKS) else self.most

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
