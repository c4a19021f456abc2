"""Lookup of link tokens that many strangers send at once, in batches (R40).

Tokens from an address that has sent too many wrong ones are looked up all the same: a right link is let in wherever it
comes from. A query for each would cost other visitors their time, so those of a moment are one query.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import link
from activities.links.token import token_hash

_MOMENT: Final = 0.01
"""Seconds in which questions are collected."""
_MOST: Final = 500
"""Tokens of one question."""


class LinkLookup:
    """Collects questions. What it answers is for the record to judge again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: set[str] = set()
        self._answer: asyncio.Task[set[str]] | None = None

    async def knows(self, token: str) -> bool:
        """Whether such a link was ever sent; true says nothing of whether it is still good."""
        hashed = token_hash(token)
        if self._answer is None or len(self._asked) >= _MOST:
            self._asked = set()
            self._answer = asyncio.create_task(self._found(self._asked))
        self._asked.add(hashed)
        return hashed in await asyncio.shield(self._answer)

    async def _found(self, asked: set[str]) -> set[str]:
        await asyncio.sleep(_MOMENT)
        if self._asked is asked:
            self._answer = None
        async with self._database.read_brief() as connection:
            return set(await connection.scalars(select(link.c.hash).where(link.c.hash.in_(asked))))
