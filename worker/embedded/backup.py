"""Backups of a data folder, made while cases go on: of Temporal's SQLite file and of the record's.

Both are copied as they were at nearly the same moment, the record as the later one: a step that a case records again is
recognised, one that it believes to be recorded would be missed.

A backup grows in a folder beside its own, which only its user may read, and gets its name at the end, once all of it is
on the disk. What a killed run left is removed by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from activities.database import sqlite_file
from activities.document_text import parse_json_object
from activities.ordinary_file import open_inside, read_inside
from worker.embedded.case_files import FILES, StoredFiles, copy_files, list_files
from worker.embedded.files import explained, open_private, reason_of, sync, sync_file
from workflows.domain.model import one_line
from workflows.domain.problem import Problem

STORES = ("temporal.db", "bihuan.db")
"""In the order of their snapshots: the record last, so that it is never behind Temporal."""
MANIFEST = "backup.json"
_LARGEST_MANIFEST = 10_000
_PAGES = 2_000
"""Pages copied at a time; progress is reported after each batch."""

Progress = Callable[[str, int, int], None]
"""(store, pages copied, pages in all)"""


@dataclass(frozen=True)
class Backup:
    """What a backup folder holds: the SHA-256 of each store, and when their snapshots were taken (UTC)."""

    made_at: datetime
    stores: dict[str, str]
    files: StoredFiles | None = None
    """None: of an earlier release, or none were copied."""

    def as_json(self) -> dict[str, Any]:
        """The content of backup.json."""
        return {**asdict(self), "made_at": self.made_at.isoformat()}

    def write(self, folder: Path) -> None:
        """Write backup.json, durably."""
        with open_private(folder / MANIFEST) as file:
            file.write((json.dumps(self.as_json(), indent=1) + "\n").encode())
            sync_file(file)


def make_backup(
    data: Path,
    target: Path,
    stores: tuple[str, ...],
    now: datetime,
    progress: Progress,
    *,
    files: Path | None = None,
) -> Backup:
    """Copy these stores of the data folder, and the folder of `files`, into a new folder, which appears with all of
    them or not at all.

    Raises:
        Problem: the folder is not new, a store is missing or damaged, or the copy cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Problem(f"{target}: is there already; allowed: a folder that is new or empty")
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    with explained(target), _partial_folder(partial):
        with ExitStack() as stack:
            snapshots = {name: stack.enter_context(_snapshot(data / name)) for name in stores}
            for name, source in snapshots.items():
                _copy(source, partial / name, lambda copied, pages, name=name: progress(name, copied, pages))  # type: ignore[misc]
        # After the record: what it names is there by now, and what comes later does no harm.
        copied = (
            copy_files(files, partial / FILES, lambda done, size: progress(FILES, done, size))
            if files is not None
            else None
        )
        backup = Backup(now, {name: _checksum(partial, name) for name in stores}, copied)
        backup.write(partial)
        sync(partial)
        # An empty folder that is there is replaced in the same moment.
        partial.rename(target)
        sync(target.absolute().parent)
    return backup


def read_backup(folder: Path) -> Backup:
    """What a backup folder holds, with each store checked against its checksum.

    Raises:
        Problem: it is no backup, or not as it was made.
    """
    backup = read_manifest(folder)
    for name, expected in backup.stores.items():
        try:
            found = _checksum(folder, name)
        except FileNotFoundError:
            raise Problem(f"{folder}: {name} is missing") from None
        except OSError as error:
            raise Problem(f"{folder / name}: cannot be read: {reason_of(error)}") from None
        if found != expected:
            raise Problem(f"{folder / name}: is not what was backed up; its checksum differs")
    if backup.files is not None and list_files(folder / FILES) != backup.files:
        raise Problem(f"{folder / FILES}: is not what was backed up: files in it are missing, or were added")
    return backup


def read_manifest(folder: Path) -> Backup:
    """What a backup folder says that it holds.

    Raises:
        Problem: it is no backup.
    """
    try:
        manifest = parse_json_object(read_inside(folder.resolve(), MANIFEST, _LARGEST_MANIFEST).decode())
        stores = dict(manifest["stores"])
        if strange := {*stores} - {*STORES}:
            raise Problem(f"stores: {one_line(str(min(strange)))} is none of {', '.join(STORES)}")
        files = manifest.get("files")
        return Backup(datetime.fromisoformat(manifest["made_at"]), stores, StoredFiles(**files) if files else None)
    except (Problem, OSError, ValueError, TypeError, KeyError) as error:
        raise Problem(f"{folder}: is no backup that `bihuan backup` made ({reason_of(error)})") from None


@contextmanager
def _snapshot(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees the database as it is at this moment, whatever is written meanwhile."""
    file = file.parent.resolve() / file.name
    try:
        # Looked at and not opened: to close it would drop the locks of this process on it.
        mode = file.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise Problem(f"{file}: is {'a link' if stat.S_ISLNK(mode) else 'no file'}; nothing was copied")
    except FileNotFoundError:
        raise Problem(f"{file}: there is no such file; nothing was copied") from None
    except OSError as error:
        raise Problem(f"{file}: {reason_of(error)}; nothing was copied") from None
    address = f"file:{quote(str(file))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)) as connection:
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            why = sqlite_file.explained(file, error) or reason_of(error)
            raise Problem(f"{file}: cannot be read: {why}; nothing was kept") from None
        yield connection


def _copy(source: sqlite3.Connection, target: Path, progress: Callable[[int, int], None]) -> None:
    open_private(target).close()
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy, pages=_PAGES, progress=lambda _, left, pages: progress(pages - left, pages))
        # The copy is one file, without a write-ahead log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        (answer,) = copy.execute("PRAGMA quick_check").fetchone()
    if answer != "ok":
        raise Problem(f"{target.name}: is damaged ({str(answer).splitlines()[0][:200]}); nothing was kept")
    sync(target)


@contextmanager
def _partial_folder(partial: Path) -> Iterator[None]:
    """A folder that is removed at the end, unless it was renamed. Those of runs that were killed are removed, too."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    for other in partial.parent.glob("*.partial-*"):
        if other.name.rpartition("-")[2].isdecimal():
            _remove_leftover(other)
    partial.mkdir(mode=0o700)
    with _locked(partial):
        try:
            yield
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _remove_leftover(folder: Path) -> None:
    """Remove it if it holds nothing but parts of a backup, and nobody writes there any more."""
    own = {*STORES, *(f"{name}-journal" for name in STORES), MANIFEST, FILES}
    if folder.is_symlink() or not folder.is_dir() or not {file.name for file in folder.iterdir()} <= own:
        return
    with suppress(OSError), _locked(folder):
        shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Held by whoever writes there, however that process ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _checksum(folder: Path, name: str) -> str:
    with open_inside(folder.resolve(), name) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
