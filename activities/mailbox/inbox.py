"""The tables of mails that were taken in, and of how far each mailbox was read (R42)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into
from activities.database.installation import InstallationValues
from activities.database.tables import incoming_mail, mailbox_state, outbox, timeline
from activities.mailbox.caps import AUTOMATIC, LOOKED_BACK
from activities.mailbox.mime.heads import split_head
from activities.mailbox.mime.mail import UnreadableMailError
from workflows.domain.model import Json
from workflows.domain.vocabulary import Audience, EventKind

SILENT_AFTER: Final = timedelta(minutes=10)
"""How long ago a mailbox may have been read last, before somebody should look."""
_AT_ONCE: Final = 200
_FORGOTTEN: Final = {"sha256": None, "sender": "", "note": "", "message_id": None}
_READER: Final = "mailbox_reader"


class MailState(StrEnum):
    """The state of a mail: nothing is left to do, its case has not judged it yet, or a person has to see to it."""

    DONE = "done"
    OPEN = "open"
    ASIDE = "aside"


@dataclass(frozen=True)
class TakenMail:
    """A row. `sends` are the commands to the case `number` while they are open."""

    id: str
    mailbox: str
    place: str
    sha256: str | None
    size: int
    kind: str
    evidence: str | None
    sender: str
    number: str | None
    state: MailState
    sends: Json | None
    answered: bool
    note: str
    taken_at: datetime
    settled_at: datetime | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class MailboxState:
    """How far a mailbox was read; `error` is what went wrong since `failed_since`."""

    name: str
    validity: int | None
    last_uid: int | None
    watched_since: datetime
    checked_at: datetime | None
    error: str | None
    failed_since: datetime | None

    @property
    def heard_at(self) -> datetime:
        """When it was read last, or begun to be watched."""
        return self.checked_at or self.watched_since


def identity_of(raw: bytes, mailbox: str, place: str) -> str:
    """The identity of a mail: the same also where it came to two mailboxes of ours or by two ways; another one for
    other content under the same Message-ID. A mail without one is where it lies.
    """
    try:
        head, body = split_head(raw)
    except UnreadableMailError:
        return hashlib.sha256(raw).hexdigest()
    if not head.ids("message-id"):
        return _identity_by_place(mailbox, place)
    digest = hashlib.sha256(head.ids("message-id")[0].encode())
    for part in (*(head.raw(name) for name in ("from", "date", "subject")), body.rstrip()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _identity_by_place(mailbox: str, place: str) -> str:
    return hashlib.sha256(f"{mailbox}:{place}".encode()).hexdigest()


class Inbox:
    """Reads and writes both tables. Times are the wall clock's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, id_: str) -> TakenMail | None:
        """The mail of that identity, if it was taken in."""
        async with self._database.read_brief() as connection:
            row = (await connection.execute(select(incoming_mail).where(incoming_mail.c.id == id_))).one_or_none()
            return None if row is None else _mail(row)

    async def find_elsewhere(self, raw: bytes, mailbox: str, place: str) -> TakenMail | None:
        """A mail without a Message-ID that was taken in before the mailbox numbered its mails anew."""
        if identity_of(raw, mailbox, place) != _identity_by_place(mailbox, place):
            return None
        rows = incoming_mail.c
        same = (rows.sha256 == hashlib.sha256(raw).hexdigest()) & (rows.mailbox == mailbox)
        anew = rows.place.not_like(f"{place.partition(':')[0]}:%")
        async with self._database.read_brief() as connection:
            row = (await connection.execute(select(incoming_mail).where(same, anew).limit(1))).one_or_none()
            return None if row is None else _mail(row)

    async def taken_at(self, mailbox: str, places: Sequence[str]) -> set[str]:
        """The places among these whose mails were taken in."""
        found: set[str] = set()
        for first in range(0, len(places), _AT_ONCE):
            some = incoming_mail.c.place.in_(places[first : first + _AT_ONCE])
            async with self._database.read_brief() as connection:
                rows = select(incoming_mail.c.place).where(some, incoming_mail.c.mailbox == mailbox)
                found |= set(await connection.scalars(rows))
        return found

    async def answers(self, number: str | None, sender: str, now: datetime) -> tuple[list[datetime], list[datetime]]:
        """When mails of late were answered automatically: those on this case, and those to this address."""
        rows = incoming_mail.c
        concerned = or_(rows.number == number, rows.sender == sender) if number else rows.sender == sender
        wanted = select(rows.number, rows.sender, rows.taken_at).where(
            rows.answered, rows.taken_at > now - LOOKED_BACK, concerned
        )
        async with self._database.read_brief() as connection:
            found = (await connection.execute(wanted.order_by(rows.taken_at.desc()).limit(_AT_ONCE))).all()
        return (
            [row.taken_at for row in found if number and row.number == number],
            [row.taken_at for row in found if row.sender == sender],
        )

    async def told(self, number: str | None, sender: str, now: datetime) -> tuple[list[datetime], list[datetime]]:
        """When messages of late went out that nobody wrote: those on this case, and those to this address; `now` and
        these are the cases' time.
        """
        rows = outbox.c
        concerned = or_(rows.number == number, rows.address == sender) if number else rows.address == sender
        wanted = select(rows.number, rows.address, rows.created_at).where(
            rows.created_at > now - LOOKED_BACK, concerned, rows.audience == Audience.CUSTOMER.value,
            rows.message.in_([one.value for one in AUTOMATIC]),
        )  # fmt: skip
        async with self._database.read_brief() as connection:
            found = (await connection.execute(wanted.order_by(rows.created_at.desc()).limit(_AT_ONCE))).all()
        return (
            [row.created_at for row in found if number and row.number == number],
            [row.created_at for row in found if row.address == sender],
        )

    async def open(self) -> Sequence[TakenMail]:
        """Mails whose cases have not judged them yet, the oldest first."""
        rows = select(incoming_mail).where(incoming_mail.c.state == MailState.OPEN.value)
        async with self._database.read_brief() as connection:
            found = await connection.execute(
                rows.order_by(incoming_mail.c.taken_at, incoming_mail.c.id).limit(_AT_ONCE)
            )
            return [_mail(row) for row in found]

    async def aside(self) -> Sequence[TakenMail]:
        """Mails that a person has to see to, the oldest first."""
        async with self._database.read_brief() as connection:
            return await mails_aside(connection)

    async def judged(self, commands: Collection[str]) -> dict[str, str | None]:
        """The command ids among these that their case has judged: why it refused, None where it did not."""
        rows = select(timeline.c.command_id, timeline.c.kind, timeline.c.detail).where(
            timeline.c.command_id.in_(list(commands))
        )
        async with self._database.read_brief() as connection:
            found = (await connection.execute(rows)).all()
        rejected = EventKind.REJECTED.value
        return {
            row.command_id: str(row.detail.get("reason")) if row.kind == rejected else None
            for row in sorted(found, key=lambda row: row.kind != rejected)
        }

    async def update(self, id_: str, **values: Any) -> None:
        """Change a row."""
        async with self._database.begin() as connection:
            await self.update_in(connection, id_, **values)

    async def update_in(self, connection: AsyncConnection, id_: str, **values: Any) -> None:
        """Change a row within the caller's transaction."""
        await connection.execute(update(incoming_mail).where(incoming_mail.c.id == id_).values(**values))

    async def see_to(self, id_: str, now: datetime) -> bool:
        """A person has seen to a mail that was kept aside; False where there is none such."""
        aside = (incoming_mail.c.id == id_) & (incoming_mail.c.state == MailState.ASIDE.value)
        async with self._database.begin() as connection:
            done = update(incoming_mail).where(aside).values(state=MailState.DONE.value, sends=None, settled_at=now)
            return (await connection.execute(done)).rowcount == 1

    async def forget_before(self, moment: datetime) -> set[str]:
        """Give up raw mails of no case that nothing is left to do for; answers checksums that may not be needed."""
        rows = incoming_mail.c
        old = rows.number.is_(None) & (rows.state == MailState.DONE.value) & (rows.taken_at < moment)
        async with self._database.begin() as connection:
            digests = set(await connection.scalars(select(rows.sha256).where(old, rows.sha256.is_not(None))))
            if digests:
                await connection.execute(update(incoming_mail).where(old).values(**_FORGOTTEN))
        return digests

    async def reader(self) -> str:
        """The id of this installation, by which others know that it reads a mailbox."""
        return str(await InstallationValues(self._database).keep(_READER, uuid.uuid4().hex))

    async def known_reader(self) -> str | None:
        """The id of this installation, None where it has never read a mailbox."""
        known = await InstallationValues(self._database).get(_READER)
        return None if known is None else str(known)

    async def state(self, name: str) -> MailboxState | None:
        """How far a mailbox was read."""
        return (await self.states()).get(name)

    async def states(self) -> dict[str, MailboxState]:
        """The states of all mailboxes that were ever watched."""
        async with self._database.read_brief() as connection:
            rows = await connection.execute(select(mailbox_state))
            return {row.name: MailboxState(**row._mapping) for row in rows}

    async def read_to(self, name: str, validity: int, last_uid: int, now: datetime, *, well: bool = True) -> None:
        """Everything up to this UID was taken in; what was wrong is over where all went `well`."""
        values: dict[str, Any] = {"validity": validity, "last_uid": last_uid, "checked_at": now}
        values |= {"error": None, "failed_since": None} if well else {}
        await self._keep(name, values, now)

    async def failed(self, name: str, error: str, now: datetime) -> None:
        """Note that the mailbox could not be read, and why; since when stays."""
        known = await self.state(name)
        since = known.failed_since if known and known.failed_since else now
        await self._keep(name, {"error": error, "failed_since": since}, now)

    async def watch(self, name: str, now: datetime) -> None:
        """Note that the mailbox is watched from now on, if it was not before."""
        await self._keep(name, {}, now)

    async def _keep(self, name: str, values: dict[str, Any], now: datetime) -> None:
        async with self._database.begin() as connection:
            row = insert_into(connection, mailbox_state).values(name=name, watched_since=now, **values)
            same = ["name"]
            await connection.execute(
                row.on_conflict_do_update(index_elements=same, set_=values)
                if values
                else row.on_conflict_do_nothing(index_elements=same)
            )


