"""Whether one case is archived, read with the database's driver alone, since `bihuan show` has to be quick."""

from __future__ import annotations

from typing import Any

from activities.database.reader import instant, open_reader
from activities.database.url import DatabaseUrl
from workflows.domain.problem import Problem

_QUERY = "SELECT file, sha256, archived_at, masked_at FROM archive WHERE number = $1 AND archived_at IS NOT NULL"


async def archive_status(address: DatabaseUrl, number: str) -> dict[str, Any] | None:
    """`file`, `sha256`, `archived_at` and `masked_at` of an archived case; None for any other.

    A database of an earlier release has no archive: its cases are shown all the same.
    """
    try:
        async with open_reader(address) as reader:
            rows = await reader.rows(_QUERY, number)
    except Problem:
        return None
    if not rows:
        return None
    return {name: instant(value) if name.endswith("_at") and value else value for name, value in rows[0].items()}
