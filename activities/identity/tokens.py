"""The table of tokens: made, found by what its bearer shows, listed, revoked (R45)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.tables import token
from activities.identity.token import new_token, token_hash
from workflows.domain.vocabulary import TokenRight

_USE_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Token:
    """A row: `id` names it, and opens nothing. It is a person's or a system's."""

    id: str
    person: str | None
    system: str | None
    rights: frozenset[TokenRight]
    made_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def caller(self) -> str:
        """Whose it is; `system:NAME` is nobody's id."""
        return self.person or f"system:{self.system}"

    def as_json(self) -> dict[str, Any]:
        """The token's row as JSON, for people and programs."""
        return {
            "id": self.id,
            "person": self.person,
            "system": self.system,
            "rights": sorted(self.rights),
            "made_by": self.made_by,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "used_at": self.used_at.isoformat() if self.used_at else None,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }


_OF_HASH: Final = select(token).where(token.c.hash == bindparam("shown"))
"""Made once: every request of the API asks it."""


class Tokens:
    """Reads and writes the table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(
        self,
        connection: AsyncConnection,
        *,
        person: str | None,
        system: str | None,
        rights: Iterable[TokenRight],
        made_by: str,
        expires_at: datetime,
        now: datetime,
    ) -> tuple[Token, str]:
        """A new one in the caller's transaction, and the token itself, which nobody can read again."""
        secret = new_token()
        made = Token(secrets.token_hex(6), person, system, frozenset(rights), made_by, now, expires_at)
        row: dict[str, Any] = {**vars(made), "rights": sorted(made.rights), "hash": token_hash(secret)}
        await connection.execute(insert(token).values(row))
        return made, secret

    async def find(self, shown: str, within: AsyncConnection | None = None) -> Token | None:
        """The row of a token that somebody shows, also of one that is over; None where there is none.

        `within` is the caller's transaction, where there is one.
        """
        known = token_hash(shown)
        if known is None:
            return None
        async with self._database.read_brief() if within is None else nullcontext(within) as connection:
            row = (await connection.execute(_OF_HASH, {"shown": known})).one_or_none()
        return _token(row) if row is not None else None

    async def named(self, ids: Iterable[str]) -> list[Token]:
        """The rows of these ids."""
        async with self._database.read_brief() as connection:
            return [_token(row) for row in await connection.execute(select(token).where(token.c.id.in_(ids)))]

    async def note_use(self, used: Token, now: datetime) -> None:
        """When it was used last, to a minute."""
        before = now - _USE_NOTED_EVERY
        if used.used_at is not None and used.used_at > before:
            return
        stale = or_(token.c.used_at.is_(None), token.c.used_at <= before)
        async with self._database.begin() as connection:
            await connection.execute(update(token).where(token.c.id == used.id, stale).values(used_at=now))

    async def list(self) -> list[Token]:
        """All tokens, the latest first."""
        statement = select(token).order_by(token.c.created_at.desc(), token.c.id)
        async with self._database.read() as connection:
            return [_token(row) for row in await connection.execute(statement)]

    async def revoke(self, connection: AsyncConnection, id_: str, now: datetime) -> Token | None:
        """End it in the caller's transaction; None where there is none of that id. One that was ended stays so."""
        live = (token.c.id == id_) & token.c.revoked_at.is_(None)
        await connection.execute(update(token).where(live).values(revoked_at=now))
        row = (await connection.execute(select(token).where(token.c.id == id_))).one_or_none()
        return _token(row) if row is not None else None


def _token(row: Any) -> Token:
    rights = frozenset(TokenRight(right) for right in row.rights if right in set(TokenRight))
    return Token(
        row.id, row.person, row.system, rights, row.made_by, row.created_at, row.expires_at, row.used_at, row.revoked_at
    )
