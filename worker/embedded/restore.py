"""Puts a backup into a data folder, all of it or nothing, and keeps a folder with half of its stores from being used.

The stores are copied into a folder of their own inside the data folder. Once they are whole and on the disk that folder
is renamed, which is the one step that counts: from then on the restore is only carried to its end, by the next start or
restore if this one is killed.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from worker.embedded.backup import MANIFEST, STORES, Backup, read_backup, read_manifest
from worker.embedded.case_files import FILES, copy_files, list_files, move_files
from worker.embedded.files import copy_inside, explained, sync
from worker.embedded.lock import DataLock
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.installation.settings import Settings

_BEGUN, _WHOLE = "restore.partial", "restore.whole"
"""Folders in a data folder: with what is copied so far, and with all of it."""
_BESIDE = ("-wal", "-shm", "-journal")
"""Files of SQLite beside a store: an old one would be read into the new store."""
_TEMPORAL, _RECORD = STORES


def restore_backup(folder: Path, data: Path) -> Backup:
    """Put the stores of a backup into a data folder that has none of them.

    Raises:
        Problem: it is no backup or not as it was made, or the data folder is in use or has such a store.
    """
    backup = read_backup(folder)
    with DataLock(data), explained(data):
        if finish_restore(data) == backup:
            return backup
        for name in (name + beside for name in backup.stores for beside in ("", *_BESIDE)):
            if os.path.lexists(data / name):
                raise Problem(f"data folder {data}: has a {name}; name another with --data, or move that file away")
        if backup.files is not None and list_files(data / FILES).count:
            raise Problem(f"data folder {data}: has {FILES}; name another with --data, or move that folder away")
        begun = data / _BEGUN
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(mode=0o700)
        try:
            for name, expected in backup.stores.items():
                if copy_inside(folder.resolve(), name, begun / name) != expected:
                    raise Problem(f"{folder / name}: changed while it was copied; nothing was kept")
            if backup.files is not None and copy_files(folder / FILES, begun / FILES, _silent) != backup.files:
                raise Problem(f"{folder / FILES}: changed while it was copied; nothing was kept")
            backup.write(begun)
            sync(begun)
            begun.rename(data / _WHOLE)
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            raise
        sync(data)
        finish_restore(data)
    return backup


def finish_restore(data: Path) -> Backup | None:
    """Carry a restore that is whole to its end; answers what was restored, None where there is none. The caller holds
    the lock of the data folder.

    Raises:
        OSError: the folder cannot be written; asking again is safe.
        Problem: a link stands where the copied stores should.
    """
    whole = data / _WHOLE
    if whole.is_symlink():
        raise Problem(f"{whole}: is a link, which no restore makes: remove it")
    if not whole.is_dir():
        return None
    backup: Backup | None = None
    if (whole / MANIFEST).exists():
        backup = read_manifest(whole)
        for name in backup.stores:
            # A store that is gone from there was moved before the restore was cut short.
            with suppress(FileNotFoundError):
                (whole / name).rename(data / name)
        if backup.files is not None:
            move_files(whole / FILES, data / FILES)
        sync(data)
    shutil.rmtree(whole)
    sync(data)
    return backup


async def check_stores(settings: Settings, *, accept_loss: bool) -> None:
    """Refuse a data folder of which the embedded server would use one store without the other. The caller holds its
    lock.

    Raises:
        Problem: a restore was cut short, or one of the two is missing; with the way out.
    """
    data = settings.data
    with explained(data):
        finish_restore(data)
    refuse_half_restored(data)
    own = settings.database_url is None
    has_temporal = (data / _TEMPORAL).exists()
    has_record = not own or (data / _RECORD).exists()
    if accept_loss or has_temporal == has_record or (not has_temporal and not await _has_started(settings)):
        return
    missing, present = (_RECORD, _TEMPORAL) if has_temporal else (_TEMPORAL, _RECORD if own else "a record with cases")
    raise Problem(
        f"data folder {data}: has {present}, and no {missing}: bring that one back, or restore both from one backup "
        "into a new folder (bihuan restore); where there is none, start once with --accept-loss"
    )


def refuse_half_restored(data: Path) -> None:
    """Look whether a restore into this folder was cut short.

    Raises:
        Problem: it was, and what is there is neither the old nor the new; with the way out.
    """
    for name in (_BEGUN, _WHOLE):
        if (data / name).is_dir():
            raise Problem(
                f"data folder {data}: a restore into it was cut short: run the same `bihuan restore` again, or remove "
                f"{data / name} to go without it"
            )


async def _has_started(settings: Settings) -> bool:
    """Whether Temporal has known cases of this record."""
    address = DatabaseUrl.parse(settings.database)
    try:
        async with open_reader(address) as reader:
            return bool(await reader.rows("SELECT 1 AS one FROM registration WHERE started_at IS NOT NULL LIMIT 1"))
    except Problem:
        # No tables yet, or something that the worker will report.
        return False


def _silent(_done: int, _size: int) -> None:
    """Progress that nobody watches."""
