"""Reading JSON Lines from a file or standard input, a line at a time: what is wrong with one line ends no other."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from activities.ordinary_file import open_ordinary
from workflows.domain.problem import Problem

LONGEST_LINE = 1_000_000
"""Bytes; the longest form that is taken."""
_MOST = 1 << 30
"""Bytes of a whole file: what is longer may have no end."""
_PORTION = 1 << 16


@dataclass(frozen=True)
class Line:
    """A line that is not blank, numbered from 1; `text` is None where it cannot be read, and `fault` says why."""

    number: int
    text: str | None
    fault: str = ""


class JsonLines:
    """The lines of a file, or of standard input (`-`). `done` of `size` bytes are read; `size` is 0 where it is not
    known before the end.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self.done = 0
        self.size = 0

    def __iter__(self) -> Iterator[Line]:
        """The lines, read when they are asked for.

        Raises:
            Problem: the file cannot be read, is no ordinary file, or is too long.
        """
        try:
            with ExitStack() as stack:
                standard = self._file == "-"
                stream = sys.stdin.buffer if standard else stack.enter_context(open_ordinary(Path(self._file)))
                self.size = 0 if standard else os.fstat(stream.fileno()).st_size
                yield from self._lines(stream)
        except OSError as error:
            raise Problem(f"{name_of(self._file)}: cannot be read: {error.strerror}") from None

    def _lines(self, stream: BinaryIO) -> Iterator[Line]:
        number = 0
        while raw := self._portion(stream, LONGEST_LINE + 1):
            number += 1
            is_whole = raw.endswith(b"\n") or len(raw) <= LONGEST_LINE
            if not is_whole:
                while not raw.endswith(b"\n") and (raw := self._portion(stream, _PORTION)):
                    pass
                yield Line(number, None, f"is too long; allowed: at most {LONGEST_LINE:,} bytes")
            elif raw.strip():
                yield _decoded(number, raw)

    def _portion(self, stream: BinaryIO, most: int) -> bytes:
        with interruptible():
            raw = stream.readline(most)
        self.done += len(raw)
        if self.done > _MOST:
            raise Problem(f"{name_of(self._file)}: is too long; allowed: at most {_MOST:,} bytes")
        return raw


def read_input(file: str, largest: int) -> bytes:
    """All of a file, or of standard input (`-`).

    Raises:
        Problem: it cannot be read, is no ordinary file, or is longer than so many bytes.
    """
    try:
        if file == "-":
            with interruptible():
                raw = sys.stdin.buffer.read(largest + 1)
        else:
            with open_ordinary(Path(file)) as opened:
                raw = opened.read(largest + 1)
    except OSError as error:
        raise Problem(f"{name_of(file)}: cannot be read: {error.strerror}") from None
    if len(raw) > largest:
        raise Problem(f"{name_of(file)}: is too long; allowed: at most {largest:,} bytes")
    return raw


def name_of(file: str) -> str:
    """What an error calls it."""
    return "standard input" if file == "-" else file


def _decoded(number: int, raw: bytes) -> Line:
    try:
        return Line(number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        return Line(number, None, f"is no UTF-8 at byte {error.start + 1}; allowed: JSON saved as UTF-8")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends a read that waits: asyncio would only note it, and go on waiting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
