"""A process that archives and is killed at a chosen moment: URL FOLDER MOMENT."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from activities.archive.ledger import Ledger
from activities.database.database import Database
from tests.activities.archive.test_archive import archiving_of, run


def die(*arguments: Any, **more: Any) -> NoReturn:
    """As a power cut would have it: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die_at_a_file(descriptor: int) -> None:
    """Folders are flushed before."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        die()


class Committing(Ledger):
    """Killed when the row is written and the transaction not yet ended."""

    @staticmethod
    async def archived(*arguments: Any) -> None:
        await Ledger.archived(*arguments)
        die()


_DEATHS = {
    "writing": ("os.fsync", die_at_a_file),
    "renaming": ("pathlib.Path.replace", die),
    "marking": ("activities.archive.ledger.Ledger.archived", die),
    "committing": ("activities.archive.activity.Ledger", Committing),
}


async def _archive(url: str, folder: Path, moment: str) -> None:
    """Archive what is due, as far as it goes."""
    with patch(*_DEATHS[moment]):
        await run(archiving_of(Database.open(url), folder))


def archive_and_die(url: str, folder: Path, moment: str) -> None:
    """The process."""
    asyncio.run(_archive(url, folder, moment))
