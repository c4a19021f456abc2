"""What a sweep does for files: scans what no scanner has seen, and gives up what belongs to nothing (R41)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from activities.database.installation import InstallationValues
from activities.files.incoming import leftovers
from activities.files.ledger import FileLedger
from activities.files.reception import STAGED_FOR, Reception
from activities.files.scan import ScannerAwayError
from workflows.domain.vocabulary import ScanState

_SCANNING: Final = 20.0
"""Seconds of one sweep for scanning: its other work does not wait longer."""
_SCANNED: Final = 200
"""Files that one sweep looks at."""
_LOOKED_THROUGH: Final = "files looked through"
_EVERY: Final = timedelta(hours=1)
"""How often the whole store is looked through: that lists every file."""
_AT_ONCE: Final = 500
_log = logging.getLogger("bihuan.files")


@dataclass
class FileUpkeep:
    """Keeps the files of an installation in order; several processes may do so at once.

    Attributes:
        reception: the record, the store and the scanner.
        passed: checksums that the scanner does not look at, such as for their size.
    """

    reception: Reception
    passed: set[str] = field(default_factory=set)

    async def sweep(self, now: datetime) -> list[str]:
        """Scan and remove what is due; answers what could not be done, a line each. `now` is the wall clock's."""
        faults = [*await self.scan_waiting()]
        await self.reception.discard(await FileLedger(self.reception.database).drop_expired(now))
        try:
            await self._look_through(now)
        except OSError as error:
            faults.append(f"{self.reception.store.where}: {error.strerror or error}")
        return faults

    async def scan_waiting(self) -> list[str]:
        """Scan what was received while the scanner was away, or before there was one."""
        scanner, store = self.reception.scanner, self.reception.store
        if scanner is None:
            return []
        ledger, ends = FileLedger(self.reception.database), time.monotonic() + _SCANNING
        for row in await ledger.unscanned(_SCANNED + len(self.passed)):
            if row.sha256 is None or row.sha256 in self.passed:
                continue
            if time.monotonic() > ends:
                break
            try:
                with await asyncio.to_thread(store.open, row.sha256) as file:
                    scan = await scanner.scan(file)
            except ScannerAwayError as away:
                return [f"clamd {scanner.address}: {away}; files stay unscanned until it answers"]
            except OSError as error:
                _log.warning("%s: file %s cannot be scanned: %s", row.number, row.id, error.strerror or error)
                continue
            if scan is ScanState.UNSCANNED:
                self.passed.add(row.sha256)
            else:
                await ledger.mark_scanned(row.sha256, scan)
        return []

    async def _look_through(self, now: datetime) -> None:
        """Remove, once an hour, bytes without a row and parts of what never arrived; both have to be a day old."""
        values = InstallationValues(self.reception.database)
        last = await values.get(_LOOKED_THROUGH)
        if isinstance(last, str) and now - datetime.fromisoformat(last) < _EVERY:
            return
        await values.put(_LOOKED_THROUGH, now.isoformat())
        self.passed.clear()
        before = now - STAGED_FOR
        store, ledger = self.reception.store, FileLedger(self.reception.database)
        await asyncio.to_thread(_remove, leftovers(store.incoming, before))
        old = store.older_than(before)
        while portion := await asyncio.to_thread(_next, old):
            if orphans := set(portion) - await ledger.needed(portion):
                _log.info("%s: %d files without a row are given up", store.where, len(orphans))
                await self.reception.discard(orphans)


def _next(digests: Iterator[str]) -> list[str]:
    return list(islice(digests, _AT_ONCE))


def _remove(parts: Iterator[Path]) -> None:
    for part in parts:
        part.unlink(missing_ok=True)
