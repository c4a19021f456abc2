"""`bihuan doctor`: checks everything this installation needs, in a few seconds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, progress_bar


async def doctor(
    *,
    mend: Annotated[
        bool, Parameter(negative=(), help="Also start and deliver what was left lying, as the sweep does.")
    ] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Check settings, Temporal, workers, database, mail, templates, policy and organisation, and hold the record
    against Temporal. Each line says what is wrong and what to do; without --mend nothing is changed. Exit code 1 where
    there is a fault.

    Example: bihuan doctor
    Example: bihuan doctor --mend --json
    """
    from rich.text import Text

    from starter.doctor.check import Check, CheckResult, CheckStatus
    from starter.doctor.context import DoctorContext
    from starter.doctor.run import CheckSuite
    from worker.installation.settings import load_settings
    from workflows.domain.problem import Problem

    lines: list[CheckResult]
    try:
        settings = load_settings(data=data)
    except Problem as problem:
        lines = list(
            Check("settings").problem(problem, "correct it; the rest is looked at once the settings are right")
        )
    else:
        suite = CheckSuite.full(mend=mend)
        with progress_bar("doctor", len(suite.checks), shown=not as_json) as advance:
            lines = await suite.run(DoctorContext(settings), advance)
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        colours = {CheckStatus.OK: "green", CheckStatus.WARNING: "yellow", CheckStatus.FAULT: "bold red"}
        print_table(
            ("Check", "", "How it stands", "What to do"),
            [(one.check, Text(one.status, style=colours[one.status]), one.what, one.todo or "") for one in lines],
        )
    return 1 if any(line.status is CheckStatus.FAULT for line in lines) else 0
