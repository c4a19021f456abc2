"""The schema of the record's database."""

from __future__ import annotations

from dataclasses import dataclass

from activities.database.database import Database
from activities.database.migrations.head import HEAD
from worker.installation.company_time import RecordSettings
from worker.installation.private_files import close_database_file


@dataclass(frozen=True)
class SchemaUpgrade:
    """Name of the database, and the revisions it had before (None: no tables) and has now."""

    database: str
    before: str | None
    now: str


async def upgrade_schema(settings: RecordSettings) -> SchemaUpgrade:
    """Bring the database to the schema of this release, all of it or nothing.

    Raises:
        Problem: the database cannot be used, or is of a newer release.
    """
    close_database_file(settings.database)
    database = Database.open(settings.database)
    try:
        before = await database.revision()
        await database.migrate()
    finally:
        await database.close()
    return SchemaUpgrade(database.address.name, before, HEAD)
