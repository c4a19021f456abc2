"""The activity that archives closed cases and masks them later, a batch at a time; the console calls it, too (R28)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select
from sqlalchemy.exc import InterfaceError, OperationalError
from temporalio import activity

from activities.archive.document import CaseDocument, read_case_document
from activities.archive.erasure import mask_case
from activities.archive.ledger import ArchivedCase, Ledger
from activities.archive.package import write_package
from activities.archive.page import ArchivePage
from activities.archive.selection import being_reviewed, due_for_archiving, due_for_masking, waiting_for_archiving
from activities.archive.store import ArchiveStore, FileState, StoredFile, find_attachments
from activities.database.database import Database
from activities.database.tables import case_record
from activities.database.url import DatabaseBusyError, is_locked
from activities.files.reception import Reception
from activities.heartbeat import heartbeat
from activities.ordinary_file import open_inside
from activities.organisation.directory import Directory
from activities.privacy.redaction import safe_message
from workflows.domain.model import one_line
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.time.virtual_time import VirtualTime
from workflows.ports import ArchiveFailure, ArchiveRun

_BATCH: Final = 50
"""Cases that one activity works on."""
_NAMED: Final = 20
"""Failures that the answer of a run names; all of them are in the record."""
_log = logging.getLogger("bihuan.archive")

Watch = Callable[[str, str | None], None]
"""Called after each case with its number, and why it failed (None: it went well)."""


@dataclass
class ArchiveActivities:
    """Archives closed cases, and masks archived ones.

    Attributes:
        database: the record.
        store: the archive folder and the files in it.
        attachments: where files that an earlier release only names are looked for.
        files: the files of cases, and how their bytes are given up.
        policy: what is due when, and the language and wording of the pages.
        directory: who works here.
        time: relation of the case's time to the wall clock.
        now: the wall clock.
    """

    database: Database
    store: ArchiveStore
    attachments: Path
    files: Reception
    policy: Policy
    directory: Directory
    time: VirtualTime = field(default_factory=VirtualTime)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def archive(self, progress: ArchiveRun) -> ArchiveRun:
        """The next batch. A case that fails is named in the answer, the log and the record, and stops no other.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away; the batch is to be tried again.
        """

        def watch(number: str, error: str | None) -> None:
            heartbeat(number)
            if error is not None:
                _log.error("%s: %s", number, error)

        return await self.next_batch(progress, watch)

    async def next_batch(self, progress: ArchiveRun, watch: Watch) -> ArchiveRun:
        """Archive or mask the next batch, and call `watch` after each case."""
        statement = self._due(progress.step)
        numbers: Sequence[str] = ()
        if statement is None and progress.step == "mask":
            async with self.database.begin() as connection:
                await Ledger.keep_unmasked(connection)
        if statement is not None:
            async with self.database.read() as connection:
                after = statement.where(case_record.c.number > progress.last).limit(_BATCH)
                numbers = list(await connection.scalars(after))
        if not numbers:
            return progress.model_copy(update={"step": "mask" if progress.step == "archive" else "done", "last": ""})
        work = partial(self._archive_once, await self._page()) if progress.step == "archive" else self.mask
        failures = []
        for number in numbers:
            error = await self._failure(progress.step, number, work)
            watch(number, error)
            if error is not None:
                failures.append(ArchiveFailure(number=number, reason=error))
        done = len(numbers) - len(failures)
        return progress.model_copy(
            update={
                "last": numbers[-1],
                "archived": progress.archived + (done if progress.step == "archive" else 0),
                "masked": progress.masked + (done if progress.step == "mask" else 0),
                "failed": progress.failed + len(failures),
                "failures": (*progress.failures, *failures)[:_NAMED],
            }
        )

    async def due(self) -> tuple[list[str], list[str], list[str]]:
        """Numbers of the cases that are due for archiving, those of them that are held back, and for masking."""
        waiting = self._closed_for(self.policy.archive.after, waiting_for_archiving)
        statements = (self._due("archive"), waiting, self._due("mask"))
        found: list[list[str]] = []
        async with self.database.read() as connection:
            for statement in statements:
                found.append([] if statement is None else list(await connection.scalars(statement)))  # noqa: PERF401
        archive, held, mask = found
        return archive, held, mask

    async def held_by_review(self, numbers: Sequence[str]) -> set[str]:
        """The cases among these that are held back because their review is open."""
        async with self.database.read() as connection:
            return set(await connection.scalars(being_reviewed(numbers)))

    async def archive_case(self, number: str, *, page: ArchivePage | None = None) -> StoredFile:
        """Archive one case, also one that was before as long as it is not masked; the same case gives the same file.

        Raises:
            Problem: there is no such case, or it is masked.
            OSError: the file cannot be written.
        """
        page = page or await self._page()
        async with self.store.lock():
            entry = await self._entry(number)
            if entry is not None and entry.masked_at is not None:
                raise Problem(f"{number} is masked: what its file held is no longer in the database")
            return await self._archive(number, page)

    async def mask(self, number: str) -> None:
        """Mask one archived case, if its file is sound.

        Raises:
            Problem: it is not archived, or its file is not what it was.
        """
        async with self.store.lock():
            entry = await self._entry(number)
            stored = entry.stored if entry else None
            if entry is None or stored is None:
                raise Problem(f"{number} is not archived")
            if entry.masked_at is not None:
                return
            state = await asyncio.to_thread(self.store.state, stored)
            if state is not FileState.SOUND:
                raise Problem(f"not masked: its file {stored.file} is {state}")
            async with self.database.begin() as connection:
                unneeded = await mask_case(connection, number, self._virtual_now())
                await Ledger.masked(connection, number, self._virtual_now())
            # What is left because the store is away is swept later: it has no row any more.
            await self.files.discard(unneeded)

    async def _archive_once(self, page: ArchivePage, number: str) -> None:
        """Archive it, unless another run has done so since it was found to be due."""
        async with self.store.lock():
            entry = await self._entry(number)
            if entry is None or entry.stored is None:
                await self._archive(number, page)

    async def _archive(self, number: str, page: ArchivePage) -> StoredFile:
        """Archive the case, with the lock of the folder."""
        async with self.database.read() as connection:
            document = await read_case_document(connection, number)
        stored = await asyncio.to_thread(self._write, document, page)
        async with self.database.begin() as connection:
            await Ledger.archived(connection, number, stored, self._virtual_now())
        return stored

    async def _entry(self, number: str) -> ArchivedCase | None:
        return next(iter(await Ledger(self.database).entries(number)), None)

    def _write(self, document: CaseDocument, page: ArchivePage) -> StoredFile:
        number = document["number"]
        received = datetime.fromisoformat(document["received_at"]).astimezone(ZoneInfo(self.policy.calendar.zone))
        found = [self._opener(number, attachment) for attachment in document["attachments"]]
        return self.store.put(
            f"{received:%Y/%m}/{number}.zip", lambda target: write_package(target, document, found, page.render)
        )

    def _opener(self, number: str, attachment: CaseDocument) -> Callable[[], BinaryIO] | None:
        """What opens an attachment; None where it is not to be had, or infected."""
        if "stored" in attachment:
            stored = None if attachment["infected"] else attachment["stored"]
            return partial(self.files.store.open, stored) if stored else None
        files = find_attachments(self.attachments, number, [attachment["name"]])
        return next((partial(open_inside, self.attachments, file) for file in files.values()), None)

    async def _failure(self, step: str, number: str, work: Callable[[str], Any]) -> str | None:
        """Run the step, and keep what went wrong with this case; that the database is away concerns all of them."""
        try:
            await work(number)
        except Exception as error:
            away = isinstance(error, OperationalError | InterfaceError | DatabaseBusyError)
            if away or is_locked(getattr(error, "orig", None)):
                raise
            # Whatever is the matter with one case, the others go on.
            reason = _reason(error)
            async with self.database.begin() as connection:
                is_left = await Ledger.failed(connection, number, step, reason, self._virtual_now())
            return reason if is_left else None
        return None

    async def _page(self) -> ArchivePage:
        organisation = await self.directory.current()
        return ArchivePage(
            locale=self.policy.locale,
            zone=self.policy.calendar.zone,
            labels=self.policy.labels() | (organisation.labels() if organisation else {}),
            names=organisation.names() if organisation else {},
            company=organisation.company.name if organisation else "",
        )

    def _due(self, step: str) -> Select[tuple[str]] | None:
        if step == "archive":
            return self._closed_for(self.policy.archive.after, due_for_archiving)
        return self._closed_for(self.policy.archive.mask_after, due_for_masking)

    def _closed_for(
        self, seconds: float | None, statement: Callable[[datetime], Select[tuple[str]]]
    ) -> Select[tuple[str]] | None:
        return None if seconds is None else statement(self._virtual_now() - timedelta(seconds=seconds))

    def _virtual_now(self) -> datetime:
        return self.time.virtual(self.now())


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        # The folder, not the file: customers name what they attach.
        where = f": {Path(str(error.filename)).parent}" if error.filename else ""
        return one_line(f"{error.strerror}{where}")
    return safe_message(error)
