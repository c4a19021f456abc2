"""The files of cases in a backup: each is named by the checksum of its bytes, so that a damaged copy is noticed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.files import copy_inside, sync
from workflows.domain.problem import Problem

FILES: Final = "files"
"""Name of their folder, in a backup and in a data folder."""
_NAME: Final = re.compile(r"[0-9a-f]{64}")
_SHARD: Final = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True)
class StoredFiles:
    """How many there are, and the SHA-256 of their names in order."""

    count: int
    sha256: str


def list_files(folder: Path) -> StoredFiles:
    """Which files a folder holds, by their names alone; none where there is no folder."""
    names = sorted(_names(folder))
    return StoredFiles(len(names), hashlib.sha256("\n".join(names).encode()).hexdigest())


def copy_files(source: Path, target: Path, progress: Callable[[int, int], None]) -> StoredFiles:
    """Copy every file durably into a new folder; what is given up meanwhile is left out.

    Raises:
        Problem: one is not what its name says.
        OSError: one cannot be read or written.
    """
    target.mkdir(mode=0o700)
    names = sorted(_names(source))
    for done, name in enumerate(names, start=1):
        shard = target / name[:2]
        shard.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            if copy_inside(source, f"{name[:2]}/{name}", shard / name) != name:
                raise Problem(f"{source / name[:2] / name}: its bytes are damaged; nothing was kept")
        if not done % 100 or done == len(names):
            progress(done, len(names))
    for shard in target.iterdir():
        sync(shard)
    sync(target)
    return list_files(target)


def move_files(source: Path, target: Path) -> None:
    """Move every file into a folder, which may have some of them by a move that was cut short."""
    target.mkdir(mode=0o700, exist_ok=True)
    for name in list(_names(source)):
        shard = target / name[:2]
        shard.mkdir(mode=0o700, exist_ok=True)
        (source / name[:2] / name).rename(shard / name)
        sync(shard)
    sync(target)


def _names(folder: Path) -> Iterator[str]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for shard in os.scandir(folder):
        if _SHARD.fullmatch(shard.name) and shard.is_dir(follow_symlinks=False):
            for entry in os.scandir(shard.path):
                if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    yield entry.name
