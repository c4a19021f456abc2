"""Writes a file of a case into a folder of this machine, under a safe name that is new there (R41)."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from workflows.domain.problem import Problem

_UNSAFE: Final = re.compile(r'[<>:"|?*]|^-')
"""What a file's name may not hold on some computer, or would make an option of it."""


async def write_new(folder: Path, label: str, chunks: AsyncIterator[bytes]) -> Path:
    """Write the file; answers where.

    Raises:
        Problem: it cannot be written, or what `chunks` raises; nothing is left of it then.
    """
    try:
        place, descriptor = _new_file(folder, label)
    except OSError as error:
        raise Problem(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as written:
            async for chunk in chunks:
                await asyncio.to_thread(written.write, chunk)
    except BaseException as error:
        place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise Problem(f"{place}: cannot be written: {error.strerror or error}") from None
        raise
    return place


def _new_file(folder: Path, label: str) -> tuple[Path, int]:
    """Under the label, or with a number behind it where that is taken; a link there is not followed."""
    plain = _UNSAFE.sub("_", label)
    stem, dot, ending = plain.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (plain, "")
    for index in itertools.count(1):
        place = folder / f"{stem}{f' ({index})' if index > 1 else ''}{ending}"
        try:
            return place, os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
    raise AssertionError
