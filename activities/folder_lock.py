"""A lock on a folder, for the processes that write there; it ends with whoever holds it, however that process ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_LOOK_AGAIN = 0.05
"""Seconds between two looks at a lock that another one holds."""


@asynccontextmanager
async def folder_lock(folder: Path, *, shared: bool = False) -> AsyncIterator[None]:
    """Alone with the folder, in this process and among all, or (`shared`) beside others who share it; the folder is
    made where there is none. Waits for whoever has it.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    descriptor = _opened(folder)
    try:
        while not _taken(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
