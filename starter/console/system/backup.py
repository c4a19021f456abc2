"""`bihuan backup` and `bihuan restore`: copy both stores of a data folder as they are at one moment, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, progress_bars, say
from workflows.domain.problem import Problem


async def backup(
    folder: Annotated[Path, Parameter(help="Where to: a folder that is new.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Copy the record and Temporal's file while cases go on; all of it or nothing. PostgreSQL and a Temporal cluster
    have tools of their own. Files in the folders archive, attachments and reports are not in it.

    Example: bihuan backup /backup/bihuan-2026-05-11
    """
    from starter.services.backup import note_backup
    from worker.embedded.backup import STORES, make_backup
    from worker.installation.reading_settings import load_reading_settings

    settings = load_reading_settings(data)
    own = settings.database_url is None or settings.database_url.startswith("sqlite:")
    stores = tuple(name for name in STORES if (name == "bihuan.db" and own) or (settings.data / name).exists())
    if not stores:
        raise Problem(f"data folder {settings.data}: holds neither {' nor '.join(STORES)}; name another with --data")
    if own and settings.database_url is not None:
        raise Problem("database_url names a SQLite file of its own; `bihuan backup` copies those in the data folder")
    with progress_bars(*stores) as progress:
        made = make_backup(settings.data, folder, stores, datetime.now(UTC), progress)
    await note_backup(settings.data)
    if as_json:
        print_json({"folder": str(folder), **made.as_json()})
        return
    print(f"{folder}: {', '.join(made.stores)}")
    if not own:
        say("the record is in PostgreSQL: back it up right after this, with pg_dump")
    elif "temporal.db" not in stores:
        say("there is no temporal.db here: the Temporal cluster has to be backed up, too, before this")


async def restore(
    folder: Annotated[Path, Parameter(help="What `bihuan backup` made.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Put a backup into a data folder that has no such files yet, each held against its checksum.

    Example: bihuan restore /backup/bihuan-2026-05-11 --data ./bihuan-data
    """
    from contextlib import suppress

    from worker.embedded.restore import restore_backup
    from worker.installation.company_time import CompanyTime
    from worker.installation.reading_settings import load_reading_settings

    settings = load_reading_settings(data)
    restored = restore_backup(folder, settings.data)
    if as_json:
        print_json({"data": str(settings.data), **restored.as_json()})
        return
    made = f"{restored.made_at:%Y-%m-%d %H:%M:%S} UTC"
    with suppress(Problem):  # a record that is elsewhere, and does not answer, does not say the company's zone
        made = (await CompanyTime.read(settings)).text(restored.made_at, "%Y-%m-%d %H:%M:%S")
    print(f"{settings.data}: {', '.join(restored.stores)} of {made}")
    say(f"start it with `bihuan up --data {settings.data}`, then look with `bihuan doctor`")
