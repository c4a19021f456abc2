"""Takes up what a crash or an outage left half done: starts cases without a workflow, delivers undelivered messages.

Several processes may do so at any time: a workflow id is started once, and a message is sent by whichever delivery has
claimed it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.batches import batched
from activities.delivery.activity import IN_HAND, DeliveryActivities
from activities.heartbeat import heartbeat
from activities.queries.monitoring.inventory import Inventory, UndeliveredMessage
from activities.recording.activity import StartDeliveries
from worker.encryption.failures import MissingKeyError
from worker.installation.installation import Installation
from worker.temporal.rpc import RPC_TIMEOUT, found_or_none, is_unavailable
from worker.temporal.standalone_delivery import stable_id
from worker.temporal.starting import NumberTakenError, renumber, start_case, start_review
from workflows.domain.ids import review_id
from workflows.domain.review.view import ReviewRequest
from workflows.ports import Delivery, deliver

_AT_ONCE = 20
"""Cases described or started at the same time."""
_PORTION = 100
"""Cases started before it is looked again which is the most urgent."""
_OPENING = 10.0
"""Seconds without any case being opened after which the next portion is started all the same."""
_LOOK_AGAIN = 0.25
"""Seconds between two looks at how many are open."""
_LISTED = 100
"""Deliveries asked for by one list filter."""
_DELIVERED = 50
"""Messages of one delivery made here: a mail server that is down is tried once for all of them."""
_log = logging.getLogger("bihuan.recovery")


@dataclass(frozen=True)
class Backlog:
    """How many of the registered cases were started, and how many are left for want of time."""

    started: int
    left: int = 0


@dataclass
class Recovery:
    """Mends what is safe to mend.

    Attributes:
        client: of the server the cases are on.
        installation: whose cases.
        start_deliveries: starts deliveries, as when a step is recorded.
        delivering: delivers what neither the server takes nor a workflow delivers.
        mend: where False, what would be done is only counted.
        renumber: whether a case whose number is another's in Temporal gets a new one; its customer may know the old
            one, so a person decides that.
        taken: numbers that Temporal has for other submissions' cases.
        faults: what could not be done, a line each.
    """

    client: Client
    installation: Installation
    start_deliveries: StartDeliveries
    delivering: DeliveryActivities
    mend: bool = True
    renumber: bool = False
    taken: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def start_registered(self, within: timedelta) -> Backlog:
        """Start every case that is registered and not known to run, the most urgent first, then the oldest. One that
        cannot be started stops no other.

        It is done a portion at a time, each when most of the one before is open: whatever comes meanwhile, be it a
        more urgent case or a command, never waits behind more than that.

        Raises:
            RPCError: Temporal does not answer.
        """
        register = self.installation.register
        if not self.mend:
            return Backlog(started=len(await register.unstarted()))
        ends, started, tried = time.monotonic() + within.total_seconds(), 0, set[str]()
        while True:
            waiting = await register.unstarted(_PORTION + len(tried))
            portion = [number for number in waiting if number not in tried][:_PORTION]
            if not portion:
                return Backlog(started=started)
            if time.monotonic() >= ends:
                return Backlog(started=started, left=len(await register.unstarted()) - len(tried))
            opening = await self._start_all(portion)
            tried.update(set(portion) - set(opening))
            started += len(opening)
            await self._until_most_are_open(opening, ends)

    async def start(self, numbers: Sequence[str]) -> int:
        """Start these cases; answers how many were.

        Raises:
            RPCError: Temporal does not answer.
        """
        return len(await self._start_all(numbers)) if self.mend else len(numbers)

    async def _start_all(self, numbers: Sequence[str]) -> list[str]:
        """Start these cases at once; answers those that were started."""
        started: list[str] = []
        for batch in batched(numbers, _AT_ONCE):
            done = await asyncio.gather(*map(self._start, batch))
            known = [number for number, went in zip(batch, done, strict=True) if went]
            if known:
                await self.installation.register.mark_started(*known)
            started += known
            heartbeat()
        if started:
            _log.info("started %d registered case(s): %s", len(started), ", ".join(started[:5]))
        return started

    async def _until_most_are_open(self, numbers: Sequence[str], ends: float) -> None:
        """Wait until no more than a quarter of a portion has yet to be opened, or no worker opens any."""
        inventory, waiting = Inventory(self.installation.database), len(numbers)
        given_up = time.monotonic() + _OPENING
        while waiting > _PORTION // 4 and time.monotonic() < min(ends, given_up):
            heartbeat()
            await asyncio.sleep(_LOOK_AGAIN)
            before, rows = waiting, await inventory.cases(numbers)
            waiting = sum(row.status is None for row in rows.values())
            if waiting < before:
                given_up = time.monotonic() + _OPENING

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
            heartbeat()
        return started

    async def redeliver(self, older_than: timedelta = timedelta(0)) -> int:
        """Start a delivery for every message that waits and has none; answers how many there were.

        A message has a delivery while a standalone activity for it runs, or a workflow has a delivery pending. Where
        the server takes no standalone activities and no workflow delivers (such as for a closed case, where each case
        delivers its own messages), it is delivered here.

        Raises:
            RPCError: Temporal does not answer.
        """
        now = datetime.now(UTC)
        taken = 0
        orphans: list[str] = []
        before = self.installation.time.virtual(now - older_than)
        async for page in Inventory(self.installation.database).unheld(before, now):
            for rows in batched(page, _LISTED):
                running = await self._running([row.key for row in rows])
                loose = [row for row in rows if stable_id("deliver", row.key) not in running]
                if not self.mend:
                    taken += len(await self._unheld(loose))
                    continue
                left = await self._not_started(loose)
                taken += len(loose) - len(left)
                orphans += await self._unheld(left)
                heartbeat()
        return taken + await self._deliver_here(orphans)

    async def _start(self, number: str) -> bool:
        installation = self.installation
        try:
            try:
                await start_case(self.client, installation, number)
            except NumberTakenError as taken:
                if not self.renumber:
                    raise
                number = await renumber(self.client, installation, taken)
                await start_case(self.client, installation, number)
        except NumberTakenError as taken:
            self.taken.append(taken.number)
            return False
        except MissingKeyError as missing:
            self.faults.append(f"{number} could not be started: {missing}")
            return False
        except RPCError as error:
            if is_unavailable(error):
                raise
            self.faults.append(f"{number} could not be started: {error.message}")
            return False
        return True

    async def _running(self, keys: Sequence[str]) -> set[str]:
        """Ids of the standalone deliveries that run for these keys; that the list lags does no harm here."""
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

    async def _not_started(self, rows: Sequence[UndeliveredMessage]) -> list[UndeliveredMessage]:
        """Start standalone deliveries; answers the messages that the server did not take."""
        keys: dict[str, list[str]] = {}
        for row in rows:
            keys.setdefault(row.number, []).append(row.key)
        left = await asyncio.gather(*(self.start_deliveries(number, of) for number, of in keys.items()))
        kept = {key for of in left for key in of}
        return [row for row in rows if row.key in kept]

    async def _unheld(self, rows: Sequence[UndeliveredMessage]) -> list[str]:
        """Keys of messages that neither their case nor its review is about to deliver."""
        numbers = list(dict.fromkeys(row.number for row in rows))
        delivered: set[str] = set()
        for batch in batched(numbers, _AT_ONCE):
            delivers = await asyncio.gather(*map(self._delivers, batch))
            delivered |= {number for number, does in zip(batch, delivers, strict=True) if does}
        return [row.key for row in rows if row.number not in delivered]

    async def _delivers(self, number: str) -> bool:
        """Whether the case or its review has a delivery pending."""
        for workflow in (number, review_id(number)):
            handle = self.client.get_workflow_handle(workflow)
            found = await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT))
            if found is None:
                continue
            pending = {one.activity_type.name for one in found.raw_description.pending_activities}
            if found.status is WorkflowExecutionStatus.RUNNING and deliver.__name__ in pending:
                return True
        return False

    async def _deliver_here(self, keys: Sequence[str]) -> int:
        """Deliver in this process; what the mail server does not take is tried again by the next sweep."""
        for batch in batched(keys, _DELIVERED):
            heartbeat()
            try:
                await self.delivering.deliver(Delivery(keys=batch))
            except ApplicationError as error:
                # A sweep and a person may look at the same time: what one of them has in hand is no fault.
                if error.type != IN_HAND:
                    self.faults.append(error.message)
        return len(keys)
