"""`bihuan open` and `bihuan import`: register issues, from one form or from many lines."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.cases.tally import tell_tally
from starter.console.json_lines import LONGEST_LINE, JsonLines, name_of, read_input
from starter.console.screen import AsJson, DataFolder, print_json, progress_bars, say
from workflows.domain.problem import Problem


async def open_(
    file: Annotated[
        str | None,
        Parameter(
            help="The form as JSON; - reads standard input. Without it, a terminal is asked question by question.",
            allow_leading_hyphen=True,
        ),
    ] = None,
    /,
    *,
    attach: Annotated[
        tuple[Path, ...],
        Parameter(consume_multiple=True, negative=(), help="Files that go with it, all of them or nothing."),
    ] = (),
    csv: Annotated[Path | None, Parameter(help="A table instead, with a header row and one issue a row.")] = None,
    map_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--map", negative=(), help="With --csv: 列名=key says which key a column is; 列名= leaves it out."
        ),
    ] = (),
    set_: Annotated[
        tuple[str, ...],
        Parameter(name="--set", negative=(), help="With --csv: key=value that every row has, such as channel=hotline."),
    ] = (),
    dry_run: Annotated[bool, Parameter(negative=(), help="With --csv: only say which rows would go in.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Register one issue from a JSON form and start its case. The same intake_key again is the same case.

    With another content that is refused. Without a key, the same form within a minute is the same case. Where a file
    is refused, nothing is registered.

    Example: bihuan open form.json --json
    A table (UTF-8, or GB18030 as spreadsheets write it) goes in row by row: columns that are called like a key of the
    form or its name need no --map, a row that is at fault is named with its line, the others go in.

    Example: bihuan open form.json --attach screen.png log.txt
    Example: bihuan open --csv issues.csv --map 备注= --map 客户电话=customer.phone --set channel=hotline --dry-run
    """
    if csv is not None:
        if file is not None or attach:
            raise Problem("open: --csv goes without a form and without --attach; allowed: one of them")
        from starter.console.cases.table import open_table

        return await open_table(csv, map_, set_, dry_run=dry_run, as_json=as_json, data=data)
    if map_ or set_ or dry_run:
        raise Problem("open: --map, --set and --dry-run go with --csv")
    raw = _read_form(file) if file is not None else await _asked(data)
    if raw is None:
        return 1
    async with open_backend(data).intake() as intake:
        accepted = await (intake.accept_with_files(raw, attach) if attach else intake.accept(raw))
    if as_json:
        print_json({"number": accepted.number, "created": accepted.created})
    else:
        known = "is this submission already: the same came in before; nothing was registered"
        print(f"{accepted.number} {'registered' if accepted.created else known}")
    if not accepted.started:
        say(f"{accepted.number} is registered; a worker starts it as soon as Temporal answers ({intake.outage})")
    return 0


async def _asked(data: str | None) -> dict[str, Any] | None:
    """The form as somebody answers it at the terminal; None where they dropped it."""
    if not sys.stdin.isatty():
        raise Problem("open: there is no form; allowed: a file, - for standard input, --csv FILE, or a terminal to ask")
    from starter.console.acting import person_of_environment
    from starter.console.cases.asking import Questions

    backend = open_backend(data)
    questions = Questions(await backend.form_check(), await backend.locale(), person_of_environment())
    if (form := questions.ask()) is None:
        say("nothing was registered")
    return form


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

    A line without an intake_key gets one from its content. Ctrl-C says what went in, and how to go on.

    Example: bihuan import issues.jsonl
    """
    from starter.services.intake.bulk import BulkIntake

    lines = JsonLines(file)
    async with open_backend(data).intake() as intake:
        bulk = BulkIntake(intake)
        try:
            with progress_bars("import") as show:
                for line in lines:
                    if line.text is None:
                        bulk.refuse(line.number, line.fault)
                    else:
                        await bulk.take(line.number, line.text)
                    show("import", lines.done, lines.size)
        except (KeyboardInterrupt, asyncio.CancelledError):
            tell_tally(bulk.tally, intake, "interrupted", as_json=as_json)
            raise
        except Problem as problem:
            if not bulk.tally.last:
                raise
            tell_tally(bulk.tally, intake, str(problem), as_json=as_json)
            return 1
        tell_tally(bulk.tally, intake, None, as_json=as_json)
    return 1 if bulk.tally.failed else 0


def _read_form(file: str) -> str:
    raw = read_input(file, LONGEST_LINE)
    if not raw.strip():
        raise Problem(f"{name_of(file)}: is empty; allowed: one JSON object")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{name_of(file)}: is no UTF-8 at byte {error.start}; allowed: JSON saved as UTF-8") from None
