"""Numbers of cases by their last digits, read with the database's driver alone: whoever types few must not wait."""

from __future__ import annotations

from typing import Any

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl

_ENDING = """
SELECT r.number, c.closed_at FROM registration AS r LEFT JOIN case_record AS c ON c.number = r.number
WHERE r.number LIKE $1 ORDER BY r.number DESC
"""
_OPEN = """
SELECT c.number, c.owner FROM case_record AS c WHERE c.closed_at IS NULL ORDER BY c.opened_at DESC
"""


async def numbers_ending(address: DatabaseUrl, digits: str) -> tuple[list[str], list[str]]:
    """The numbers that end with these digits, the latest first: of open cases, and of those that are closed.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(_ENDING, f"%{digits}")
    parted: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        parted[row["closed_at"] is not None].append(row["number"])
    return parted


async def open_numbers_of(address: DatabaseUrl, person: str | None, most: int) -> list[str]:
    """Numbers of the open cases of a person, or of anybody, the latest opened first; at most so many.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        if person is None:
            return _numbers(await reader.rows(f"{_OPEN} LIMIT {most:d}"))
        mine = _OPEN.replace("ORDER BY", "AND c.owner = $1 ORDER BY")
        return _numbers(await reader.rows(f"{mine} LIMIT {most:d}", person))


def _numbers(rows: Any) -> list[str]:
    return [row["number"] for row in rows]
