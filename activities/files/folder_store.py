"""The store in a folder: `ab/abcdef…`, private to its user; nothing in it is followed as a link."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from activities.folder_lock import folder_lock
from activities.ordinary_file import FOLDER, open_inside

_SHA256 = re.compile("[0-9a-f]{64}")


class FolderStore:
    """Bytes in a folder of this machine, or one that all machines have mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.where = f"the folder of files {folder}"
        self.incoming = self.folder / "incoming"

    def lock(self, *, shared: bool) -> AbstractAsyncContextManager[None]:
        """A lock on the folder."""
        return folder_lock(self.folder, shared=shared)

    def put(self, part: Path, sha256: str, size: int) -> None:
        """Renamed to its place, in one moment; the names are on the disk when this returns."""
        shard = self.folder / sha256[:2]
        new = not shard.exists()
        shard.mkdir(mode=0o700, exist_ok=True)
        above = os.open(shard, FOLDER)
        try:
            if _size_in(above, sha256) == size:
                os.utime(sha256, dir_fd=above, follow_symlinks=False)
                part.unlink()
                return
            os.rename(part, sha256, dst_dir_fd=above)
            os.fsync(above)
        finally:
            os.close(above)
        if new:
            _flush(self.folder)

    def open(self, sha256: str) -> BinaryIO:
        """Open the file; no link is followed."""
        return open_inside(self.folder, _place(sha256))

    def size(self, sha256: str) -> int | None:
        """The size by the directory entry."""
        with suppress(FileNotFoundError):
            now = (self.folder / _place(sha256)).lstat()
            return now.st_size if stat.S_ISREG(now.st_mode) else None
        return None

    def discard(self, sha256: str) -> None:
        """Gone from the folder, also after a power cut."""
        with suppress(FileNotFoundError):
            (self.folder / _place(sha256)).unlink()
            _flush(self.folder / sha256[:2])

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Judged by the time of each file."""
        for shard in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for entry in os.scandir(shard):
                with suppress(FileNotFoundError):
                    if (
                        _SHA256.fullmatch(entry.name)
                        and entry.stat(follow_symlinks=False).st_mtime < moment.timestamp()
                    ):
                        yield entry.name

    def check(self) -> None:
        """A file of no bytes where new ones arrive."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.incoming.mkdir(mode=0o700, exist_ok=True)
        probe = self.incoming / f"probe-{os.getpid()}"
        probe.touch(0o600)
        probe.unlink()


def _place(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise FileNotFoundError(f"{sha256!r} is no checksum")
    return f"{sha256[:2]}/{sha256}"


def _size_in(folder: int, name: str) -> int | None:
    with suppress(FileNotFoundError):
        now = os.stat(name, dir_fd=folder, follow_symlinks=False)
        return now.st_size if stat.S_ISREG(now.st_mode) else None
    return None


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
