"""What callers of the API asked for under an idempotency key, so that a key is one request for ever (R47)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from activities.database.database import Database, insert_into
from activities.database.tables import api_request

_KEPT: Final = timedelta(days=30)


class Requests:
    """Reads and writes the requests of callers under their keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_same(self, caller: str, key: str, digest: str, now: datetime) -> bool:
        """Whether this key of this caller is new, or came with the same request before."""
        async with self._database.begin() as connection:
            statement = insert_into(connection, api_request).values(
                caller=caller, key=key, digest=digest, created_at=now
            )
            made = await connection.execute(statement.on_conflict_do_nothing(index_elements=["caller", "key"]))
            if made.rowcount == 1:
                return True
            mine = (api_request.c.caller == caller) & (api_request.c.key == key)
            return bool(await connection.scalar(select(api_request.c.digest).where(mine)) == digest)

    async def sweep(self, now: datetime) -> None:
        """Forget those that nobody sends again."""
        async with self._database.begin() as connection:
            await connection.execute(delete(api_request).where(api_request.c.created_at < now - _KEPT))
