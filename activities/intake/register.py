"""The one register of submissions, and the feedback number each gets at once (R1, R2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into
from activities.database.tables import day_serial, registration
from activities.intake.submission import content_digest, lookup_columns
from workflows.domain.ids import number_of
from workflows.domain.model import Fact, Json
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority

if TYPE_CHECKING:
    from activities.intake.form import Form


_IDENTITY = select(
    registration.c.number, registration.c.channel, registration.c.intake_key, registration.c.received_at
).where(registration.c.number.in_(bindparam("of", expanding=True)))
"""Columns of a submission that never change."""
_URGENCY = func.coalesce(registration.c.priority, Priority.P1)


class Registration(Fact):
    """The number of a submission; `created` is False when it was a case already."""

    number: str
    created: bool


class IntakeConflictError(Problem):
    """An intake key came again with another content; `number` is the case of the first."""

    def __init__(self, key: str, number: str) -> None:
        super().__init__(
            f"intake_key: {key!r} is {number}, which came in with another content; "
            "allowed: that content again, or a key of its own for another issue"
        )
        self.number = number


@dataclass(frozen=True)
class _Sent:
    """What tells whether a submission came in before."""

    channel: str
    key: str | None
    digest: str
    alike_since: datetime | None


class Register:
    """Allocates numbers and keeps forms. A gap between numbers may happen, a number twice never."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self,
        form: Form,
        *,
        received_at: datetime,
        day: date,
        priority: Priority | None = None,
        alike_since: datetime | None = None,
    ) -> Registration:
        """Write the form and give it the next number of `day` (the company's local day), in one transaction.

        The same intake key on the same channel is the same case, also when it comes at the same moment from another
        process. Without an intake key, a form that says the same as one received at or after `alike_since` is that
        case; where that is None, every such submission is a new case. `priority` says how soon it is started where
        that has to wait.

        Raises:
            IntakeConflictError: this intake key came with another content before; that one stands.
        """
        async with self._database.begin() as connection:
            return await self.register_in(
                connection, form, received_at=received_at, day=day, priority=priority, alike_since=alike_since
            )

    async def register_in(
        self,
        connection: AsyncConnection,
        form: Form,
        *,
        received_at: datetime,
        day: date,
        priority: Priority | None = None,
        alike_since: datetime | None = None,
    ) -> Registration:
        """As `register`, within the caller's transaction."""
        content = form.model_dump(mode="json")
        sent = _Sent(str(content["channel"]), content.get("intake_key") or None, content_digest(content), alike_since)
        known = await self._known(connection, sent)
        if known is not None:
            return Registration(number=known, created=False)
        number = await self._next_number(connection, day)
        if sent.key is None:
            # Whoever registered the same meanwhile had to end before this one got its number.
            known = await self._known(connection, sent)
            if known is not None:
                return Registration(number=known, created=False)
        written = await connection.execute(
            insert_into(connection, registration)
            .values(
                number=number,
                channel=sent.channel,
                intake_key=sent.key,
                digest=sent.digest,
                form=content,
                received_at=received_at,
                priority=priority,
                **lookup_columns(content),
            )
            .on_conflict_do_nothing(index_elements=["channel", "intake_key"])
        )
        if written.rowcount == 1:
            return Registration(number=number, created=True)
        # Another process registered the same key first: its number stands, and this number stays unused.
        known = await self._known(connection, sent)
        return Registration(number=known or number, created=False)

    async def mark_started(self, *numbers: str) -> None:
        """The workflows of these cases are known to exist; a second time changes nothing."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(registration)
                .where(registration.c.number.in_(numbers), registration.c.started_at.is_(None))
                .values(started_at=datetime.now(UTC))
            )

    async def unstarted(self, limit: int | None = None) -> list[str]:
        """Numbers of registered submissions whose workflow is not known to exist, by priority, then the oldest first.

        One whose priority was not judged may be urgent: it comes behind those that are known to be P0.
        """
        async with self._database.read_brief() as connection:
            found = await connection.scalars(
                select(registration.c.number)
                .where(registration.c.started_at.is_(None))
                .order_by(_URGENCY, registration.c.received_at, registration.c.number)
                .limit(limit)
            )
            return list(found)

    async def form(self, number: str) -> Json | None:
        """The form as it stands now, with what was supplied later; None for an unknown number."""
        async with self._database.read_brief() as connection:
            form: Json | None = await connection.scalar(
                select(registration.c.form).where(registration.c.number == number)
            )
            return form

    async def fingerprint(self, number: str) -> str:
        """Tells this submission from every other that was ever given the same number; it never changes.

        Raises:
            LookupError: the number is not registered.
        """
        async with self._database.read_brief() as connection:
            return await fingerprint_of(connection, number)

    async def registered(self, numbers: Sequence[str]) -> dict[str, str]:
        """The numbers among these that are registered, each with its fingerprint."""
        async with self._database.read() as connection:
            rows = await connection.execute(_IDENTITY, {"of": list(numbers)})
            return {row.number: _fingerprint(row) for row in rows}

    async def raise_serial(self, day: date, serial: int) -> None:
        """Give out no number of that day up to `serial` any more."""
        async with self._database.begin() as connection:
            raised = insert_into(connection, day_serial).values(day=day, serial=serial)
            await connection.execute(
                raised.on_conflict_do_update(
                    index_elements=["day"], set_={"serial": serial}, where=day_serial.c.serial < serial
                )
            )

    async def renumber(self, number: str, day: date) -> str:
        """Give a submission whose workflow was never started the next number of `day`; answers that.

        Raises:
            LookupError: there is no such submission, or its workflow is known to exist.
        """
        async with self._database.begin() as connection:
            new = await self._next_number(connection, day)
            moved = await connection.execute(
                update(registration)
                .where(registration.c.number == number, registration.c.started_at.is_(None))
                .values(number=new)
            )
            if moved.rowcount != 1:
                raise LookupError(number)
            return new

    async def _known(self, connection: AsyncConnection, sent: _Sent) -> str | None:
        query = select(registration.c.number, registration.c.digest)
        if sent.key is not None:
            query = query.where(registration.c.channel == sent.channel, registration.c.intake_key == sent.key)
        elif sent.alike_since is not None:
            query = query.where(registration.c.digest == sent.digest, registration.c.received_at >= sent.alike_since)
        else:
            return None
        row = (await connection.execute(query.order_by(registration.c.number).limit(1))).one_or_none()
        if row is None:
            return None
        if row.digest not in {None, sent.digest}:
            raise IntakeConflictError(sent.key or "", row.number)
        return str(row.number)

    async def _next_number(self, connection: AsyncConnection, day: date) -> str:
        """A second transaction for the same day waits here until this one ends."""
        first = insert_into(connection, day_serial).values(day=day, serial=1)
        serial = await connection.scalar(
            first.on_conflict_do_update(index_elements=["day"], set_={"serial": day_serial.c.serial + 1}).returning(
                day_serial.c.serial
            )
        )
        return number_of(day, serial)


async def fingerprint_of(connection: AsyncConnection, number: str) -> str:
    """The same as `Register.fingerprint`, within a transaction."""
    row = (await connection.execute(_IDENTITY, {"of": [number]})).one_or_none()
    if row is None:
        raise LookupError(f"{number} is not registered")
    return _fingerprint(row)


def _fingerprint(row: Any) -> str:
    """Nothing of the customer can be told from it: the time is that of the microsecond."""
    identity = "\n".join((row.number, row.channel, row.intake_key or "", row.received_at.isoformat()))
    return hashlib.sha256(identity.encode()).hexdigest()[:32]
