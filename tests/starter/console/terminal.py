"""A terminal on which somebody types answers, for commands that ask."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.starter.command_line import BIHUAN, bihuan_environment
from tests.timeouts import TIMEOUT


def typed(
    *arguments: str, folder: Path, answers: Sequence[tuple[str, str]], environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a command at a terminal: after each of these questions that answer is typed. Exit code and screen."""
    ours = bihuan_environment({"BIHUAN_LOCALE": "en", **(environment or {})})
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve(BIHUAN[0], [*BIHUAN, *arguments], ours)
    screen, seen = b"", 0
    for question, answer in answers:
        until = time.monotonic() + TIMEOUT
        while question.encode() not in screen[seen:] and (more := _more(terminal)):
            assert time.monotonic() < until, screen.decode()
            screen += more
        assert question.encode() in screen[seen:], screen.decode()
        seen = len(screen)
        os.write(terminal, answer.encode())
    while more := _more(terminal):
        screen += more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), screen.decode()


def _more(terminal: int) -> bytes:
    """What is shown next; nothing once the command has ended."""
    assert select.select([terminal], [], [], TIMEOUT)[0], "nothing was shown"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
