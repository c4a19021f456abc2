"""The archive of closed cases: filled by hand, listed, read back, and held against its checksums (R28)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from activities.archive.activity import ArchiveActivities
from activities.archive.ledger import ArchivedCase, Ledger
from activities.archive.package import read_package, unpack
from activities.archive.store import ArchiveStore, FileState
from activities.queries.case_record import CaseRecord
from starter.services.cases import case_json
from starter.services.progress import Progress
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.process import build_archiving
from workflows.domain.problem import Problem
from workflows.ports import ArchiveRun


@dataclass(frozen=True)
class DueCases:
    """Numbers of the cases that would be archived, those held back from it, and those that would be masked.

    `under_review` are those of the held ones whose review is open; a message of the others is still on its way.
    """

    archive: Sequence[str]
    held_back: Sequence[str]
    mask: Sequence[str]
    under_review: Collection[str]

    @property
    def count(self) -> int:
        """How many there is something to do for."""
        return len(self.archive) + len(self.mask)


@dataclass
class ArchiveResult:
    """Numbers that were archived and masked, and number and reason of those that failed."""

    archived: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The answer of `--json`."""
        return asdict(self)


class ArchiveWork:
    """Archiving by hand, in an installation that is open; see `open_archive_work`."""

    def __init__(self, activities: ArchiveActivities) -> None:
        self._activities = activities

    async def due(self) -> DueCases:
        """What a run would do now.

        Raises:
            Problem: the policy archives nothing.
        """
        policy = self._activities.policy
        if policy.archive.after is None:
            raise Problem(f'policy {policy.name} archives nothing; write after = "30d" under [archive] in its file')
        archive, held_back, mask = await self._activities.due()
        return DueCases(archive, held_back, mask, await self._activities.reviewed(held_back))

    async def run(self, advance: Callable[[], None]) -> ArchiveResult:
        """Archive and mask everything that is due; `advance` is called after every case."""
        result, progress = ArchiveResult(), ArchiveRun()

        def watch(number: str, error: str | None) -> None:
            if error is not None:
                result.failed.append({"number": number, "reason": error})
            else:
                (result.archived if progress.step == "archive" else result.masked).append(number)
            advance()

        while not progress.done:
            progress = await self._activities.portion(progress, watch)
        return result

    async def write_again(self, number: str) -> tuple[Path, dict[str, Any]]:
        """Write the file of an archived case anew; where it is, and its `file`, `sha256` and `size`.

        Raises:
            Problem: the case is not archived, is masked, or the file cannot be written.
        """
        if not any(entry.stored for entry in await Ledger(self._activities.database).entries(number)):
            raise Problem(f"{number} is not archived yet; bihuan archive list shows what is")
        try:
            stored = await self._activities.put_away(number)
        except OSError as error:
            raise Problem(f"{number}: {error.strerror}: {error.filename}") from None
        return self._activities.shelf.path(stored.file), asdict(stored)


@asynccontextmanager
async def open_archive_work(settings: Settings) -> AsyncIterator[ArchiveWork]:
    """Archiving by hand.

    Raises:
        Problem: settings, policy or database are not usable.
    """
    async with open_installation(settings) as installation:
        yield ArchiveWork(build_archiving(installation))


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
