"""Archiving by hand: what is due, all of it now, or one case anew (R28)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from activities.archive.activity import ArchiveActivities
from activities.archive.ledger import Ledger
from worker.composition_root import build_archiving
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
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
        return DueCases(archive, held_back, mask, await self._activities.held_by_review(held_back))

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
            progress = await self._activities.next_batch(progress, watch)
        return result

    async def write_again(self, number: str) -> tuple[Path, dict[str, Any]]:
        """Write the file of an archived case anew; where it is, and its `file`, `sha256` and `size`.

        Raises:
            Problem: the case is not archived, is masked, or the file cannot be written.
        """
        if not any(entry.stored for entry in await Ledger(self._activities.database).entries(number)):
            raise Problem(f"{number} is not archived yet; bihuan archive list shows what is")
        try:
            stored = await self._activities.archive_case(number)
        except OSError as error:
            raise Problem(f"{number}: {error.strerror}: {error.filename}") from None
        return self._activities.store.path(stored.file), asdict(stored)


@asynccontextmanager
async def open_archive_work(settings: Settings) -> AsyncIterator[ArchiveWork]:
    """Archiving by hand.

    Raises:
        Problem: settings, policy or database are not usable.
    """
    async with open_installation(settings) as installation:
        yield ArchiveWork(build_archiving(installation))
