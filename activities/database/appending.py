"""A row added with nothing but the database's driver, for commands that have to be quick."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Literal

from activities.database import postgresql_driver
from activities.database.url import READING, DatabaseUrl


async def append_row(address: DatabaseUrl, table: str, row: Mapping[str, Any]) -> None:
    """Add one row; its values are texts, numbers, aware times and JSON objects. `table` and its keys are ours.

    Raises:
        Problem: the database cannot be reached or written, or lacks the table.
    """
    columns = ", ".join(row)
    try:
        if address.kind == "sqlite":
            marks = ", ".join("?" * len(row))
            values = [_stored(value, "sqlite") for value in row.values()]
            statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names are ours
            await asyncio.to_thread(_execute, address, statement, values)
            return
        marks = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names are ours
        connection = await postgresql_driver.connect(address.dsn, READING)
        try:
            await connection.execute(statement, *(_stored(value, "postgresql") for value in row.values()))
        finally:
            await connection.close()
    except Exception as error:
        raise address.unreadable(error, READING) from error


def _execute(address: DatabaseUrl, statement: str, values: list[Any]) -> None:
    uri = f"{address.path.absolute().as_uri()}?mode=rw"
    connecting = sqlite3.connect(uri, uri=True, timeout=READING.total_seconds(), isolation_level=None)
    with closing(connecting) as connection:
        connection.execute(statement, values)


def _stored(value: Any, kind: Literal["sqlite", "postgresql"]) -> Any:
    """The value as SQLAlchemy stores it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if kind == "sqlite" else value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False).replace("\\u0000", "\ufffd")
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
