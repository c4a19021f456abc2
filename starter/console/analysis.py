"""`bihuan report`: what happened in a period, what got worse, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say


async def report(
    *,
    from_: Annotated[str, Parameter(name="--from", help="First day, such as 2026-05-01 (the company's days).")],
    to: Annotated[str, Parameter(help="Last day, included.")],
    by: Annotated[
        list[str] | None,
        Parameter(
            help="Break the main figures down by: type, priority, channel, department, product, owner.", negative=()
        ),
    ] = None,
    out: Annotated[Path | None, Parameter(help="Folder for the files (default: reports/ in the data folder).")] = None,
    locale: Annotated[str | None, Parameter(help="zh_CN or en (default: the setting).")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """The 《客户问题分析报告》 of a period, compared with the one before: report.html, report.json and CSV tables.

    With --json the figures go to standard output, and files are written only where --out says.

    Example: bihuan report --from 2026-05-01 --to 2026-05-31 --by department --by product
    """
    from activities.analysis.document import headline_rows, report_json, write_report
    from activities.analysis.period import Period, parse_day
    from activities.analysis.report import analyse
    from activities.analysis.wording import Speech
    from worker.installation import open_installation
    from worker.settings import load_settings
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import Locale

    settings = load_settings(data=data)
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    days = parse_day("--from", from_), parse_day("--to", to)
    async with open_installation(settings) as installation:
        period = Period.asked(*days, installation.policy.calendar.zone)
        made = await analyse(
            installation.database, period, now=installation.now(), by=by or ("department",), progress=_progress
        )
        organisation = await installation.directory.current()
        labels = installation.policy.labels() | (organisation.labels() if organisation else {})
        names = organisation.names() if organisation else {}
        company = organisation.company.name if organisation else ""
    speech = Speech(Locale(locale) if locale else settings.locale, labels, names)
    folder = out or (None if as_json else settings.data / "reports" / f"{period.first}_{period.last}")
    written = write_report(made, speech, folder, company=company) if folder else None
    if as_json:
        print_json(report_json(made, speech))
        return
    columns = speech.words["columns"]
    print_table(
        (columns["figure"], columns["now"], columns["before"], columns["change"]),
        [(row["name"], row["now"], row["before"], row["change"]) for row in headline_rows(made, speech)],
        title=f"{speech.words['title']} {period.first} – {period.last}",
    )
    print(speech.paragraph(made))
    say(f"the report is {written}; beside it are the same figures as JSON and CSV")


def _progress(cases: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rread {cases:,} cases")
        sys.stderr.flush()
