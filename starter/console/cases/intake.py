"""`bihuan open` and `bihuan import`: register issues, from one form or from many lines."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, progress_bar, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.services.intake import Intake

_LARGEST = 1_000_000
"""Bytes of one form: more is no form, and would only fill the memory."""


async def open_(
    file: Annotated[str, Parameter(help="The form as JSON; - reads standard input.", allow_leading_hyphen=True)],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Register one issue from a JSON form and start its case. The same intake_key again is the same case.

    Example: bihuan open form.json --json
    """
    raw = _read_form(file)
    from starter.services.intake import open_intake
    from worker.installation.settings import load_settings

    async with open_intake(load_settings(data=data)) as intake:
        accepted = await intake.accept(raw)
    if as_json:
        print_json({"number": accepted.number, "created": accepted.created})
    else:
        print(f"{accepted.number} {'registered' if accepted.created else 'is this submission already'}")
    if not accepted.started:
        say(f"{accepted.number} is registered; a worker starts it as soon as Temporal answers ({intake.outage})")
    return 0


@dataclass
class ImportResult:
    """What became of an import, line by line."""

    created: int = 0
    known: int = 0
    waiting: int = 0
    """Registered, but not started yet."""
    failed: list[tuple[int, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The answer of `--json`."""
        failed = [{"line": line, "error": error} for line, error in self.failed]
        return {"created": self.created, "known": self.known, "waiting": self.waiting, "failed": failed}


async def import_(
    file: Annotated[
        str, Parameter(help="JSON Lines, one form a line; - reads standard input.", allow_leading_hyphen=True)
    ],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Register many issues from JSON Lines. A faulty line is named and the others go in; again adds nothing twice.

    A line without an intake_key gets one from its content.

    Example: bihuan import issues.jsonl
    """
    from starter.services.intake import open_intake
    from worker.installation.settings import load_settings

    lines = _decode(file, _read(file)).split("\n")
    result = ImportResult()
    async with open_intake(load_settings(data=data)) as intake:
        with progress_bar("import", len(lines)) as advance:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    await _take(intake, result, number, line)
                advance()
    for number, error in result.failed:
        say(f"line {number}: {error}")
    if result.waiting:
        say(f"{result.waiting} registered; a worker starts them as soon as Temporal answers ({intake.outage})")
    if as_json:
        print_json(result.as_json())
    else:
        print(f"{result.created} new, {result.known} known already, {len(result.failed)} failed")
    return 1 if result.failed else 0


async def _take(intake: Intake, result: ImportResult, number: int, line: str) -> None:
    from starter.services.intake import keyed

    try:
        accepted = await intake.accept(keyed(_submission(line)))
    except Problem as problem:
        result.failed.append((number, "; ".join(str(problem).splitlines())))
        return
    if accepted.created:
        result.created += 1
    else:
        result.known += 1
    result.waiting += not accepted.started


def _submission(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise Problem(f"not valid JSON: {what}") from None
    if not isinstance(value, dict):
        raise Problem("expected a JSON object with the keys of the intake form")
    return value


def _read_form(file: str) -> str:
    raw = _read(file, at_most=_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise Problem(f"{_name(file)}: is no form; allowed: at most {_LARGEST:,} bytes")
    if not raw.strip():
        raise Problem(f"{_name(file)}: is empty; allowed: one JSON object")
    return _decode(file, raw)


def _read(file: str, *, at_most: int = -1) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(at_most)
        with Path(file).open("rb") as opened:
            return opened.read(at_most)
    except OSError as error:
        raise Problem(f"{_name(file)}: cannot be read: {error.strerror}") from None


def _decode(file: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{_name(file)}: is no UTF-8 at byte {error.start}; allowed: JSON saved as UTF-8") from None


def _name(file: str) -> str:
    return "standard input" if file == "-" else file
