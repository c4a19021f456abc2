"""Processes that are there to be killed, forked from one that has everything imported: each begins at once."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.context import ForkServerProcess
from typing import Any

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    ["tests.faults.worker_process", "tests.faults.intake_process", "tests.starter.forked", "tests.starter.everything"]
)
_SOON = 0.05


_PARENT_DEATH = 1
"""Of prctl(2)."""


@dataclass(frozen=True)
class Stream:
    """A file descriptor that the process gets as well, under another number."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(handed: Any) -> Stream:
    return Stream(handed.detach())


async def reading(number: int) -> asyncio.StreamReader:
    """What comes out of a pipe; it is closed at its end."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(number, "rb", buffering=0)
    )
    return reader


def start(what: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """A process that runs this function; it has to be importable from a module."""
    process = _FORKING.Process(target=_run, args=(what, *arguments), daemon=True)
    process.start()
    return process


def _run(what: Callable[..., None], *arguments: Any) -> None:
    """Whoever began it may be killed as well; then it must not be left behind."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    what(*arguments)


async def ended(process: ForkServerProcess, *, within: float = 100) -> int:
    """Wait for its end; answers its exit code, negative for a signal."""
    async with asyncio.timeout(within):
        while process.exitcode is None:  # noqa: ASYNC110 - another process, which sets no event here
            await asyncio.sleep(_SOON)
    return process.exitcode


async def stopped(process: ForkServerProcess, *, within: float = 30) -> None:
    """End it gracefully, and if it does not go, not so."""
    if process.exitcode is None:
        process.terminate()
    try:
        await ended(process, within=within)
    except TimeoutError:
        process.kill()
        await ended(process)


async def killed(process: ForkServerProcess) -> None:
    """End it as the kernel does."""
    process.kill()
    code = await ended(process)
    assert code == -signal.SIGKILL, f"it was gone before it was killed: exit code {code}"
