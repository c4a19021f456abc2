"""What the record knows of cases and people, for the question whose mail it is (R42)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import registration
from activities.delivery.threads import MailThreads
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

    async def _registered(self, number: str | None) -> str | None:
        return number if number is not None and await self.contacts_of(number) is not None else None
