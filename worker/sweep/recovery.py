"""What a crash or an outage left half done: submissions without a workflow, messages without a delivery.

All of it may be done at any time, by several at once: a case is started once, a message is sent by whoever has
claimed it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.delivery.activity import DeliveryActivities
from activities.queries.inventory import Inventory, UndeliveredMessage
from activities.recording.activity import HandOver
from worker.installation.installation import Installation
from worker.temporal.rpc import RPC_TIMEOUT, found_or_none, is_unavailable
from worker.temporal.standalone_delivery import stable_id
from worker.temporal.starting import start_case, start_review
from workflows.domain.ids import review_id
from workflows.domain.review.view import ReviewRequest
from workflows.ports import Delivery, deliver

_AT_ONCE = 20
"""Cases asked for or started at the same time."""
_LISTED = 100
"""Deliveries asked for in one question."""
_DELIVERED = 50
"""Messages of one delivery by hand: a mail server that is down is asked once for all of them."""
_log = logging.getLogger("bihuan.recovery")


def nothing() -> None:
    """Nobody has to know that it goes on."""


@dataclass
class Recovery:
    """Mends what is safe to mend.

    Attributes:
        client: of the server the cases are on.
        installation: whose cases.
        hand_over: who takes deliveries, as when a step is recorded.
        delivering: delivers what nobody takes over and no workflow holds.
        beat: called while it goes on.
        mend: False only counts what would be done.
        faults: what could not be done, a line each.
    """

    client: Client
    installation: Installation
    hand_over: HandOver
    delivering: DeliveryActivities
    beat: Callable[[], None] = nothing
    mend: bool = True
    faults: list[str] = field(default_factory=list)

    async def start_registered(self) -> int:
        """Start every case that is registered and not known to run; answers how many. One that cannot be started
        stops no other.

        Raises:
            RPCError: Temporal does not answer.
        """
        numbers = await self.installation.register.unstarted()
        return await self.start(numbers)

    async def start(self, numbers: Sequence[str]) -> int:
        """Start these cases; answers how many were.

        Raises:
            RPCError: Temporal does not answer.
        """
        if not self.mend:
            return len(numbers)
        started: list[str] = []
        for first in range(0, len(numbers), _AT_ONCE):
            portion = numbers[first : first + _AT_ONCE]
            done = await asyncio.gather(*map(self._start, portion))
            started += [number for number, went in zip(portion, done, strict=True) if went]
            self.beat()
        if started:
            _log.info("started %d registered case(s): %s", len(started), ", ".join(started[:5]))
        return len(started)

    async def start_reviews(self, requests: Sequence[ReviewRequest]) -> int:
        """Start these reviews; answers how many were.

        Raises:
            RPCError: Temporal does not answer.
        """
        if not self.mend:
            return len(requests)
        installation, started = self.installation, 0
        for request in requests:
            try:
                await start_review(
                    self.client, request, time=installation.time, task_queue=installation.settings.task_queue
                )
            except RPCError as error:
                if is_unavailable(error):
                    raise
                self.faults.append(f"{review_id(request.number)} could not be started: {error.message}")
                continue
            started += 1
            _log.info("started the review %s", review_id(request.number))
            self.beat()
        return started

    async def redeliver(self, older_than: timedelta = timedelta(0)) -> int:
        """See to it that every message that waits is in somebody's hands; answers how many were in nobody's.

        A standalone delivery that runs holds its message, and so does a workflow with a delivery pending. What
        neither the server takes over nor a workflow holds (the messages of closed cases, where each case delivers
        its own) is delivered here.

        Raises:
            RPCError: Temporal does not answer.
        """
        now = datetime.now(UTC)
        taken = 0
        orphans: list[str] = []
        before = self.installation.time.virtual(now - older_than)
        async for portion in Inventory(self.installation.database).unheld(before, now):
            for first in range(0, len(portion), _LISTED):
                rows = portion[first : first + _LISTED]
                running = await self._running([row.key for row in rows])
                loose = [row for row in rows if stable_id("deliver", row.key) not in running]
                if not self.mend:
                    taken += len(await self._unheld(loose))
                    continue
                left = await self._handed_over(loose)
                taken += len(loose) - len(left)
                orphans += await self._unheld(left)
                self.beat()
        return taken + await self._delivered(orphans)

    async def _start(self, number: str) -> bool:
        installation = self.installation
        try:
            await start_case(self.client, number, time=installation.time, task_queue=installation.settings.task_queue)
        except RPCError as error:
            if is_unavailable(error):
                raise
            self.faults.append(f"{number} could not be started: {error.message}")
            return False
        await installation.register.mark_started(number)
        return True

    async def _running(self, keys: Sequence[str]) -> set[str]:
        """Ids of the deliveries that run for these keys; a list lags, which does no harm here."""
        ids = [stable_id("deliver", key) for key in keys]
        plain = [f"'{one}'" for one in ids if not set(one) & {"'", "\\", '"'}]
        if not plain:
            return set()
        query = f"ActivityType = 'deliver' AND ExecutionStatus = 'Running' AND ActivityId IN ({', '.join(plain)})"
        try:
            return {one.activity_id async for one in self.client.list_activities(query, rpc_timeout=RPC_TIMEOUT)}
        except RPCError as error:
            if is_unavailable(error):
                raise
            # A server without standalone activities, or one that does not list them.
            return set()

    async def _handed_over(self, rows: Sequence[UndeliveredMessage]) -> list[UndeliveredMessage]:
        """Those that nobody took over."""
        keys: dict[str, list[str]] = {}
        for row in rows:
            keys.setdefault(row.number, []).append(row.key)
        left = await asyncio.gather(*(self.hand_over(number, of) for number, of in keys.items()))
        kept = {key for of in left for key in of}
        return [row for row in rows if row.key in kept]

    async def _unheld(self, rows: Sequence[UndeliveredMessage]) -> list[str]:
        """Keys that no workflow is about to deliver: neither the case nor its review."""
        numbers = list(dict.fromkeys(row.number for row in rows))
        held: set[str] = set()
        for first in range(0, len(numbers), _AT_ONCE):
            portion = numbers[first : first + _AT_ONCE]
            holds = await asyncio.gather(*map(self._holds, portion))
            held |= {number for number, does in zip(portion, holds, strict=True) if does}
        return [row.key for row in rows if row.number not in held]

    async def _holds(self, number: str) -> bool:
        for workflow in (number, review_id(number)):
            handle = self.client.get_workflow_handle(workflow)
            found = await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT))
            if found is None:
                continue
            pending = {one.activity_type.name for one in found.raw_description.pending_activities}
            if found.status is WorkflowExecutionStatus.RUNNING and deliver.__name__ in pending:
                return True
        return False

    async def _delivered(self, keys: Sequence[str]) -> int:
        """Deliver here and now; what the mail server does not take stays for the next time."""
        for first in range(0, len(keys), _DELIVERED):
            portion = tuple(keys[first : first + _DELIVERED])
            self.beat()
            try:
                await self.delivering.deliver(Delivery(number="cases that are over", keys=portion))
            except ApplicationError as error:
                self.faults.append(error.message)
        return len(keys)
