"""The one register of submissions, and the feedback number each gets at once (R1, R2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into
from activities.database.tables import day_serial, registration
from activities.intake.submission import lookup_columns
from workflows.domain.model import Fact, Json
from workflows.domain.vocabulary import Priority

if TYPE_CHECKING:
    from activities.intake.form import Form


_URGENCY = func.coalesce(registration.c.priority, Priority.P1)


class Registration(Fact):
    """The number of a submission; `created` is False when this intake key was a case already."""

    number: str
    created: bool


class Register:
    """Allocates numbers and keeps forms. A gap between numbers may happen, a number twice never."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self, form: Form, *, received_at: datetime, day: date, priority: Priority | None = None
    ) -> Registration:
        """Write the form and give it the next number of `day` (the company's local day), in one transaction.

        The same intake key on the same channel is the same case, also when it comes at the same moment from
        another process, and also when its content differs: the first submission stands, the later one is not
        kept. Without an intake key every submission is a new case. `priority` says how soon it is started where
        that has to wait.
        """
        content = form.model_dump(mode="json")
        channel = str(content["channel"])
        intake_key = content.get("intake_key") or None
        async with self._database.begin() as connection:
            known = await self._known(connection, channel, intake_key)
            if known is not None:
                return Registration(number=known, created=False)
            number = await self._next_number(connection, day)
            written = await connection.execute(
                insert_into(connection, registration)
                .values(
                    number=number,
                    channel=channel,
                    intake_key=intake_key,
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
            known = await self._known(connection, channel, intake_key)
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

    async def _known(self, connection: AsyncConnection, channel: str, intake_key: str | None) -> str | None:
        if intake_key is None:
            return None
        number: str | None = await connection.scalar(
            select(registration.c.number).where(
                registration.c.channel == channel, registration.c.intake_key == intake_key
            )
        )
        return number

    async def _next_number(self, connection: AsyncConnection, day: date) -> str:
        """A second transaction for the same day waits here until this one ends."""
        first = insert_into(connection, day_serial).values(day=day, serial=1)
        serial = await connection.scalar(
            first.on_conflict_do_update(index_elements=["day"], set_={"serial": day_serial.c.serial + 1}).returning(
                day_serial.c.serial
            )
        )
        return f"FB{day:%Y%m%d}{serial:04d}"
