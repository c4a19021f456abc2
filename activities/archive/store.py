"""The archive folder: where a case's file is, how it gets there whole or not at all, and whether it is still the same.

A file is written beside its place under a temporary name, flushed to the disk, and renamed. Who writes holds the
folder's lock, so that a Schedule and a person may archive at the same time; whatever a killed process left behind is
overwritten by the next try.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, BinaryIO

from activities.folder_lock import folder_lock
from activities.ordinary_file import is_inside, open_inside


class FileState(StrEnum):
    """What became of a file that was archived once."""

    SOUND = "sound"
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class StoredFile:
    """`file` is relative to the folder, `size` in bytes."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ArchiveStore:
    """Archived cases in `folder`, in a sub-folder a year and in it one a month (`2026/05/FB202605110001.zip`)."""

    folder: Path

    def path(self, file: str) -> Path:
        """Where a stored file is."""
        return self.folder / file

    def open(self, file: str) -> BinaryIO:
        """A stored file, to read it.

        Raises:
            OSError: it is not there, is a link, or is no ordinary file.
        """
        return open_inside(self.folder, file)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Alone with the folder, in this process and among all; waits for whoever has it.

        Raises:
            OSError: the folder cannot be made or written to.
        """
        async with folder_lock(self.folder):
            yield

    def put(self, file: str, write: Callable[[IO[bytes]], None]) -> StoredFile:
        """Put what `write` writes there; what was there before is replaced in one moment.

        Raises:
            OSError: it cannot be written; nothing is left of it then.
        """
        place = self.path(file)
        self._make(place.parent)
        beside = place.with_name(f".{place.name}.part")
        try:
            # What somebody put there, such as a link to elsewhere, is not written through.
            beside.unlink(missing_ok=True)
            with beside.open("x+b") as target:
                write(target)
                target.flush()
                os.fsync(target.fileno())
                target.seek(0)
                sha256, size = _checksum(target)
            beside.replace(place)
            _flush(place.parent)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return StoredFile(file, sha256, size)

    def state(self, stored: StoredFile) -> FileState:
        """Whether a file is what it was when it was archived."""
        try:
            with self.open(stored.file) as file:
                sha256, size = _checksum(file)
        except FileNotFoundError:
            return FileState.MISSING
        except OSError:
            return FileState.UNREADABLE
        return FileState.SOUND if (sha256, size) == (stored.sha256, stored.size) else FileState.CHANGED

    def _make(self, folder: Path) -> None:
        """Make a folder, with every new folder's name on the disk: a power cut must not lose the way to a file."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        _flush(folder.parent)


def find_attachments(folder: Path, number: str, names: list[str]) -> dict[str, str]:
    """Name -> file in `folder`, for those attachments of a case that the installation has (`<number>/<name>`)."""
    found = {name: f"{number}/{name}" for name in names}
    return {name: file for name, file in found.items() if is_inside(folder, file)}


def _checksum(file: IO[bytes]) -> tuple[str, int]:
    """SHA-256 and size in bytes, from where the file stands."""
    return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()  # type: ignore[arg-type]


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
