"""`bihuan report`: what happened in a period, what got worse, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, progress_bars, say

if TYPE_CHECKING:
    from starter.services.analysis import Analyses
    from workflows.domain.formats import Days

_MISUSED = 2


async def report(
    *,
    from_: Annotated[
        str | None, Parameter(name="--from", help="First day, such as 2026-05-01 (the company's days).")
    ] = None,
    to: Annotated[str | None, Parameter(help="Last day, included.")] = None,
    last: Annotated[
        Literal["week", "month"] | None, Parameter(help="Instead of days: the last week or month that is over.")
    ] = None,
    by: Annotated[
        list[str] | None,
        Parameter(
            help="Break the main figures down by: type, priority, channel, department, product, owner "
            "(default: the policy's).",
            negative=(),
        ),
    ] = None,
    out: Annotated[
        Path | None, Parameter(help="Folder for the files (default: BIHUAN_REPORTS, reports/ in the data folder).")
    ] = None,
    locale: Annotated[str | None, Parameter(help="zh_CN or en (default: the setting).")] = None,
    mail: Annotated[
        bool, Parameter(negative=(), help="Mail it to the policy's recipients who did not get it yet.")
    ] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """The 《客户问题分析报告》 of a period, compared with the one before: report.html, report.json and CSV tables.

    With --json the figures go to standard output, and files are written only where --out says, or to be mailed.
    Which reports come by themselves, and to whom, is said in the policy's section [report].

    Example: bihuan report --from 2026-05-01 --to 2026-05-31 --by department --by product
    Example: bihuan report --last week --mail
    """
    if (last is not None) == (from_ is not None or to is not None) or (from_ is None) != (to is None):
        say("which days? allowed: --from and --to, or --last week, or --last month (see bihuan report --help)")
        return _MISUSED
    from starter.services.analysis import Analyses
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings
    from workflows.domain.problem import Problem, printable
    from workflows.domain.vocabulary import Locale

    settings = load_settings(data=data)
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    async with open_installation(settings) as installation:
        analyses = Analyses(installation)
        days = _days(analyses, from_, to, last)
        if mail and not analyses.is_over(days):
            raise Problem(f"--mail: {days.last} is not over; allowed: days that are, or leave --mail out")
        if days.first > analyses.today:
            raise Problem(f"--from {days.first} has not begun; allowed: up to {analyses.today}")
        usual = installation.policy.report.locale if mail else settings.locale
        wanted = Locale(locale) if locale else usual
        with progress_bars("cases read") as show:
            made = await analyses.make(days, by=by, locale=wanted, progress=lambda done: show("cases read", done, None))
        folder = out or (analyses.folder(days) if mail or not as_json else None)
        written = made.write(folder) if folder else None
        mailed = await analyses.mail(made, written) if mail and written else []
    if as_json:
        answer = made.as_json()
        print_json({**answer, "mailed": [one.model_dump() for one in mailed]} if mail else answer)
    else:
        print_table(made.columns, made.headlines(), title=made.title)
        print(printable(made.paragraph()))
        say(f"the report is {written}; beside it are the same figures as JSON and CSV")
    for row in made.as_json()["unreadable"]:
        say(f"{row['number']} is counted nowhere: it cannot be read: {row['fault']}")
    for one in mailed:
        say(f"{one.recipient}: {one.status}" + (f", {one.reason}" if one.reason else ""))
    if mail and not mailed:
        say("nobody is named in recipients of the policy's section [report]: it is not mailed")
    return 0 if all(one.status in {"sent", "known"} for one in mailed) else 1


def _days(analyses: Analyses, first: str | None, last: str | None, ended: str | None) -> Days:
    from workflows.domain.policy.reports import ReportKind

    if first is None or last is None:
        return analyses.last_days(ReportKind.WEEKLY if ended == "week" else ReportKind.MONTHLY)
    return analyses.days_asked(first, last)
