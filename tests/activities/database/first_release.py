"""What release 0.1.0 had written about two cases, one closed and one in motion: every row of every table of its schema.

`first_release.json` was taken from the database of an installation of that release, which agents and customers had
worked with by its own commands. It never changes.
"""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Date, Table, select

from activities.database.database import Database
from activities.database.migrations.upgrade import upgrade
from activities.database.tables import UtcDateTime, metadata

FIRST = "0001"
CLOSED, MOVING = "FB202605110001", "FB202605110002"
ROWS: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
"""Table -> its rows; times are ISO 8601 in UTC."""


async def put_first_release(url: str) -> None:
    """Make the database there as that release left it."""
    database = Database.open(url, synchronous="NORMAL")
    async with database.begin() as connection:
        await connection.run_sync(lambda inside: upgrade(inside, FIRST))
        for table in metadata.sorted_tables:
            if rows := ROWS.get(table.name):
                await connection.execute(table.insert(), [_read(table, row) for row in rows])
    await database.close()


async def kept(database: Database) -> dict[str, list[dict[str, Any]]]:
    """The same rows as they are in a database now."""
    async with database.read() as connection:
        found = {}
        for name, rows in ROWS.items():
            table = metadata.tables[name]
            columns = [table.c[column] for column in rows[0]]
            answer = await connection.execute(select(*columns).order_by(*table.primary_key))
            found[name] = [{key: _written(value) for key, value in row.items()} for row in answer.mappings()]
    return found


def _read(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def upgrade_once(url: str) -> None:
    """As a process of its own."""

    async def migrate() -> None:
        database = Database.open(url, synchronous="NORMAL")
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
