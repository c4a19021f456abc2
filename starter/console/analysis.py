"""`bihuan report`: what happened in a period, what got worse, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say

if TYPE_CHECKING:
    from activities.analysis.report import Report
    from activities.analysis.wording import ReportWording
    from worker.installation.installation import Installation
    from workflows.domain.formats import Days
    from workflows.ports import ReportMailed

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
    from activities.analysis.files import report_json, write_report
    from activities.analysis.period import Period
    from activities.analysis.report import analyse
    from activities.analysis.wording import company_name, report_wording
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings
    from workflows.domain.policy.reports import days_name
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import Locale

    settings = load_settings(data=data)
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    async with open_installation(settings) as installation:
        days = _days(installation, from_, to, last)
        rules = installation.policy.report
        period = Period.asked(days.first, days.last, installation.policy.calendar.zone)
        if mail and installation.now() < period.ends:
            raise Problem(f"--mail: {days.last} is not over; allowed: days that are, or leave --mail out")
        today = installation.local(installation.now()).date()
        if days.first > today:
            raise Problem(f"--from {days.first} has not begun; allowed: up to {today}")
        made = await analyse(
            installation.database, period, now=installation.now(), by=by or rules.by, progress=_progress
        )
        organisation = await installation.directory.current()
        speech = report_wording(
            installation.policy,
            organisation,
            Locale(locale) if locale else rules.locale if mail else settings.locale,
        )
        folder = out or (settings.report_folder / days_name(days) if mail or not as_json else None)
        written = write_report(made, speech, folder, company=company_name(organisation)) if folder else None
        mailed = await _mail(installation, days, written, speech.locale) if mail and written else []
    if as_json:
        answer = report_json(made, speech)
        print_json({**answer, "mailed": [one.model_dump() for one in mailed]} if mail else answer)
    else:
        _show(made, speech)
        say(f"the report is {written}; beside it are the same figures as JSON and CSV")
    for one in mailed:
        say(f"{one.recipient}: {one.status}" + (f", {one.reason}" if one.reason else ""))
    if mail and not mailed:
        say("nobody is named in recipients of the policy's section [report]: it is not mailed")
    return 0 if all(one.status in {"sent", "known"} for one in mailed) else 1


def _days(installation: Installation, first: str | None, last: str | None, ended: str | None) -> Days:
    from activities.analysis.period import Period, parse_day
    from workflows.domain.formats import Days
    from workflows.domain.policy.reports import ReportKind, days_ended

    if first is None or last is None:
        kind = ReportKind.WEEKLY if ended == "week" else ReportKind.MONTHLY
        return days_ended(kind, installation.local(installation.now()).date())
    period = Period.asked(parse_day("--from", first), parse_day("--to", last), installation.policy.calendar.zone)
    return Days(first=period.first, last=period.last)


async def _mail(installation: Installation, days: Days, page: Path, locale: str) -> list[ReportMailed]:
    """To one after the other; who cannot be reached now is told so, and may be tried again."""
    from activities.delivery.transport import TemporaryDeliveryError
    from worker.process import build_reporting, build_transports
    from workflows.domain.vocabulary import Locale
    from workflows.ports import ReportMailed

    reporting = build_reporting(installation, build_transports(installation.settings))
    mailed = []
    for recipient in installation.policy.report.recipients:
        try:
            mailed.append(await reporting.send(days, page, recipient, Locale(locale)))
        except TemporaryDeliveryError as error:
            mailed.append(ReportMailed(recipient=recipient, status="unsent", reason=str(error)))
    return mailed


def _show(made: Report, speech: ReportWording) -> None:
    from activities.analysis.files import headline_rows

    columns = speech.words["columns"]
    print_table(
        (columns["figure"], columns["now"], columns["before"], columns["change"]),
        [(row["name"], row["now"], row["before"], row["change"]) for row in headline_rows(made.as_json(), speech)],
        title=f"{speech.words['title']} {made.period.first} – {made.period.last}",
    )
    print(speech.paragraph(made))


def _progress(cases: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rread {cases:,} cases")
        sys.stderr.flush()
