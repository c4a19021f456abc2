"""`bihuan open --csv`: a table of issues, row by row."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from starter.backend.opening import open_backend
from starter.console.cases.tally import tell_tally
from starter.console.json_lines import read_input
from starter.console.screen import print_json, progress_bars, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.backend.port import FormCheck
    from starter.services.intake.csv_forms import CsvForms


async def open_table(
    file: Path, columns: tuple[str, ...], constants: tuple[str, ...], *, dry_run: bool, as_json: bool, data: str | None
) -> int:
    """Register the rows that can be, name the others; with `dry_run` nothing is written. Answers the exit code.

    Raises:
        Problem: the file cannot be read, or its columns are not known; nothing was registered.
    """
    from starter.services.intake.bulk import BulkIntake
    from starter.services.intake.csv_forms import LARGEST, CsvForms

    given = _pairs("--map", columns), _pairs("--set", constants)
    raw = read_input(str(file), LARGEST)
    try:
        rows = CsvForms(raw, *given)
    except Problem as problem:
        raise Problem(f"{file}: {problem}" if not str(problem).startswith("--") else str(problem)) from None
    backend = open_backend(data)
    if dry_run:
        return _tried(rows, await backend.form_check(), as_json=as_json)
    async with backend.intake() as intake:
        bulk = BulkIntake(intake)
        try:
            with progress_bars("rows", shown=not as_json) as show:
                for row in rows:
                    if row.form is None:
                        bulk.refuse(row.line, row.fault)
                    else:
                        await bulk.take_form(row.line, row.form)
                    show("rows", row.line, rows.total)
        except (KeyboardInterrupt, asyncio.CancelledError):
            tell_tally(bulk.tally, intake, "interrupted", as_json=as_json)
            raise
        except Problem as problem:
            tell_tally(bulk.tally, intake, str(problem), as_json=as_json)
            return 1
        tell_tally(bulk.tally, intake, None, as_json=as_json)
    return 1 if bulk.tally.failed else 0


def _tried(rows: CsvForms, check: FormCheck, *, as_json: bool) -> int:
    good, failed = 0, list[tuple[int, str]]()
    with progress_bars("rows", shown=not as_json) as show:
        for row in rows:
            fault = row.fault if row.form is None else check.form_fault(row.form)
            if fault:
                failed.append((row.line, fault))
            good += not fault
            show("rows", row.line, rows.total)
    for line, fault in failed:
        say(f"line {line}: {fault}")
    if as_json:
        print_json({"dry_run": True, "good": good, "failed": [{"line": line, "error": one} for line, one in failed]})
    else:
        print(f"{good} would go in, {len(failed)} are at fault; nothing was registered")
    return 1 if failed else 0


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """What stands before the sign -> what stands behind it.

    Raises:
        Problem: there is no sign, or nothing before it.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            allowed = (
                "列名=key, such as 客户电话=customer.phone"
                if option == "--map"
                else "key=value, such as channel=hotline"
            )
            raise Problem(f"{option} {text}: expected {allowed}")
        pairs[name.strip()] = value.strip()
    return pairs
