"""Takes a file in: name, bytes, content, scan, row; and gives up what nobody needs any more (R41)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from activities.database.database import Database
from activities.files.content import check_content
from activities.files.incoming import Arrived, arriving
from activities.files.ledger import FileLedger, FileRow, new_id
from activities.files.name import ending_of, label_of
from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError
from activities.files.scan import Scanner, ScannerAwayError
from activities.files.store import FileStore
from workflows.domain.policy.files import FileRules, FileType
from workflows.domain.vocabulary import ScanState, Via

STAGED_FOR: Final = timedelta(days=1)
"""How long a file is kept that no case has."""
_log = logging.getLogger("bihuan.files")


@dataclass(frozen=True)
class Reception:
    """The way in, the same for portal, console, mail and API.

    Attributes:
        database: the record.
        store: where bytes are kept.
        scanner: looks for malware; None: nobody does.
    """

    database: Database
    store: FileStore
    scanner: Scanner | None = None

    async def receive(
        self, name: str, chunks: AsyncIterator[bytes], rules: FileRules, *, by: str, via: Via, at: datetime
    ) -> FileRow:
        """Take one file in, staged: it belongs to no case yet. Nothing of it is left where that fails.

        Args:
            name: what the sender calls it.
            chunks: its bytes; not read to the end where it is refused before.
            rules: what is allowed.
            by: who sends it; `via` which way.
            via: see `by`.
            at: the cases' time now.

        Raises:
            FileRefusedError: it is not allowed, or not what it says it is.
            FileStoreError: it cannot be kept now.
        """
        label = label_of(name)
        if not label:
            raise FileRefusedError(FileRefusal.NO_NAME)
        ending = ending_of(label)
        if not rules.at_once or rules.type_of(ending) is None:
            allowed = ", ".join(rules.endings) if rules.at_once else "-"
            raise FileRefusedError(FileRefusal.ENDING, name=label, allowed=allowed)
        try:
            async with arriving(self.store.incoming, label, chunks, rules.largest) as arrived:
                kind = await asyncio.to_thread(check_content, arrived.part, label, ending, rules)
                scan = await self._scanned(arrived)
                return await self._keep(arrived, _row(label, kind, scan, arrived, by=by, via=via, at=at))
        except OSError as error:
            raise FileStoreError(f"{self.store.where} takes no file: {error.strerror or error}") from None

    async def discard(self, digests: Collection[str]) -> None:
        """Remove bytes that no row has any more. Where the store is away, a later sweep does it.

        Raises:
            sqlalchemy.exc.DBAPIError: the record cannot be asked.
        """
        if not digests:
            return
        try:
            async with self.store.lock(shared=False):
                for sha256 in set(digests) - await FileLedger(self.database).needed(digests):
                    await asyncio.to_thread(self.store.discard, sha256)
        except OSError as error:
            _log.warning("%s gives up nothing: %s", self.store.where, error.strerror or error)

    async def _keep(self, arrived: Arrived, row: FileRow) -> FileRow:
        """The row first: bytes without one are swept."""
        ledger = FileLedger(self.database)
        async with self.store.lock(shared=True):
            await ledger.add(row)
            try:
                await asyncio.to_thread(self.store.put, arrived.part, arrived.sha256, arrived.size)
            except BaseException:
                await ledger.drop_staged([row.id])
                raise
        return row

    async def _scanned(self, arrived: Arrived) -> ScanState:
        if self.scanner is None:
            return ScanState.UNSCANNED
        try:
            with arrived.part.open("rb") as file:
                return await self.scanner.scan(file)
        except ScannerAwayError as away:
            _log.warning("clamd: %s; the file is scanned later", away)
            return ScanState.UNSCANNED


def _row(name: str, kind: FileType, scan: ScanState, arrived: Arrived, *, by: str, via: Via, at: datetime) -> FileRow:
    return FileRow(
        id=new_id(),
        number=None,
        sha256=arrived.sha256,
        size=arrived.size,
        name=name,
        type=kind.value,
        scan=scan,
        by=by,
        via=via.value,
        uploaded_at=at,
        staged_until=datetime.now(UTC) + STAGED_FOR,
        erased_at=None,
    )
