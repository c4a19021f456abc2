"""What of the file system stands in the way of a SQLite file, which SQLite itself says in a few words only."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""Errors of a file that was read and is not as SQLite left it; all others say nothing of its content."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file was read and found damaged."""
    return _primary(error) in DAMAGE


def hindrance(path: Path) -> str | None:
    """Why the file cannot be read and written, in one line; None where nothing is in the way."""
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if path.is_dir():
        return "it is a folder"
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"the file system of {folder} is read-only"
    if not os.access(folder, os.W_OK | os.X_OK):
        # SQLite keeps its log beside the file.
        return f"no permission to write in {folder}"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return f"no permission to read and write {path}"
    return None


def explained(path: Path, error: BaseException) -> str | None:
    """What an error of SQLite comes from, where the file system shows it."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = _primary(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return f"the disk of {path.parent} is full"
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        if not path.exists() and path.parent.is_dir():
            return f"there is no file {path}"
        if (why := hindrance(path)) or not _is_full(path.parent):
            return why
        return f"the disk of {path.parent} is full"
    if code == sqlite3.SQLITE_IOERR:
        return f"the disk or file system of {path.parent} fails; the system's log says more"
    return None


def _primary(error: sqlite3.Error) -> int:
    """The primary result code of an error; errors of Python's own module have none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _is_full(folder: Path) -> bool:
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    return there.f_bavail == 0 or (there.f_files > 0 and there.f_favail == 0)
