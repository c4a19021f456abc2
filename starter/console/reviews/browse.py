"""`bihuan review list`, `show`, `report` and `draft`: which reviews there are, one of them, and its documents (R27)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from activities.ordinary_file import write_together
from starter.backend.opening import open_backend
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
from starter.services.results import REVIEW_STATUSES
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from rich.text import Text

    from worker.installation.company_time import CompanyTime
    from workflows.domain.vocabulary import Locale

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
    if status is not None and status not in {*REVIEW_STATUSES, _OPEN}:
        raise Problem(f"--status {status}: allowed: {', '.join((*REVIEW_STATUSES, _OPEN))}")
    if limit < 1:
        raise Problem(f"--limit {limit}: allowed: a number from 1")
    backend = open_backend(data)
    statuses = REVIEW_STATUSES[:-1] if status == _OPEN else (status,) if status else ()
    found = await backend.reviews(statuses=statuses, department=department)
    if as_json:
        print_json(found[:limit])
        return
    if not found:
        print("no reviews")
        return
    columns = ("Case", "Cases", "State", "Why", "Department", "Problem", "Waits for", "Until", "Measures")
    company, locale = await backend.company(), await backend.locale()
    rows = readable_rows(
        found[:limit],
        lambda one: _row(one, company, locale),
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
    backend = open_backend(data)
    shown = await backend.review(await find_number(backend, number))
    if as_json:
        print_json(shown)
        return
    from starter.console.reviews.panel import ReviewPanel

    print_rich(*ReviewPanel(shown, await backend.company(), await backend.locale()).parts())


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
    from workflows.domain.vocabulary import Locale

    allowed = (*_FORMATS, "all") if out is not None else _FORMATS
    if format_ is not None and format_ not in allowed:
        raise Problem(f"--format {format_}: allowed: {', '.join(allowed)}" + ("" if out else ", and all with --out"))
    if locale is not None and locale not in set(Locale):
        raise Problem(f"--locale {locale}: allowed: {', '.join(Locale)}")
    backend = open_backend(data)
    made = await backend.review_report(await find_number(backend, number), Locale(locale) if locale else None)
    wanted = format_ or ("all" if out is not None else "md")
    chosen = [made.files[one] for one in (_FORMATS if wanted == "all" else (wanted,))]
    written = _write_all(out, chosen) if out is not None else []
    if as_json:
        files = [str(path) for path in written]
        print_json({"number": made.number, "review": made.review, "files": files, "report": made.content})
    elif out is None:
        print(printable(chosen[0][1]), end="")
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
    name = out.name if out is not None else "report.toml"
    backend = open_backend(data)
    made = await backend.review_draft(await find_number(backend, number), name)
    if out is not None:
        _write_new(out, made.text)
    if as_json:
        print_json({**made.content, "file": str(out) if out else None})
    elif out is None:
        print(printable(made.text), end="")
    else:
        say(f"the draft is {out}; fill it in, then: bihuan review submit {made.number} {out} --as {made.author}")


def _write_all(folder: Path, files: Sequence[tuple[str, str]]) -> list[Path]:
    """Write them into the folder, which is made where there is none."""
    try:
        write_together(folder, dict(files))
    except OSError as error:
        raise Problem(f"--out {folder}: {error.strerror}; name a folder that can be written to") from None
    return [folder / name for name, _ in files]


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
