"""Finding the review that covers a case."""

from __future__ import annotations

from activities.database_url import DatabaseUrl
from activities.reader import open_reader


async def find_review(address: DatabaseUrl, number: str) -> tuple[str, str] | None:
    """(id, status) of the latest review that covers the case, or None.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(
            "SELECT r.id, r.status FROM review r JOIN review_case c ON c.review = r.id "
            "WHERE c.number = $1 ORDER BY r.opened_at DESC, r.id LIMIT 1",
            number,
        )
    return (str(rows[0]["id"]), str(rows[0]["status"])) if rows else None
