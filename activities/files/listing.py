"""The files of one case for reading, with the database's driver alone: `bihuan show` has to be quick (R41)."""

from __future__ import annotations

from typing import Any

from activities.database.reader import Reader, instant

_FILES = """
SELECT id, name, size, type, scan, sha256, uploaded_at, by, via, erased_at FROM file
WHERE number = $1 ORDER BY uploaded_at, id
"""


async def read_case_files(reader: Reader, number: str) -> list[dict[str, Any]]:
    """What `show --json` has of each, in the order in which they came; times as they are, in UTC."""
    return [
        {name: instant(value) if name.endswith("_at") and value else value for name, value in row.items()}
        for row in await reader.rows(_FILES, number)
    ]
