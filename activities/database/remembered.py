"""One remembered value of the installation, read with nothing but the driver: commands that show things are quick."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib import import_module
from typing import Any

from activities.database.url import READING, DatabaseUrl
from workflows.domain.problem import Problem

_QUERY = "SELECT key, value FROM installation"


async def read_remembered(address: DatabaseUrl) -> dict[str, Any]:
    """Everything `activities.database.installation` keeps, by name.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    try:
        rows = _from_sqlite(address) if address.kind == "sqlite" else await _from_server(address)
    except Problem:
        raise
    except Exception as error:
        raise address.unreadable(error, READING) from error
    return {key: json.loads(value) if value is not None else None for key, value in rows}


def _from_sqlite(address: DatabaseUrl) -> list[tuple[str, str | None]]:
    if not address.path.is_file():
        raise Problem(f"there is no database file {address.path} yet: start `bihuan up` once")
    with closing(sqlite3.connect(address.path, timeout=READING.total_seconds())) as connection:
        return connection.execute(_QUERY).fetchall()


async def _from_server(address: DatabaseUrl) -> list[tuple[str, str | None]]:
    try:
        asyncpg = import_module("asyncpg")
    except ImportError:
        raise Problem("PostgreSQL needs its driver: install bihuan[postgresql]") from None
    connection = await asyncpg.connect(address.dsn, timeout=10)
    try:
        return [(row["key"], row["value"]) for row in await connection.fetch(_QUERY)]
    finally:
        await connection.close()
