"""`bihuan backup` and `bihuan restore`: copy both stores of a data folder as they are at one moment, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, progress_bars, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.embedded.backup import Backup


async def backup(
    folder: Annotated[Path, Parameter(help="Where to: a folder that is new.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Copy the record and Temporal's file while cases go on; all of it or nothing. PostgreSQL and a Temporal cluster
    have tools of their own. The files of cases go along where they are in the data folder; the folders archive,
    attachments and reports do not.

    Example: bihuan backup /backup/bihuan-2026-05-11
    """
    from starter.services.system.backup import note_backup
    from worker.embedded.backup import STORES, make_backup
    from worker.embedded.case_files import FILES
    from worker.installation.reading_settings import load_reading_settings

    settings = load_reading_settings(data)
    own = settings.database_url is None or settings.database_url.startswith("sqlite:")
    stores = tuple(name for name in STORES if (name == "bihuan.db" and own) or (settings.data / name).exists())
    files = None if settings.files else settings.data / FILES
    if not stores and (files is None or not files.is_dir()):
        raise Problem(f"data folder {settings.data}: holds neither {' nor '.join(STORES)}; name another with --data")
    if own and settings.database_url is not None:
        raise Problem("database_url names a SQLite file of its own; `bihuan backup` copies those in the data folder")
    with progress_bars(*stores, *([FILES] if files is not None else [])) as progress:
        made = make_backup(settings.data, folder, stores, datetime.now(UTC), progress, files=files)
    await note_backup(settings.data)
    if as_json:
        print_json({"folder": str(folder), **made.as_json()})
        return
    print(f"{folder}: {', '.join(made.stores)}{_counted(made)}")
    if settings.files:
        say(f"the files of cases are in {settings.files}: they are not in this backup, copy them right after it")
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
    print(f"{settings.data}: {', '.join(restored.stores)}{_counted(restored)} of {made}")
    say(f"start it with `bihuan up --data {settings.data}`, then look with `bihuan doctor`")


def _counted(backup: Backup) -> str:
    """How many files of cases are in it."""
    return f" and {backup.files.count} files" if backup.files is not None and backup.files.count else ""
