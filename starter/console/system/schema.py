"""`bihuan db`: brings the database to the schema of this release."""

from __future__ import annotations

from starter.console.screen import AsJson, DataFolder, print_json


async def upgrade(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Bring the database to the schema of this release, all of it or nothing; `bihuan up` and `worker` do so, too.

    Example: bihuan db upgrade
    """
    from starter.services.system.schema import upgrade_schema
    from worker.embedded.restore import refuse_half_restored
    from worker.installation.reading_settings import load_reading_settings

    settings = load_reading_settings(data)
    refuse_half_restored(settings.data)
    done = await upgrade_schema(settings)
    if as_json:
        print_json({"database": done.database, "before": done.before, "now": done.now})
    elif done.before == done.now:
        print(f"{done.database}: schema {done.now} already")
    else:
        print(f"{done.database}: schema {done.before or 'none'} -> {done.now}")
