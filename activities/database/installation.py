"""Named JSON values that an installation keeps across restarts and shares among its processes."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue
from sqlalchemy import select

from activities.database.database import Database, insert_into, lock_for_choice
from activities.database.tables import installation


class InstallationValues:
    """Named JSON values, such as the virtual time everybody goes by."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> JsonValue:
        """The value of that name; None when there is none."""
        async with self._database.read_brief() as connection:
            value: JsonValue = await connection.scalar(select(installation.c.value).where(installation.c.key == key))
            return value

    async def put(self, key: str, value: JsonValue) -> None:
        """Set the value, whatever it was."""
        async with self._database.begin() as connection:
            statement = insert_into(connection, installation).values(key=key, value=value)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
            )

    async def change(self, key: str, change: Callable[[JsonValue], JsonValue]) -> JsonValue:
        """Set the value to what `change` makes of it (None where there is none), alone meanwhile; answers that."""
        async with self._database.begin() as connection:
            await lock_for_choice(connection)
            kept: JsonValue = await connection.scalar(select(installation.c.value).where(installation.c.key == key))
            changed = change(kept)
            statement = insert_into(connection, installation).values(key=key, value=changed)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
            )
            return changed

    async def keep(self, key: str, value: JsonValue) -> JsonValue:
        """Set the value if it is not set yet; what is returned stands, for every process that asks."""
        async with self._database.begin() as connection:
            statement = insert_into(connection, installation).values(key=key, value=value)
            await connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
            kept: JsonValue = await connection.scalar(select(installation.c.value).where(installation.c.key == key))
            return kept
