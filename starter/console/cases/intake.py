"""`bihuan open` and `bihuan import`: register issues, from one form or from many lines."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from starter.console.json_lines import LONGEST_LINE, JsonLines, name_of, read_input
from starter.console.screen import AsJson, DataFolder, print_json, progress_bars, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.services.bulk_intake import Tally
    from starter.services.intake import Accepted, Intake


async def open_(
    file: Annotated[str, Parameter(help="The form as JSON; - reads standard input.", allow_leading_hyphen=True)],
    /,
    *,
    attach: Annotated[
        tuple[Path, ...],
        Parameter(consume_multiple=True, negative=(), help="Files that go with it, all of them or nothing."),
    ] = (),
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Register one issue from a JSON form and start its case. The same intake_key again is the same case.

    With another content that is refused. Without a key, the same form within a minute is the same case. Where a file
    is refused, nothing is registered.

    Example: bihuan open form.json --json
    Example: bihuan open form.json --attach screen.png log.txt
    """
    raw = _read_form(file)
    from starter.services.intake import open_intake
    from worker.installation.settings import load_settings

    async with open_intake(load_settings(data=data)) as intake:
        accepted = await (_with_files(intake, raw, attach) if attach else intake.accept(raw))
    if as_json:
        print_json({"number": accepted.number, "created": accepted.created})
    else:
        known = "is this submission already: the same came in before; nothing was registered"
        print(f"{accepted.number} {'registered' if accepted.created else known}")
    if not accepted.started:
        say(f"{accepted.number} is registered; a worker starts it as soon as Temporal answers ({intake.outage})")
    return 0


async def _with_files(intake: Intake, raw: str, paths: tuple[Path, ...]) -> Accepted:
    from starter.services.files import discard_staged, hand_in, received_paths
    from workflows.domain.vocabulary import CUSTOMER, Via

    received = await received_paths(intake.installation, paths, by=CUSTOMER, via=Via.CONSOLE)
    try:
        return await hand_in(intake, raw, received)
    except Problem:
        await discard_staged(intake.installation, [one.id for one in received])
        raise


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
    from starter.services.bulk_intake import BulkIntake
    from starter.services.intake import open_intake
    from worker.installation.settings import load_settings

    lines = JsonLines(file)
    async with open_intake(load_settings(data=data)) as intake:
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
            _tell(bulk.tally, intake, "interrupted", as_json=as_json)
            raise
        except Problem as problem:
            if not bulk.tally.last:
                raise
            _tell(bulk.tally, intake, str(problem), as_json=as_json)
            return 1
        _tell(bulk.tally, intake, None, as_json=as_json)
    return 1 if bulk.tally.failed else 0


def _tell(tally: Tally, intake: Intake, stopped: str | None, *, as_json: bool) -> None:
    """What went in, what did not, and how to go on."""
    tally.stopped = stopped
    for number, error in tally.failed:
        say(f"line {number}: {error}")
    if tally.waiting:
        say(f"{tally.waiting} registered; a worker starts them as soon as Temporal answers ({intake.outage})")
    if stopped is not None:
        after = f"after line {tally.last}" if tally.last else "before the first line"
        say(f"{stopped}: stopped {after}; import the same file again to go on, what is in is known then")
    if as_json:
        print_json(tally.as_json())
    else:
        print(f"{tally.created} new, {tally.known} known already, {len(tally.failed)} failed", flush=True)


def _read_form(file: str) -> str:
    raw = read_input(file, LONGEST_LINE)
    if not raw.strip():
        raise Problem(f"{name_of(file)}: is empty; allowed: one JSON object")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{name_of(file)}: is no UTF-8 at byte {error.start}; allowed: JSON saved as UTF-8") from None
