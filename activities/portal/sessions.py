"""Who was let in to which case: a random id in the visitor's cookie, of which the record has the hash (R40)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from activities.database.database import Database
from activities.database.tables import web_session
from workflows.domain.model import Json
from workflows.domain.vocabulary import LinkPurpose, Via

LIFE = timedelta(hours=8)
"""From the moment somebody was let in: a working day, and nobody's telephone left on a train for longer."""


@dataclass(frozen=True)
class Session:
    """A visitor of one case.

    Attributes:
        id: hash of what the cookie holds.
        number: of the case.
        via: how they were let in.
        purpose: what the link lets its bearer do; None: a code showed that it is the customer, who may do everything.
        cycle: how often the case had been reopened when the link was made; None where that does not matter.
        state: what the pages remember of the visit.
    """

    id: str
    number: str
    via: Via
    purpose: LinkPurpose | None
    cycle: int | None
    state: Json


def new_cookie() -> str:
    """What a cookie holds: 256 random bits."""
    return secrets.token_hex(32)


def session_id(cookie: str) -> str:
    """The id of the session of that cookie."""
    return hashlib.sha256(f"session:{cookie}".encode()).hexdigest()


class Sessions:
    """Reads and writes sessions of customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, cookie: str, number: str, *, via: Via, purpose: LinkPurpose | None, cycle: int | None, now: datetime
    ) -> None:
        """Let the holder of that cookie in. It has to be a new one: what somebody else may have set is none."""
        row: dict[str, Any] = {
            "id": session_id(cookie),
            "number": number,
            "via": via.value,
            "purpose": purpose.value if purpose is not None else None,
            "cycle": cycle,
            "state": {},
            "created_at": now,
            "expires_at": now + LIFE,
        }
        async with self._database.begin() as connection:
            await connection.execute(insert(web_session).values(row))

    async def find(self, cookie: str, now: datetime) -> Session | None:
        """The session of that cookie; None alike for one that is unknown, over, or revoked."""
        wanted = (web_session.c.id == session_id(cookie)) & (web_session.c.expires_at > now)
        async with self._database.read_brief() as connection:
            found = await connection.execute(select(web_session).where(wanted, web_session.c.revoked_at.is_(None)))
            row: Any = found.one_or_none()
        if row is None:
            return None
        purpose = LinkPurpose(row.purpose) if row.purpose is not None else None
        return Session(row.id, row.number, Via(row.via), purpose, row.cycle, _object(row.state))

    async def remember(self, session: Session, state: Json) -> None:
        """Keep what the pages want to know at the next request."""
        async with self._database.begin() as connection:
            await connection.execute(update(web_session).where(web_session.c.id == session.id).values(state=state))

    async def revoke(self, session: Session, now: datetime) -> None:
        """End it, such as when the customer leaves."""
        ended = update(web_session).where(web_session.c.id == session.id).values(revoked_at=now)
        async with self._database.begin() as connection:
            await connection.execute(ended)

    async def sweep(self, now: datetime) -> None:
        """Forget those that are over."""
        async with self._database.begin() as connection:
            await connection.execute(delete(web_session).where(web_session.c.expires_at < now))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
