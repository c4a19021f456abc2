"""Hands a message to its transport, and only while it is surely nobody else's to send (R4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from activities.delivery.outbox import Outbox
from activities.delivery.transport import (
    DeliveryError,
    Envelope,
    TransportConnection,
    Transports,
    UnknownOutcomeError,
    UnreachableError,
)
from activities.heartbeat import repeatedly, run_to_completion

logger = logging.getLogger(__name__)

Complete = Callable[[Envelope], Awaitable[Envelope]]
"""Puts in what the outbox may not show, such as a code, just before a message is handed over; raises a `DeliveryError`
where that is not to be had any more.
"""
BEATS: Final = 3
"""Heartbeats sent while one claim holds, and within the heartbeat time-out."""
_SURE: Final = 0.8
"""The share of a claim's time in which it is surely still held, however busy this process is."""


class ClaimLostError(Exception):
    """Somebody else may send it by now; where it was `begun`, nobody knows whether it went out."""

    def __init__(self, said: str, *, begun: bool = True) -> None:
        super().__init__(said)
        self.begun = begun


@dataclass
class HandOver:
    """Hands over the messages of one pass over a delivery.

    Attributes:
        complete: puts into a message what the outbox may not show.
        token: whose claims they are.
        lease: wall clock; how long a claim holds.
        now: the wall clock.
    """

    outbox: Outbox
    transports: Transports
    complete: Complete | None
    token: str
    lease: timedelta
    now: Callable[[], datetime]
    _open: dict[str, TransportConnection] = field(default_factory=dict)

    def surely(self) -> float:
        """The time of the loop until which a claim made now is surely held; it goes on while a process is stopped."""
        return asyncio.get_running_loop().time() + _SURE * self.lease.total_seconds()

    def knows_repeats(self, name: str) -> bool:
        """Whether what is sent there twice is known as one; nothing can have been sent where there is no such way."""
        transport = self.transports.get(name)
        return transport is None or transport.knows_repeats

    async def once(self, envelope: Envelope, stack: AsyncExitStack, last: float, surely: float) -> None:
        """Hand over a message of which every copy counts, unless they are known as one.

        Raises:
            UnknownOutcomeError: it may have been handed over to somebody who does not know repeats.
            TimeoutError, ClaimLostError, DeliveryError: see `_until`.
        """
        try:
            await run_to_completion(self._until(envelope, stack, last, surely))
        except (DeliveryError, ClaimLostError):
            raise
        except Exception as error:
            if self.knows_repeats(envelope.transport_name):
                raise
            raise UnknownOutcomeError(" ".join(f"{type(error).__name__} {error}".split())) from error

    async def _until(self, envelope: Envelope, stack: AsyncExitStack, last: float, surely: float) -> None:
        """Hand it over until `last` of the loop's time, and only while it is surely nobody else's to send: until
        `surely`, or later where the claim is renewed.

        What a process was stopped at goes out twice only if it was stopped between the last byte of the message and
        the note that it is sent: SMTP has no way to ask what became of it.

        Raises:
            TimeoutError, ClaimLostError, DeliveryError: it was not handed over, or nobody knows.
        """
        clock, lease = asyncio.get_running_loop().time, self.lease
        if clock() >= surely:
            raise ClaimLostError("its claim ran out before it was handed over", begun=False)
        try:
            async with asyncio.timeout_at(min(last, surely)) as limit:

                async def renew() -> None:
                    renewed = self.surely()
                    try:
                        kept = await self.outbox.renew(envelope.key, by=self.token, until=self.now() + lease)
                    except Exception:
                        logger.exception("the claim on %s could not be renewed", envelope.key)
                        return
                    if kept and not limit.expired():
                        limit.reschedule(min(last, renewed))

                async with repeatedly(renew, lease / BEATS):
                    connection = await self._connection(envelope.transport_name, stack)
                    await connection.send(await self.complete(envelope) if self.complete else envelope)
        except TimeoutError:
            if limit.expired() and clock() < last:
                raise ClaimLostError("its claim could not be renewed while it was on its way") from None
            raise

    async def _connection(self, name: str, stack: AsyncExitStack) -> TransportConnection:
        if name not in self._open:
            transport = self.transports.get(name)
            if transport is None:
                raise UnreachableError(f"{name} is not configured on this worker")
            self._open[name] = await stack.enter_async_context(transport.connect())
        return self._open[name]
