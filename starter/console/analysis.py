"""`bihuan report`: what happened in a period, what got worse, and where."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.backend.port import AnalysisAsked
from starter.console.screen import AsJson, DataFolder, print_json, print_table, progress_bars, say
from workflows.domain.problem import Problem, printable

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
    from activities.ordinary_file import write_together
    from workflows.domain.vocabulary import Locale

    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    if out is not None and out.exists() and not out.is_dir():
        # Known before the cases are counted, which takes long.
        raise _unwritable(out, os.strerror(errno.EEXIST))
    written = bool(out) or mail or not as_json
    asked = AnalysisAsked(from_, to, last, by, Locale(locale) if locale else None, mail, written)
    with progress_bars("cases read") as show:
        made = await open_backend(data).analysis(asked, lambda done: show("cases read", done, None), out)
    folder = (out or made.folder) if written else None
    if folder is not None:
        try:
            write_together(folder, made.files)
        except OSError as error:
            raise _unwritable(folder, error.strerror) from None
    mailed = made.mailed or ()
    if as_json:
        print_json({**made.content, "mailed": list(mailed)} if mail else made.content)
    else:
        print_table(made.columns, made.headlines, title=made.title)
        print(printable(made.paragraph))
        say(f"the report is {folder and folder / 'report.html'}; beside it are the same figures as JSON and CSV")
    for row in made.content["unreadable"]:
        say(f"{row['number']} is counted nowhere: it cannot be read: {row['fault']}")
    for one in mailed:
        say(f"{one['recipient']}: {one['status']}" + (f", {one['reason']}" if one["reason"] else ""))
    if mail and not mailed:
        say("nobody is named in recipients of the policy's section [report]: it is not mailed")
    return 0 if all(one["status"] in {"sent", "known"} for one in mailed) else 1


def _unwritable(folder: Path, why: str | None) -> Problem:
    return Problem(f"{folder}: {why}; name a folder that can be written to (--out, BIHUAN_REPORTS)")
