"""`bihuan db`: the schema of the record."""

from __future__ import annotations

from starter.console.screen import AsJson, DataFolder, print_json


async def upgrade(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Bring the database to the schema of this release, all of it or nothing; `bihuan up` and `worker` do so, too.

    Example: bihuan db upgrade
    """
    from activities.database.database import Database
    from activities.database.migrations import HEAD
    from worker.installation.reading_settings import find_place

    database = Database.open(find_place(data).database)
    try:
        before = await database.revision()
        await database.migrate()
    finally:
        await database.close()
    if as_json:
        print_json({"database": database.address.name, "before": before, "now": HEAD})
    elif before == HEAD:
        print(f"{database.address.name}: schema {HEAD} already")
    else:
        print(f"{database.address.name}: schema {before or 'none'} -> {HEAD}")
