"""A terminal on which somebody types answers, for commands that ask."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.starter.command_line import bihuan_environment
from tests.starter.forked import at_terminal, fork
from tests.timeouts import TIMEOUT


def typed(
    *arguments: str,
    folder: Path,
    answers: Sequence[tuple[str, str]],
    environment: Mapping[str, str] | None = None,
    bare: bool = False,
) -> tuple[int, str]:
    """Run a command at a terminal: after each of these questions that answer is typed. Exit code and screen.

    `bare`: with nothing of bihuan imported; see `tests.starter.forked`.
    """
    terminal, stream = pty.openpty()
    process = fork(
        arguments, folder=folder, environment=bihuan_environment({"BIHUAN_LOCALE": "en", **(environment or {})}),
        stdin=stream, stdout=stream, stderr=stream, prepare=at_terminal, bare=bare,
    )  # fmt: skip
    os.close(stream)
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
    return process.join(), screen.decode()


def _more(terminal: int) -> bytes:
    """What is shown next; nothing once the command has ended."""
    assert select.select([terminal], [], [], TIMEOUT)[0], "nothing was shown"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
