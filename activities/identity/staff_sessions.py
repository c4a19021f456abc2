"""Who is signed in to the pages of the staff: a random id in the browser's cookie, of which the record has the hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.tables import staff_session
from workflows.domain.model import one_line
from workflows.domain.vocabulary import SignInWay

_USE_NOTED_EVERY: Final = timedelta(minutes=1)
_LISTED_FOR: Final = timedelta(days=30)
"""How long one that is over stays in the list."""
_AGENT: Final = 120


@dataclass(frozen=True)
class StaffSession:
    """A row: `id` names it, and opens nothing. `way` is how its person signed in, `agent` the browser's own word."""

    id: str
    person: str
    way: SignInWay
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The session as JSON, for people and programs."""
        times = ("created_at", "used_at", "expires_at", "revoked_at")
        told = {name: getattr(self, name) for name in times}
        return {
            "id": self.id,
            "person": self.person,
            "way": self.way.value,
            "agent": self.agent,
            **{name: at.isoformat() if at is not None else None for name, at in told.items()},
        }


class StaffSessions:
    """Reads and writes sessions of the staff."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(  # noqa: PLR0917 - what a session is
        self, connection: AsyncConnection, cookie: str, person: str, way: SignInWay, agent: str, now: datetime,
        until: datetime,
    ) -> StaffSession:  # fmt: skip
        """Let the holder of that new cookie in, in the caller's transaction."""
        made = StaffSession(secrets.token_hex(6), person, way, one_line(agent, _AGENT), now, now, until)
        row: dict[str, Any] = {**vars(made), "way": way.value, "hash": _hash(cookie)}
        await connection.execute(insert(staff_session).values(row))
        return made

    @staticmethod
    async def find(connection: AsyncConnection, cookie: str) -> StaffSession | None:
        """The session of that cookie, also one that is over; None where there is none."""
        wanted = select(staff_session).where(staff_session.c.hash == _hash(cookie))
        row = (await connection.execute(wanted)).one_or_none()
        return _of(row) if row is not None else None

    async def named(self, ids: Iterable[str]) -> Sequence[StaffSession]:
        """The sessions of these ids."""
        async with self._database.read_brief() as connection:
            found = await connection.execute(select(staff_session).where(staff_session.c.id.in_(ids)))
            return [_of(row) for row in found]

    async def note_use(self, session: StaffSession, now: datetime) -> None:
        """When it was used last, to a minute."""
        if session.used_at > now - _USE_NOTED_EVERY:
            return
        async with self._database.begin() as connection:
            mine = staff_session.c.id == session.id
            await connection.execute(update(staff_session).where(mine).values(used_at=now))

    async def list(self, person: str | None = None) -> list[StaffSession]:
        """All sessions, or those of one person, the latest first."""
        statement = select(staff_session).order_by(staff_session.c.created_at.desc(), staff_session.c.id)
        if person is not None:
            statement = statement.where(staff_session.c.person == person)
        async with self._database.read() as connection:
            return [_of(row) for row in await connection.execute(statement)]

    async def revoke(
        self, connection: AsyncConnection, now: datetime, *, id_: str | None = None, person: str | None = None
    ) -> Sequence[StaffSession]:
        """End that one, or all of that person, in the caller's transaction; those that were ended now."""
        wanted = staff_session.c.id == id_ if id_ is not None else staff_session.c.person == person
        live = wanted & staff_session.c.revoked_at.is_(None) & (staff_session.c.expires_at > now)
        ended = update(staff_session).where(live).values(revoked_at=now).returning(*staff_session.c)
        return [_of(row) for row in (await connection.execute(ended)).all()]

    async def sweep(self, now: datetime) -> None:
        """Forget those that have been over for long."""
        async with self._database.begin() as connection:
            await connection.execute(delete(staff_session).where(staff_session.c.expires_at < now - _LISTED_FOR))


def _of(row: Any) -> StaffSession:
    return StaffSession(
        row.id, row.person, SignInWay(row.way), row.agent, row.created_at, row.used_at, row.expires_at, row.revoked_at
    )


def _hash(cookie: str) -> str:
    return hashlib.sha256(f"staff-session:{cookie}".encode()).hexdigest()
