"""Starts processes that tests may kill, forked from one that has everything imported, so that each begins at once."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, reduction
from multiprocessing.context import ForkServerProcess
from typing import Any, TypeVar
from unittest.mock import patch

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [
        "tests.faults.worker_process",
        "tests.faults.intake_process",
        "tests.starter.forked",
        "tests.starter.everything",
        "tests.activities.mailbox.killed_process",
    ]
)
_BARE = forkserver.ForkServer()
_BARE.set_forkserver_preload(["tests.starter.libraries"])
"""Has nothing of bihuan imported."""
_POLL = 0.05
_Result = TypeVar("_Result")
_PARENT_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


@dataclass(frozen=True)
class Stream:
    """A file descriptor that the process gets as well, under another number."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(handed: Any) -> Stream:
    return Stream(handed.detach())


async def reading(number: int) -> asyncio.StreamReader:
    """A reader of a pipe's end, which it closes at end of file."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(number, "rb", buffering=0)
    )
    return reader


async def stoppable(work: Coroutine[Any, Any, _Result]) -> _Result:
    """This work, cancelled by SIGTERM and SIGINT, so that it ends the processes that it has started.

    Raises:
        asyncio.CancelledError: it was.
    """
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def start(what: Callable[..., None], *arguments: Any, bare: bool = False) -> ForkServerProcess:
    """A process that runs this function; it has to be importable from a module. A `bare` one begins with nothing of
    bihuan imported.
    """
    process = _FORKING.Process(target=_run, args=(what, *arguments), daemon=True)
    with patch.object(forkserver, "connect_to_new_process", _BARE.connect_to_new_process) if bare else nullcontext():
        process.start()
    return process


def _run(what: Callable[..., None], *arguments: Any) -> None:
    """In the new process; it is killed when the process that started it dies."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    what(*arguments)


async def ended(process: ForkServerProcess, *, within: float = 500) -> int:
    """Wait for its end; answers its exit code, negative for a signal."""
    async with asyncio.timeout(within):
        while process.exitcode is None:  # noqa: ASYNC110 - another process, which sets no event here
            await asyncio.sleep(_POLL)
    return process.exitcode


async def killed(process: ForkServerProcess) -> None:
    """Kill it, and wait until it is gone."""
    process.kill()
    code = await ended(process)
    assert code == -signal.SIGKILL, f"it was gone before it was killed: exit code {code}"
