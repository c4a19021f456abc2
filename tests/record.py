"""A record of either kind, looked into or changed by hand."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text

from activities.database.database import Database


async def executed(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Carry out one statement in a transaction of its own; answers its rows, if it has any."""
    database = Database.open(url, synchronous="NORMAL")
    try:
        async with database.begin() as connection:
            result = await connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await database.close()


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The same for a test without an event loop."""
    return asyncio.run(executed(url, statement))
