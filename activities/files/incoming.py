"""A file on its way in: its bytes written beside the store under a name of their own, counted, and hashed.

Whatever happens, nothing is left of one that was not kept; what a killed process leaves is swept (`leftovers`).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from activities.files.refusal import FileRefusal, FileRefusedError
from workflows.domain.policy.files import MEGABYTE

_AT_A_TIME = 1 << 20
"""Bytes that are gathered before they are written."""


@dataclass(frozen=True)
class Arrived:
    """Bytes that are on the disk, whole; `size` in bytes."""

    part: Path
    sha256: str
    size: int


@asynccontextmanager
async def arriving(folder: Path, name: str, chunks: AsyncIterator[bytes], largest: int) -> AsyncIterator[Arrived]:
    """Write the bytes into a new file of this folder, which is removed at the end unless the store took it.

    Raises:
        FileRefusedError: there are none, or more than `largest`; the rest is not read then.
        OSError: they cannot be written.
    """
    part, descriptor = _begun(folder)
    try:
        try:
            sha256, size = await _write(descriptor, name, chunks, largest)
        finally:
            os.close(descriptor)
        yield Arrived(part, sha256, size)
    finally:
        part.unlink(missing_ok=True)


def leftovers(folder: Path, before: datetime) -> Iterator[Path]:
    """Parts that nobody has written to since then."""
    for part in folder.glob("*.part"):
        with suppress(FileNotFoundError):
            if part.lstat().st_mtime < before.timestamp():
                yield part


def _begun(folder: Path) -> tuple[Path, int]:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    part = folder / f"{uuid.uuid4().hex}.part"
    return part, os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


async def _write(descriptor: int, name: str, chunks: AsyncIterator[bytes], largest: int) -> tuple[str, int]:
    digest, size, waiting = hashlib.sha256(), 0, bytearray()

    def write(portion: bytes) -> None:
        digest.update(portion)
        view = memoryview(portion)
        while view:
            view = view[os.write(descriptor, view) :]

    async for chunk in chunks:
        size += len(chunk)
        if size > largest:
            raise FileRefusedError(FileRefusal.TOO_LARGE, name=name, megabytes=largest // MEGABYTE)
        waiting += chunk
        if len(waiting) >= _AT_A_TIME:
            await asyncio.to_thread(write, bytes(waiting))
            waiting.clear()
    if not size:
        raise FileRefusedError(FileRefusal.EMPTY, name=name)
    await asyncio.to_thread(write, bytes(waiting))
    await asyncio.to_thread(os.fsync, descriptor)
    return digest.hexdigest(), size
