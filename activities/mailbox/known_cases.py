"""What the record knows of cases and people, for the question whose mail it is (R42)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import case_record, correction, outbox, registration
from activities.delivery.status import OutboxStatus
from activities.delivery.threads import MailThreads
from activities.mailbox.interpretation.meaning import MailMeaning
from activities.mailbox.interpretation.threading import is_among
from activities.mailbox.mime.heads import normal_address
from activities.organisation.directory import Directory
from workflows.domain.organisation.organisation import Person


@dataclass(frozen=True)
class RecordedCases:
    """A `threading.KnownCases` of the record. `threads`: one for each key that ids and tokens were ever signed with."""

    database: Database
    directory: Directory
    threads: tuple[MailThreads, ...]

    async def find_by_token(self, token: str) -> str | None:
        """The case whose reply token it is."""
        return await self._registered(next(filter(None, (one.case_of_token(token) for one in self.threads)), None))

    async def find_by_message_ids(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Which of these ids are of mails of ours, by their signature."""
        found: dict[str, str] = {}
        for id_ in ids:
            number = next(filter(None, (one.case_of(id_) for one in self.threads)), None)
            if number in found.values() or await self._registered(number):
                found[id_] = str(number)
        return found

    async def contacts_of(self, number: str) -> Collection[str] | None:
        """The customer's mail address, and what else of theirs looks like one."""
        async with self.database.read_brief() as connection:
            row = (
                await connection.execute(
                    select(registration.c.customer_email, registration.c.form["customer"]["other"].as_string()).where(
                        registration.c.number == number
                    )
                )
            ).one_or_none()
        return None if row is None else tuple(one for one in row if one and "@" in one)

    async def is_staff(self, address: str) -> bool:
        """Whether somebody of the organisation has this address."""
        return await self.person_of(address) is not None

    async def person_of(self, address: str) -> Person | None:
        """Who has it."""
        organisation = await self.directory.current()
        wanted = normal_address(address).lower()
        people = organisation.people if organisation else ()
        return next((one for one in people if one.email and normal_address(one.email).lower() == wanted), None)

    async def is_closed(self, number: str, now: datetime) -> bool:
        """Whether the case is closed for good: while its customer may correct their answer it takes words (R39).
        `now` is the cases' time.
        """
        kept = case_record.outerjoin(correction, correction.c.number == case_record.c.number)
        found = select(case_record.c.closed_at, correction.c.until).select_from(kept)
        async with self.database.read_brief() as connection:
            row = (await connection.execute(found.where(case_record.c.number == number))).one_or_none()
        if row is None or row.closed_at is None:
            return False
        return row.until is None or row.until < now

    async def sent_to(self, meaning: MailMeaning) -> list[str]:
        """Keys of the mails that a report is about: by their ids, else the newest to each of these addresses."""
        sent = select(outbox.c.key, outbox.c.address).where(
            outbox.c.number == meaning.case, outbox.c.status == OutboxStatus.SENT.value
        )
        async with self.database.read_brief() as connection:
            rows = (await connection.execute(sent.order_by(outbox.c.created_at.desc()))).all()
        rows = [row for row in rows if is_among(row.address, meaning.failed)]
        mail = meaning.mail
        ids = {id_.lower() for id_ in (*mail.original_ids, *mail.references)} if mail else set()
        named = [row.key for row in rows if any(_id_of(one, row.key, meaning) in ids for one in self.threads)]
        newest = {row.address.lower(): row.key for row in reversed(rows)}
        return named or list(newest.values())

    async def _registered(self, number: str | None) -> str | None:
        return number if number is not None and await self.contacts_of(number) is not None else None


def _id_of(threads: MailThreads, key: str, meaning: MailMeaning) -> str:
    return threads.message_id(key, str(meaning.case)).strip("<>").lower()
