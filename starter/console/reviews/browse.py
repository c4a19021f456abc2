"""`bihuan review list`, `show`, `report` and `draft`: which reviews there are, one of them, and its documents (R27)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.case_number import find_number
from starter.console.screen import (
    AsJson,
    DataFolder,
    Number,
    print_json,
    print_rich,
    print_table,
    readable_rows,
    say,
)
from worker.installation.reading_settings import load_reading_settings
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from rich.text import Text

    from worker.installation.company_time import CompanyTime
    from workflows.domain.vocabulary import Locale

_STATUSES = ("writing", "awaiting_approval", "following", "done")
_OPEN = "open"
_FORMATS = ("html", "md")


async def list_(
    *,
    status: Annotated[str | None, Parameter(help="writing, awaiting_approval, following, done, or open.")] = None,
    department: Annotated[str | None, Parameter(help="Id of the responsible department.")] = None,
    limit: Annotated[int, Parameter(help="At most so many.")] = 100,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Reviews: those that are late first, then by what is due next, those that are over last.

    Example: bihuan review list --status open --department technical_support
    """
    from starter.services.reviews.reading import list_reviews
    from worker.installation.company_time import CompanyTime

    if status is not None and status not in {*_STATUSES, _OPEN}:
        raise Problem(f"--status {status}: allowed: {', '.join((*_STATUSES, _OPEN))}")
    if limit < 1:
        raise Problem(f"--limit {limit}: allowed: a number from 1")
    settings = load_reading_settings(data)
    statuses = _STATUSES[:-1] if status == _OPEN else (status,) if status else ()
    company = await CompanyTime.read(settings)
    found = await list_reviews(settings, company, statuses=statuses, department=department)
    if as_json:
        print_json(found[:limit])
        return
    if not found:
        print("no reviews")
        return
    columns = ("Case", "Cases", "State", "Why", "Department", "Problem", "Waits for", "Until", "Measures")
    rows = readable_rows(
        found[:limit],
        lambda one: _row(one, company, settings.locale),
        name=lambda one: one["number"],
        width=len(columns),
        place=2,
    )
    print_table(columns, rows, spare=("Why", "Measures", "Cases", "Department", "Problem"))
    if len(found) > limit:
        say(f"shown are {limit} of {len(found)}; --limit shows more")


async def show(number: Number, /, *, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The review that covers a case: how far it is, who must act until when, its findings, measures and history.

    Example: bihuan review show FB202605110001
    """
    from starter.services.reviews.reading import describe_review
    from worker.installation.company_time import CompanyTime

    settings, number = load_reading_settings(data), await find_number(number, data)
    company = await CompanyTime.read(settings)
    shown = await describe_review(settings, number, company)
    if as_json:
        print_json(shown)
        return
    from starter.console.reviews.panel import ReviewPanel

    print_rich(*ReviewPanel(shown, company, settings.locale).parts())


async def report(
    number: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder for the files; without it, the answer is the report.")] = None,
    format_: Annotated[str | None, Parameter(name="--format", help="html, md or all (without --out: md).")] = None,
    locale: Annotated[str | None, Parameter(help="zh_CN or en (default: the setting).")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """The 《问题复盘报告》 of the review that covers a case, without its customers; a draft until it is approved.

    Example: bihuan review report FB202605110001 --out reports
    """
    from starter.services.reviews.documents import review_report
    from worker.installation.settings import load_settings
    from workflows.domain.vocabulary import Locale

    allowed = (*_FORMATS, "all") if out is not None else _FORMATS
    if format_ is not None and format_ not in allowed:
        raise Problem(f"--format {format_}: allowed: {', '.join(allowed)}" + ("" if out else ", and all with --out"))
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    settings = load_settings(data=data)
    made = await review_report(settings, await find_number(number, data), Locale(locale) if locale else settings.locale)
    wanted = format_ or ("all" if out is not None else "md")
    written = made.write(out, _FORMATS if wanted == "all" else (wanted,)) if out is not None else []
    if as_json:
        files = [str(path) for path in written]
        print_json({"number": made.file.number, "review": made.file.review, "files": files, "report": made.as_json()})
    elif out is None:
        print(printable(made.html() if wanted == "html" else made.markdown()), end="")
    else:
        say(f"the {'draft' if made.is_draft else 'report'} is {' and '.join(map(str, written))}")


async def draft(
    number: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="New file; without it, the draft goes to standard output.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """A file to fill in and hand in with bihuan review submit; what was returned is in it again.

    Example: bihuan review draft FB202605110001 --out report.toml
    """
    from starter.services.reviews.documents import review_draft
    from worker.installation.settings import load_settings

    name = out.name if out is not None else "report.toml"
    made = await review_draft(load_settings(data=data), await find_number(number, data), name)
    if out is not None:
        _write_new(out, made.text)
    if as_json:
        print_json({**made.content, "file": str(out) if out else None})
    elif out is None:
        print(printable(made.text), end="")
    else:
        say(f"the draft is {out}; fill it in, then: bihuan review submit {made.number} {out} --as {made.author}")


def _write_new(path: Path, text: str) -> None:
    """A file that somebody may have worked on stays as it is."""
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise Problem(f"--out {path}: is there already; choose another name, or remove it first") from None
    except OSError as error:
        raise Problem(f"--out {path}: {error.strerror}; name a file that can be written") from None


def _row(review: dict[str, Any], company: CompanyTime, locale: Locale) -> tuple[str | Text, ...]:
    from rich.text import Text

    from activities.rendering.labels import label

    late = review["overdue"]
    until = company.text(review["due"])
    if late:
        until = "late: " + ", ".join(one["what"] for one in late)
    done = sum(one["done_at"] is not None for one in review["measures"])
    state = label("review_status", review["status"], locale)
    return (
        review["number"],
        str(len(review["cases"])),
        state if review["recorded"] else f"{state}, not begun",
        label("review_reason", review["reason"], locale),
        review["department"],
        " · ".join(filter(None, (review["product"], review["type"], review["subtype"]))),
        ", ".join(review["waits_for"]),
        Text(until, style="bold red" if late else ""),
        f"{done}/{len(review['measures'])}" if review["measures"] else "",
    )
