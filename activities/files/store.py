"""Where the bytes of files are: by their SHA-256, the same bytes once (R41).

A store is used from threads: its methods wait for a disk or a network. `open_store` answers a folder, by default, or a
bucket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from workflows.domain.problem import Problem

_S3: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._=/-]*)?")


class FileStore(Protocol):
    """The bytes. Every method raises OSError where the store is away, full or broken."""

    where: str
    """Its name in messages."""
    incoming: Path
    """A folder of this machine for what is on its way in."""

    def lock(self, *, shared: bool) -> AbstractAsyncContextManager[None]:
        """`shared` while bytes and their row are written, alone while bytes without a row are removed."""

    def put(self, part: Path, sha256: str, size: int) -> None:
        """Keep the bytes of this file, which is gone from its place then. What is there already counts as new."""

    def open(self, sha256: str) -> BinaryIO:
        """Read the bytes; FileNotFoundError where they are not there."""

    def size(self, sha256: str) -> int | None:
        """How many bytes are there; None: it has none of that checksum."""

    def discard(self, sha256: str) -> None:
        """Remove the bytes; nothing where there are none."""

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Checksums of what was kept before then, and was not kept again since."""

    def check(self) -> None:
        """Write something and remove it."""


def open_store(setting: str | None, data: Path) -> FileStore:
    """The store of the setting `files`: a folder, `s3://bucket/prefix`, or None for `files` in the data folder.

    Raises:
        Problem: the setting is not understood, or what it needs is not installed.
    """
    folder = data / "files"
    if setting is not None and "://" in setting:
        if not _S3.fullmatch(setting):
            raise Problem(f"files: {setting!r} is no place for files; allowed: a folder, or s3://bucket/prefix")
        from activities.files.s3_store import S3Store

        return S3Store.of(setting, folder / "incoming")
    from activities.files.folder_store import FolderStore

    return FolderStore(Path(setting) if setting is not None else folder)
