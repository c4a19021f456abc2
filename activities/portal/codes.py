"""One-time codes, by which somebody who knows number and contact shows that the contact is theirs (R40).

A code is made when its message is handed over, and the record keeps its hash alone: no reader of the outbox, and no
copy of the record, has one. It is good for the session that asked for it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.tables import one_time_code

MARK: Final = "{one-time-code}"
"""What stands in the stored message where the code will be."""
LIFE: Final = timedelta(minutes=10)
"""From when the message is handed over."""
_WAIT: Final = timedelta(hours=1)
"""For its message to be handed over; later nobody waits for it."""
_TRIES: Final = 5
_DIGITS: Final = 6


def new_code() -> str:
    """The id of a code that is about to be asked for."""
    return secrets.token_hex(8)


class Codes:
    """Reads and writes one-time codes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request(self, connection: AsyncConnection, id_: str, session: str, number: str, now: datetime) -> None:
        """Let this session have a code of that id, in the caller's transaction with its message."""
        await connection.execute(
            insert(one_time_code).values(
                id=id_, session=session, number=number, hash=None, tries=0, created_at=now, expires_at=now + _WAIT
            )
        )

    async def make(self, id_: str, now: datetime) -> str | None:
        """The digits of a code, made at each hand-over of its message; None where nobody waits for it any more."""
        digits = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        waits = (one_time_code.c.id == id_) & (one_time_code.c.expires_at > now) & one_time_code.c.used_at.is_(None)
        async with self._database.begin() as connection:
            made = await connection.execute(
                update(one_time_code).where(waits).values(hash=_hash(id_, digits), expires_at=now + LIFE)
            )
            return digits if made.rowcount == 1 else None

    async def use(self, session: str, digits: str, now: datetime) -> str | None:
        """The case of the newest code of this session, where these are its digits: it is used up by that. Five tries a
        code; None alike for a wrong, an old, a used one and none at all.
        """
        newest = (
            select(one_time_code.c.id)
            .where(one_time_code.c.session == session)
            .order_by(one_time_code.c.created_at.desc(), one_time_code.c.id)
            .limit(1)
            .scalar_subquery()
        )
        good = (one_time_code.c.tries < _TRIES) & (one_time_code.c.expires_at > now) & one_time_code.c.used_at.is_(None)
        async with self._database.begin() as connection:
            row = (
                await connection.execute(
                    update(one_time_code)
                    .where(one_time_code.c.id == newest, good)
                    .values(tries=one_time_code.c.tries + 1)
                    .returning(one_time_code.c.id, one_time_code.c.hash, one_time_code.c.number)
                )
            ).one_or_none()
            known, hashed = (row.id, row.hash) if row is not None and row.hash else ("", "")
            right = hmac.compare_digest(_hash(known, digits), hashed or _hash("", "-"))
            if right:
                await connection.execute(update(one_time_code).where(one_time_code.c.id == known).values(used_at=now))
            return str(row.number) if right and row is not None else None

    async def sweep(self, now: datetime) -> None:
        """Forget those that are over."""
        async with self._database.begin() as connection:
            await connection.execute(delete(one_time_code).where(one_time_code.c.expires_at < now))


def _hash(id_: str, digits: str) -> str:
    return hashlib.sha256(f"code:{id_}:{digits}".encode()).hexdigest()
