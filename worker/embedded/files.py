"""Files that hold customers' data and have to be on the disk before anything counts on them."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from activities.ordinary_file import open_inside
from workflows.domain.problem import Problem

_CHUNK: Final = 1 << 20


def open_private(path: Path) -> BinaryIO:
    """A new file, for writing, that only its user may read.

    Raises:
        OSError: it is there already, or cannot be made.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def sync_file(file: BinaryIO) -> None:
    """Wait until what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def copy_inside(folder: Path, name: str, target: Path) -> str:
    """Copy a file of a folder durably; answers its SHA-256.

    Raises:
        OSError: it cannot be read, or the copy not be written.
    """
    digest = hashlib.sha256()
    with open_inside(folder, name) as read, open_private(target) as written:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            written.write(chunk)
        sync_file(written)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Wait the same way for a file that was written otherwise, or for the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems know this for files only.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of files and of SQLite as a Problem of one line."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise Problem(f"{path}: {reason_of(error)}; nothing was kept") from None


def reason_of(error: Exception) -> str:
    """The system's own words, in one line."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or (str(error).splitlines() or [type(error).__name__])[0][:200]
