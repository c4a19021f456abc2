"""What a crash or an outage left half done: submissions without a workflow, messages without a delivery."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy import select
from temporalio.client import Client
from temporalio.service import RPCError

from activities.outbox import OPEN
from activities.recording import HandOver
from activities.tables import outbox
from worker.installation import Installation
from worker.starting import start_case

_EVERY = timedelta(seconds=10)
_log = logging.getLogger("bihuan.recovery")


@dataclass
class Recovery:
    """Runs beside the worker: once at the start, then every ten seconds for what was registered meanwhile."""

    client: Client
    installation: Installation
    hand_over: HandOver

    async def run(self) -> None:
        """Sweep until cancelled; no fault of the outside world ends it."""
        await self._guarded(self.deliver_pending)
        while True:
            await self._guarded(self.start_registered)
            await asyncio.sleep(_EVERY.total_seconds())

    async def start_registered(self) -> int:
        """Start every case that is registered and not known to run; answers how many.

        Raises:
            RPCError: Temporal does not answer.
        """
        register = self.installation.register
        numbers = await register.unstarted()
        for number in numbers:
            await start_case(
                self.client, number, time=self.installation.time, task_queue=self.installation.settings.task_queue
            )
            await register.mark_started(number)
        if numbers:
            _log.info("started %d registered case(s): %s", len(numbers), ", ".join(numbers[:5]))
        return len(numbers)

    async def deliver_pending(self) -> int:
        """Hand over the deliveries of rows that wait; answers how many were taken.

        A row whose delivery already runs is taken by that one. One that its case delivers itself is skipped there
        as soon as it is sent here.
        """
        async with self.installation.database.read() as connection:
            found = await connection.execute(
                select(outbox.c.number, outbox.c.key).where(outbox.c.status.in_(OPEN)).order_by(outbox.c.number)
            )
            pending = [(row.number, row.key) for row in found]
        taken = 0
        for number, rows in groupby(pending, key=lambda row: row[0]):
            keys = [key for _, key in rows]
            taken += len(keys) - len(await self.hand_over(number, keys))
        return taken

    async def _guarded(self, sweep: Callable[[], Awaitable[int]]) -> None:
        try:
            await sweep()
        except RPCError as error:
            _log.warning("Temporal does not answer (%s); tried again in %s s", error.message, _EVERY.seconds)
        except Exception:  # noqa: BLE001 - whatever it was, the next sweep may go through
            _log.exception("a sweep failed; tried again in %s s", _EVERY.seconds)
