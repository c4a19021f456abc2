"""Finding the review that covers a case."""

from __future__ import annotations

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from activities.review.reading import COVERING


async def find_review(address: DatabaseUrl, number: str) -> tuple[str, str] | None:
    """(id, status) of the review that a case's number stands for, or None.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(f"SELECT r.id, r.status {COVERING}", number)
    return (str(rows[0]["id"]), str(rows[0]["status"])) if rows else None
