"""Sends messages again that failed for good, and takes note of those that came back although they were sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from activities.batches import batched
from activities.delivery.outbox import GONE, OPEN, Outbox
from activities.delivery.status import CAME_BACK, OutboxStatus
from activities.delivery.transport import without_recipient
from activities.queries.cases import OutboxEntry
from worker.installation.installation import Installation
from worker.temporal.connection import connect
from worker.temporal.standalone_delivery import StandaloneDelivery
from workflows.domain.problem import Problem

_AT_ONCE = 20
"""Messages put back and started together; where a long run is cut short, those before it are done."""


@dataclass(frozen=True)
class ResendSelection:
    """Which messages: of one case (or all), by key, by recipient (a person's id, `customer`, or a system), by when they
    were written (in the cases' time), by a text that their error contains.
    """

    number: str | None = None
    key: str | None = None
    recipient: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    error: str | None = None

    async def failed(self, installation: Installation) -> list[OutboxEntry]:
        """Those that failed and can be sent, in the order they were written; none where all that was named is on its
        way, such as since somebody else sent it again.

        Raises:
            Problem: a case or a message was named, and there is nothing to send; the line says how it stands.
        """
        status = OutboxStatus.FAILED if self.number is None and self.key is None else None
        rows = await installation.cases.outbox(self.number, status=status, since=self.since, until=self.until)
        chosen = [row for row in rows if self._matches(row)]
        failed = [row for row in chosen if row.status == OutboxStatus.FAILED and row.text != GONE]
        on_the_way = bool(chosen) and all(row.status in OPEN for row in chosen)
        if not failed and not on_the_way and not (self.number is None and self.key is None):
            raise Problem(await self._why_none(installation, chosen))
        return failed

    def _matches(self, row: OutboxEntry) -> bool:
        error = (row.error or "").casefold()
        is_meant = self.key in {None, row.key} and self.recipient in {None, row.recipient}
        return is_meant and (self.error is None or self.error.casefold() in error)

    async def _why_none(self, installation: Installation, chosen: Sequence[OutboxEntry]) -> str:
        if self.number is not None and await installation.cases.get(self.number) is None:
            return f"{self.number}: there is no such case; bihuan list shows the cases"
        where = self.key or self.number
        if not chosen:
            return f"{where}: there is no such message; bihuan outbox --status failed shows which failed"
        counts = Counter("masked" if row.text == GONE else str(row.status) for row in chosen)
        stand = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"{where}: nothing to send again ({stand}); allowed: messages that failed, of cases that are not masked"


async def resend(installation: Installation, rows: Sequence[OutboxEntry]) -> AsyncIterator[tuple[OutboxEntry, bool]]:
    """Send them again. Yields each that was still failed, and whether its delivery has started; if not, the next sweep
    starts it.
    """
    start_deliveries = await _start_deliveries(installation)
    outbox = Outbox(installation.database)
    for batch in batched(rows, _AT_ONCE):
        again = set(await outbox.resend([row.key for row in batch], now=datetime.now(UTC)))
        left = set(again)
        if start_deliveries is not None:
            for number in dict.fromkeys(row.number for row in batch):
                keys = [row.key for row in batch if row.number == number and row.key in again]
                left -= set(keys) - set(await start_deliveries(number, keys))
            if again and left == again:
                # Temporal no longer answers, and each further attempt would wait for its time-out.
                start_deliveries = None
        for row in batch:
            if row.key in again:
                yield row, row.key not in left


async def take_back(installation: Installation, key: str, error: str) -> bool:
    """Note that a message that was sent came back. Its case hears of it at once (True), or by the next sweep.

    Raises:
        Problem: there is no such message, or it was not sent; nothing was changed.
    """
    outbox = Outbox(installation.database)
    state = (await outbox.states([key])).get(key)
    if state is None:
        raise Problem(f"{key}: there is no such message; bihuan outbox --json has the keys")
    error = without_recipient(Exception(error), state.envelope.address, state.envelope.name)
    if not await outbox.bounced(key, error=f"{CAME_BACK} {error}"):
        raise Problem(f"{key}: is {state.status}; allowed: a message that was sent")
    start_deliveries = await _start_deliveries(installation)
    return start_deliveries is not None and not await start_deliveries(state.envelope.number, [key])


async def _start_deliveries(installation: Installation) -> StandaloneDelivery | None:
    """What starts deliveries; None where each case delivers its own messages, or Temporal does not answer."""
    settings = installation.settings
    if settings.delivery != "standalone":
        return None
    try:
        return StandaloneDelivery(await connect(settings), settings.task_queue)
    except Problem:
        return None
