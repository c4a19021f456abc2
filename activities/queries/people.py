"""Who is in the organisation, read with the database's driver alone: every command asks, and has to be quick."""

from __future__ import annotations

import json
from typing import Any

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl


async def has_left(address: DatabaseUrl, person: str) -> bool:
    """Whether that person was in an organisation that was in force once, and is not in the one that is.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        current = await reader.rows("SELECT version, body FROM organisation ORDER BY version DESC LIMIT 1")
        if not current or person in ids_of(current[0]["body"]):
            return False
        earlier = await reader.rows("SELECT body FROM organisation WHERE version < $1", current[0]["version"])
    return any(person in ids_of(row["body"]) for row in earlier)


def ids_of(body: Any) -> frozenset[str]:
    """The ids of the people of an organisation, as the database keeps it."""
    document = json.loads(body) if isinstance(body, str) else body
    return frozenset(person["id"] for person in document["people"])
