"""Runs `bihuan` in a process forked from one that has everything imported, which takes a tenth of the time.

The process has its own folder, environment, streams and exit code, and is killed like any other. It does not show that
a command imports all it needs; so `tests.starter.command_line` forks each command from a process that has only the
libraries imported, until it has worked so once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.faults import processes
from tests.faults.processes import Stream


@dataclass
class Forked:
    """A forked process, with those members of `asyncio.subprocess.Process` that tests use."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it, if the process still runs."""
        if self.process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; answers its exit code, negative for a signal."""
        if self.process.exitcode is None:
            over, loop = asyncio.Event(), asyncio.get_running_loop()
            loop.add_reader(self.process.sentinel, over.set)
            try:
                await over.wait()
            finally:
                loop.remove_reader(self.process.sentinel)
        return self.join()

    def join(self) -> int:
        """The same, blocking."""
        self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode


def fork(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: int,
    stdout: int,
    stderr: int,
    prepare: Callable[[], None] | None = None,
    bare: bool = False,
) -> Forked:
    """Start it with these file descriptors, which may be closed afterwards; `prepare` is called before the command.

    A `bare` process has nothing of bihuan imported.
    """
    streams = tuple(Stream(number) for number in (stdin, stdout, stderr))
    return Forked(processes.start(_bihuan, tuple(arguments), folder, dict(environment), streams, prepare, bare=bare))


def at_terminal() -> None:
    """Let the terminal that is this process's standard input send it signals, as Ctrl-C does: to `prepare` one."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _bihuan(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    streams: tuple[Stream, Stream, Stream],
    prepare: Callable[[], None] | None,
) -> None:
    """Run the command in this process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream.number, number)
        os.close(stream.number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.argv = ["bihuan", *arguments]
    if prepare is not None:
        prepare()
    from starter.admin import main

    main()