async def mails_aside(connection: AsyncConnection) -> Sequence[TakenMail]:
    """As `Inbox.aside`, on the caller's connection."""
    rows = select(incoming_mail).where(incoming_mail.c.state == MailState.ASIDE.value)
    return [_mail(row) for row in await connection.execute(rows.order_by(incoming_mail.c.taken_at).limit(500))]


async def add_mail(connection: AsyncConnection, mail: TakenMail) -> bool:
    """Write a row in the caller's transaction; False where this mail was taken in meanwhile."""
    values = {name: getattr(mail, name) for name in TakenMail.__dataclass_fields__}
    row = insert_into(connection, incoming_mail).values(**values | {"state": mail.state.value})
    return (await connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))).rowcount == 1


async def forget_mails(connection: AsyncConnection, number: str) -> set[str]:
    """Give up the mails of a case, in the caller's transaction; answers checksums that may not be needed any more."""
    mine = incoming_mail.c.number == number
    digests = set(await connection.scalars(select(incoming_mail.c.sha256).where(mine)))
    await connection.execute(update(incoming_mail).where(mine).values(**_FORGOTTEN, sends=None))
    return {digest for digest in digests if digest}


def _mail(row: Any) -> TakenMail:
    return TakenMail(**{**row._mapping, "state": MailState(row.state)})
