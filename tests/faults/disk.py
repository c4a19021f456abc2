"""Simulates a full disk: a small file system where one can be mounted, else a limit on the size of files."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

_SIZE = "32m"


def grow_nothing() -> None:
    """From now on every write of this process to a file fails."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[bool]:
    """Mount one at that folder; answers False where this is not allowed."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    mounted = mount is not None and await _done(mount, "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder))
    try:
        yield mounted
    finally:
        if mounted and umount is not None:
            await _done(umount, "--lazy", str(folder))


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is free on that disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def growing_nothing(pids: Iterable[int]) -> Iterator[None]:
    """Every write of these processes to a file fails, as on a full disk or beyond a quota."""
    known = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in known.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, limits in known.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


async def _done(*command: str) -> bool:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return await process.wait() == 0
