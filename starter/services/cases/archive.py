"""The archive of closed cases: listed, read back, and checked; `archive_work` fills it (R28)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activities.archive.ledger import ArchivedCase, Ledger
from activities.archive.package import read_package, unpack
from activities.archive.store import ArchiveStore, FileState
from activities.queries.case_record import CaseRecord
from starter.services.cases.reading import case_json
from starter.services.progress import Progress
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.problem import Problem


async def list_archived(settings: Settings, number: str | None = None) -> Sequence[ArchivedCase]:
    """What the record says of every archived case, or of one.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_installation(settings) as installation:
        return await Ledger(installation.database).entries(number)


@dataclass(frozen=True)
class CheckedFile:
    """An archived file, held against its checksum; `path` is where it is or should be."""

    number: str
    file: str
    path: Path
    state: str
    is_sound: bool


async def verify_archive(settings: Settings, progress: Progress) -> AsyncIterator[CheckedFile]:
    """Every file of the archive, in the order of the cases' numbers.

    Raises:
        Problem: the database cannot be read.
    """
    store = ArchiveStore(settings.archive_folder)
    stored = [(one.number, one.stored) for one in await list_archived(settings) if one.stored is not None]
    with progress(len(stored)) as advance:
        for number, file in stored:
            state = await asyncio.to_thread(store.state, file)
            yield CheckedFile(number, file.file, store.path(file.file), str(state), state is FileState.SOUND)
            advance()


async def read_archived(settings: Settings, number: str) -> tuple[Path, dict[str, Any]]:
    """An archived case after its checksum was verified: its file, and the document in it.

    Raises:
        Problem: it is not archived, or its file is missing, changed or unreadable.
    """
    entry = next(iter(await list_archived(settings, number)), None)
    stored = entry.stored if entry else None
    if entry is None or stored is None:
        why = f": {entry.error}" if entry and entry.error else "; bihuan archive list shows what is"
        raise Problem(f"{number} is not archived{why}")
    store = ArchiveStore(settings.archive_folder)
    path, state = store.path(stored.file), store.state(stored)
    if state is not FileState.SOUND:
        anew = "" if entry.masked_at else f", or write it anew: bihuan archive run --again {number}"
        raise Problem(f"{number}: its file {path} is {state}; bring it back from a backup{anew}")
    return path, read_package(path)


def archived_case_json(document: dict[str, Any], company: CompanyTime) -> dict[str, Any]:
    """The case in an archived document as `case_json` has it, with its timeline."""
    return case_json(CaseRecord.archived(document), company, timeline=True)


def unpack_archived(path: Path, folder: Path) -> list[Path]:
    """Write what is in an archived file into a folder; answers the files.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    return unpack(path, folder)
