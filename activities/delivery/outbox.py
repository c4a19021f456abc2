"""The outbox: every notification as it was rendered, and what became of it (R4, R20).

A row is `stored` (no way to deliver it here: kept for reading), `pending`, `sending` (claimed by one delivery
until its claim runs out), `sent`, or `failed` (for good). What no channel brings to a customer is `untold` until a
person has told it, then `told`; `failed` becomes `told` as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.batches import batched
from activities.database.database import Database, insert_of
from activities.database.tables import incoming_mail, outbox
from activities.delivery.status import OutboxStatus
from activities.delivery.threads import MOST_FOLLOWED
from activities.delivery.transport import Envelope
from activities.links.mark import LinkMark
from workflows.domain.model import one_line
from workflows.domain.terms import MessageClaim
from workflows.domain.vocabulary import CUSTOMER, Audience, Contact

GONE = "[已归档 archived]"
"""In place of the texts of a masked case."""
_BATCH = 500
"""Rows changed in one transaction: others that write wait no longer than for that."""
OPEN = (OutboxStatus.PENDING.value, OutboxStatus.SENDING.value)
"""Not known to have ended."""
UNREPORTED = and_(outbox.c.status == OutboxStatus.FAILED.value, outbox.c.reported_at.is_(None))
"""Failed, and the case does not know it yet: a delivery tells it."""


@dataclass(frozen=True)
class RowState:
    """The state of a row. `reported`: its case was told of its failure; `again`: since when it is to be sent again."""

    envelope: Envelope
    status: OutboxStatus
    error: str | None
    created_at: datetime
    reported_at: datetime | None
    attempts: int
    link: LinkMark | None = None
    """What stands in its texts for the customer's link."""
    others: tuple[tuple[str, str], ...] = ()
    """The ways left where this one fails: channel and address."""
    tried: tuple[dict[str, str], ...] = ()
    """Of ways that failed: `channel` and `error`."""

    @property
    def reported(self) -> bool:
        """Whether the case of a failed row was told."""
        return self.status is OutboxStatus.FAILED and self.reported_at is not None

    @property
    def again(self) -> datetime | None:
        """Since when a row that had failed waits to be sent again; the wall clock's."""
        return None if self.status is OutboxStatus.FAILED else self.reported_at


_FAILED = or_(
    outbox.c.status.in_([OutboxStatus.FAILED.value, OutboxStatus.TOLD.value]),
    and_(outbox.c.status.in_(OPEN), outbox.c.reported_at.is_not(None)),
)
"""Rows that failed, whether or not a person has told the message since, or had it sent again."""
_SENT_AFTER_ALL = and_(outbox.c.status == OutboxStatus.SENT.value, outbox.c.reported_at.is_not(None))


async def disproof(connection: AsyncConnection, number: str, claim: MessageClaim) -> str | None:
    """Why what a signal says of a message is not so: no row of that case says the same; None where one does."""
    same = [outbox.c.number == number, outbox.c.message == claim.message]
    if claim.key is not None:
        same.append(outbox.c.key == claim.key)
    if claim.recipient is not None:
        same.append(outbox.c.recipient == claim.recipient)
    statement = select(outbox.c.key).where(*same, _FAILED if claim.failed else _SENT_AFTER_ALL).limit(1)
    if await connection.scalar(statement) is not None:
        return None
    what = "could not be delivered" if claim.failed else "was sent after it had failed"
    return f"no message {one_line(claim.message, 100)!r} of {number} {what}, as far as the outbox knows"


