"""Who is in the organisation, read with the database's driver alone: every command asks, and has to be quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activities.database.reader import document, open_reader
from activities.database.url import DatabaseUrl

_CURRENT = "SELECT version, body FROM organisation ORDER BY version DESC LIMIT 1"


@dataclass(frozen=True)
class People:
    """The people of the organisation in force: the name of each person's id, and the departments that are theirs."""

    names: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Person -> ids of the departments they are in or head."""

    def named(self, person: str | None) -> str:
        """The id with its name beside it; an id that nobody has, such as `customer`, as it is, and none as nothing."""
        name = self.names.get(person or "")
        return f"{person} {name}" if name and name != person else person or ""


async def read_people(address: DatabaseUrl) -> People:
    """The people of the organisation in force; nobody where none was loaded.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        current = await reader.rows(_CURRENT)
    if not current:
        return People()
    organisation = document(current[0]["body"])
    departments: dict[str, set[str]] = {}
    for person in organisation["people"]:
        if department := person.get("department"):
            departments.setdefault(person["id"], set()).add(department)
    for department in organisation["departments"]:
        departments.setdefault(department["head"], set()).add(department["id"])
    return People(
        {person["id"]: str(person["name"]) for person in organisation["people"]},
        {person: frozenset(theirs) for person, theirs in departments.items()},
    )


async def has_left(address: DatabaseUrl, person: str) -> bool:
    """Whether that person was in an organisation that was in force once, and is not in the one that is.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        current = await reader.rows(_CURRENT)
        if not current or person in ids_of(current[0]["body"]):
            return False
        earlier = await reader.rows("SELECT body FROM organisation WHERE version < $1", current[0]["version"])
    return any(person in ids_of(row["body"]) for row in earlier)


def ids_of(body: Any) -> frozenset[str]:
    """The ids of the people of an organisation, as the database keeps it."""
    return frozenset(person["id"] for person in document(body)["people"])
