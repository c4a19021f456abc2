"""The files of cases: whether their bytes are where they should be, and whether a scanner that is set up answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from activities.files.ledger import FileLedger
from activities.files.scan import Scanner, ScannerAwayError
from activities.files.store import FileStore, open_store
from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from workflows.domain.problem import Problem

_LOOKING = 5.0
"""Seconds for looking whether the bytes are there."""
_NAMED = 5


async def files(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the store answers and has the bytes of every file."""
    check, settings = Check("files"), context.settings
    try:
        store = open_store(settings.files, settings.data)
        scanner = Scanner.of(settings.clamd)
    except Problem as problem:
        return check.problem(problem, "mend BIHUAN_FILES or BIHUAN_CLAMD")
    results = [await _scanner(check, scanner)] if scanner is not None else []
    ledger = FileLedger(await context.database())
    try:
        await asyncio.to_thread(store.size, "0" * 64)
        missing, looked, left = await _missing(store, ledger)
    except OSError as error:
        todo = "see that it runs and that this user may use it (BIHUAN_FILES, AWS_*); until then no file is taken"
        return [*results, check.fault(f"{store.where} cannot be used: {error.strerror or error}", todo)]
    if missing:
        named = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        todo = "bring them back from a backup of the store: each is called by its SHA-256 (bihuan files N --json)"
        return [*results, check.fault(f"the bytes of {len(missing)} files are missing or cut, of: {named}", todo)]
    counts = f"the bytes of {looked} files are there" + (
        f"; {left} were not looked at for want of time" if left else ""
    )
    return [*results, check.ok(counts)]


async def _missing(store: FileStore, ledger: FileLedger) -> tuple[list[str], int, int]:
    """Case numbers of files without their bytes, how many were looked at, and how many were not."""
    wanted = await ledger.stored()
    ends = time.monotonic() + _LOOKING

    def look() -> tuple[list[str], int]:
        found: list[str] = []
        for count, (number, sha256, size) in enumerate(wanted):
            if time.monotonic() > ends:
                return found, count
            if store.size(sha256) != size:
                found.append(number)
        return found, len(wanted)

    missing, looked = await asyncio.to_thread(look)
    return missing, looked, len(wanted) - looked


async def _scanner(check: Check, scanner: Scanner) -> CheckResult:
    try:
        await scanner.ping()
    except ScannerAwayError as away:
        todo = "start clamd, or mend BIHUAN_CLAMD; files are taken unscanned until then, and scanned later"
        return check.warning(f"clamd {scanner.address} does not answer: {away}", todo)
    return check.ok(f"clamd {scanner.address} answers")