class Outbox:
    """State changes of rows. Times called `now` and `until` here are the wall clock's, `at` is the case's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> list[str]:
        """Write new rows in the caller's transaction; those that exist stay as they are.

        Answers the keys of those that a delivery has to see to, in the order given: what has not ended, and what has
        failed without its case knowing.
        """
        written = await connection.execute(_insert(connection.dialect.name), list(rows))
        if written.rowcount == len(rows):
            return [row["key"] for row in rows if row["status"] in (*OPEN, OutboxStatus.FAILED.value)]
        return await self._open_among(connection, [row["key"] for row in rows])

    async def _open_among(self, connection: AsyncConnection, keys: Sequence[str]) -> list[str]:
        left = or_(outbox.c.status.in_(OPEN), UNREPORTED)
        found = await connection.scalars(select(outbox.c.key).where(outbox.c.key.in_(keys), left))
        waiting = set(found)
        return [key for key in keys if key in waiting]

    async def told(
        self, connection: AsyncConnection, number: str, messages: Sequence[str], *, before: int, at: datetime
    ) -> None:
        """A person has told the customer these messages, of the steps before one, that no channel brought (R43)."""
        unsent = outbox.c.status.in_((OutboxStatus.UNTOLD.value, OutboxStatus.FAILED.value))
        await connection.execute(
            update(outbox)
            .where(outbox.c.number == number, outbox.c.audience == Audience.CUSTOMER.value, unsent)
            .where(outbox.c.message.in_(messages), outbox.c.sequence < before)
            .values(status=OutboxStatus.TOLD.value, sent_at=at)
        )

    async def texts(self, connection: AsyncConnection, keys: Sequence[str], *, portal: str) -> dict[str, str]:
        """The texts of rows as a person may tell them; unknown keys are left out. A customer's own link is nobody
        else's: the address of the portal stands in its place.
        """
        if not keys:
            return {}
        columns = outbox.c.key, outbox.c.text, outbox.c.link
        rows = await connection.execute(select(*columns).where(outbox.c.key.in_(keys)))
        return {row.key: without_link(row.text, row.link, portal) for row in rows}

    async def states(self, keys: Sequence[str]) -> dict[str, RowState]:
        """The state of each row; unknown keys are left out."""
        async with self._database.read_brief() as connection:
            rows = await connection.execute(select(outbox).where(outbox.c.key.in_(keys)))
            return {row.key: _state(row) for row in rows}

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        """The keys among these of which there is no row."""
        async with self._database.read() as connection:
            known = set(await connection.scalars(select(outbox.c.key).where(outbox.c.key.in_(keys))))
        return [key for key in keys if key not in known]

    async def answered_by(self, envelope: Envelope) -> Envelope:
        """The envelope with the customer's mails that it follows: their program shows all of a case as one thread."""
        if envelope.recipient != CUSTOMER or envelope.channel != Contact.EMAIL:
            return envelope
        rows = incoming_mail.c
        wrote = (rows.number == envelope.number) & rows.kind.in_(("new", "reply")) & rows.message_id.is_not(None)
        newest = select(rows.message_id).where(wrote).order_by(rows.taken_at.desc()).limit(MOST_FOLLOWED)
        async with self._database.read_brief() as connection:
            ids = [str(id_) for id_ in await connection.scalars(newest)]
        return replace(envelope, follows=tuple(reversed(ids)))

    async def claim(self, key: str, *, by: str, now: datetime, until: datetime, tried: bool) -> bool:
        """Take a row for delivery; False when it has ended or another delivery holds it. `tried` counts an attempt."""
        free = or_(
            outbox.c.status == OutboxStatus.PENDING.value,
            (outbox.c.status == OutboxStatus.SENDING.value) & (outbox.c.claimed_until < now),
        )
        async with self._database.begin() as connection:
            taken = await connection.execute(
                update(outbox)
                .where(outbox.c.key == key, free)
                .values(
                    status=OutboxStatus.SENDING.value,
                    attempts=outbox.c.attempts + int(tried),
                    claimed_by=by,
                    claimed_until=until,
                )
            )
            return taken.rowcount == 1

    async def renew(self, key: str, *, by: str, until: datetime) -> bool:
        """Hold a claimed row for longer; False when it is somebody else's by now, or has ended."""
        mine = (outbox.c.key == key) & (outbox.c.status == OutboxStatus.SENDING.value) & (outbox.c.claimed_by == by)
        async with self._database.begin() as connection:
            kept = await connection.execute(update(outbox).where(mine).values(claimed_until=until))
            return kept.rowcount == 1

    async def sent(self, key: str, *, at: datetime, lacking: str | None = None) -> None:
        """The other side answered for it, so it is sent, whoever claims it by now; `lacking`: what it went without."""
        await self._change(key, status=OutboxStatus.SENT.value, sent_at=at, error=lacking)

    async def release(self, key: str, *, by: str, error: str) -> None:
        """Give a claimed row back, to be tried again."""
        await self._change(key, by=by, status=OutboxStatus.PENDING.value, error=error)

    async def fail(self, key: str, *, by: str, error: str) -> None:
        """Give a claimed row up for good; its case does not know yet."""
        await self._change(key, by=by, status=OutboxStatus.FAILED.value, error=error, reported_at=None)

    async def move(self, state: RowState, *, by: str, error: str) -> RowState:
        """Let a claimed row go on by the next of its other ways; answers how it stands then, whoever holds it."""
        (channel, address), *others = state.others
        tried = (*state.tried, {"channel": state.envelope.channel, "error": error})
        await self._change(
            state.envelope.key,
            by=by,
            status=OutboxStatus.PENDING.value,
            error=error,
            channel=channel,
            address=address,
            others=[list(way) for way in others] or None,
            tried=list(tried),
        )
        return (await self.states([state.envelope.key]))[state.envelope.key]

    async def bounced(self, key: str, *, error: str) -> bool:
        """What was sent came back; its case does not know yet. False where it is no message that was sent."""
        async with self._database.begin() as connection:
            return await self.bounced_in(connection, key, error=error)

    async def bounced_in(self, connection: AsyncConnection, key: str, *, error: str) -> bool:
        """As `bounced`, within the caller's transaction."""
        sent = (outbox.c.key == key) & (outbox.c.status == OutboxStatus.SENT.value)
        failed = {"status": OutboxStatus.FAILED.value, "error": error, "sent_at": None, "reported_at": None}
        return (await connection.execute(update(outbox).where(sent).values(failed))).rowcount == 1

    async def resend(self, keys: Sequence[str], *, now: datetime) -> list[str]:
        """Let failed rows wait for delivery again, attempts and Message-ID as they were; answers which were failed.

        What was sent is never sent again, and of a masked case nothing is left to send.
        """
        failed = (outbox.c.status == OutboxStatus.FAILED.value) & (outbox.c.text != GONE)
        done: set[str] = set()
        for batch in batched(keys, _BATCH):
            wanted = outbox.c.key.in_(batch)
            # The days after which a row is given up begin anew: since then, where the time of the report stood.
            again = update(outbox).where(wanted, failed).values(status=OutboxStatus.PENDING.value, reported_at=now)
            async with self._database.begin() as connection:
                done.update((await connection.execute(again.returning(outbox.c.key))).scalars())
        return [key for key in keys if key in done]

    async def reported(self, key: str, *, now: datetime) -> None:
        """The case knows that this row failed."""
        async with self._database.begin() as connection:
            await connection.execute(update(outbox).where(outbox.c.key == key).values(reported_at=now))

    async def _change(self, key: str, *, by: str | None = None, **values: Any) -> None:
        statement = update(outbox).where(outbox.c.key == key, outbox.c.status != OutboxStatus.SENT.value)
        if by is not None:
            statement = statement.where(outbox.c.claimed_by == by)
        async with self._database.begin() as connection:
            await connection.execute(statement.values(**values, claimed_by=None, claimed_until=None))


def without_link(text: str, stored: Any, portal: str) -> str:
    """A text of the outbox with the portal's address in place of the mark, as its row has it (`outbox.link`)."""
    mark = _mark(stored)
    return mark.replaced(text, portal) if mark else text


@cache
def _insert(dialect: str) -> Insert:
    return insert_of(dialect, outbox).on_conflict_do_nothing(index_elements=["key"])


def _state(row: Any) -> RowState:
    return RowState(
        envelope=Envelope(**{name: getattr(row, name) for name in Envelope.__dataclass_fields__ if name in outbox.c}),
        status=OutboxStatus(row.status),
        error=row.error,
        created_at=row.created_at,
        reported_at=row.reported_at,
        attempts=row.attempts,
        link=_mark(row.link),
        others=tuple((str(way[0]), str(way[1])) for way in _listed(row.others)),
        tried=tuple(_listed(row.tried)),
    )


def _listed(stored: Any) -> list[Any]:
    """What is damaged counts as none."""
    return stored if isinstance(stored, list) else []


def _mark(stored: Any) -> LinkMark | None:
    return LinkMark.model_validate(stored) if isinstance(stored, dict) else None
