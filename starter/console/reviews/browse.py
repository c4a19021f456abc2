"""Looking at reviews of closed cases: which there are, one of them, its report, a draft to fill in (R27)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.screen import (
    AsJson,
    DataFolder,
    Number,
    print_json,
    print_rich,
    print_table,
    printable,
    read_number,
    say,
)
from worker.installation.reading_settings import ReadingSettings, find_place
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from rich.text import Text

    from activities.review.reading import StoredReview
    from activities.review.report import ReviewReport
    from activities.review.wording import ReviewWording
    from worker.installation.company_time import CompanyTime
    from workflows.domain.organisation.organisation import Organisation
    from workflows.domain.policy.policy import Policy
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
    from activities.database.url import DatabaseUrl
    from activities.review.reading import list_reviews
    from starter.console.reviews.as_json import review_json
    from worker.installation.company_time import CompanyTime

    if status is not None and status not in {*_STATUSES, _OPEN}:
        raise Problem(f"--status {status}: allowed: {', '.join((*_STATUSES, _OPEN))}")
    if limit < 1:
        raise Problem(f"--limit {limit}: allowed: a number from 1")
    place = find_place(data)
    statuses = _STATUSES[:-1] if status == _OPEN else (status,) if status else ()
    files = await list_reviews(DatabaseUrl.parse(place.database), statuses=statuses, department=department)
    company = await CompanyTime.read(place)
    found = [review_json(file, company, whole=False) for file in files]
    found.sort(key=lambda one: (one["status"] == "done", not one["overdue"], one["due"] or "9999"))
    if as_json:
        print_json(found[:limit])
        return
    if not found:
        print("no reviews")
        return
    print_table(
        ("Case", "Cases", "State", "Why", "Department", "Problem", "Waits for", "Until", "Measures"),
        [_row(one, company, place.locale) for one in found[:limit]],
    )
    if len(found) > limit:
        say(f"shown are {limit} of {len(found)}; --limit shows more")


async def show(number: Number, /, *, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The review that covers a case: how far it is, who must act until when, its findings, measures and history.

    Example: bihuan review show FB202605110001
    """
    from starter.console.reviews.as_json import review_json

    place, file, company = await _read(number, data)
    shown = review_json(file, company, whole=True)
    if as_json:
        print_json(shown)
        return
    from starter.console.reviews.panel import ReviewPanel

    print_rich(*ReviewPanel(shown, company, place.locale).parts())


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
    place, file, company = await _read(number, data)
    made = await _report(file, company, Locale(locale) if locale else place.locale, data)
    wanted = format_ or ("all" if out is not None else "md")
    written = made.write(out, _FORMATS if wanted == "all" else (wanted,)) if out is not None else []
    if as_json:
        files = [str(path) for path in written]
        print_json({"number": file.number, "review": file.review, "files": files, "report": made.as_json()})
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
    from activities.review.draft import draft_json, draft_text

    _, file, company = await _read(number, data)
    status = file.as_json()["status"]
    if status not in _STATUSES[:2]:
        raise Problem(f"{file.number}: there is nothing to draft, its review is {status}; see bihuan review report")
    organisation, policy = await _rules(data)
    text = draft_text(
        file,
        _voice(organisation, policy, company, policy.locale),
        organisation,
        now=company.now(),
        name=out.name if out is not None else "report.toml",
    )
    if out is not None:
        _write_new(out, text)
    if as_json:
        print_json({**draft_json(file, text), "file": str(out) if out else None})
    elif out is None:
        print(printable(text), end="")
    else:
        author = file.as_json()["author"]
        say(f"the draft is {out}; fill it in, then: bihuan review submit {file.number} {out} --as {author}")


async def _read(number: str, data: str | None) -> tuple[ReadingSettings, StoredReview, CompanyTime]:
    from activities.database.url import DatabaseUrl
    from activities.review.reading import read_review
    from worker.installation.company_time import CompanyTime

    place = find_place(data)
    file = await read_review(DatabaseUrl.parse(place.database), read_number(number))
    return place, file, await CompanyTime.read(place)


async def _report(file: StoredReview, company: CompanyTime, locale: Locale, data: str | None) -> ReviewReport:
    from activities.review.report import ReviewReport

    organisation, policy = await _rules(data)
    voice = _voice(organisation, policy, company, locale)
    names = organisation.company.name_en, organisation.company.name
    name = names[0] or names[1] if locale == "en" else names[1] or names[0]
    return ReviewReport(file, voice, now=company.now(), company=name)


async def _rules(data: str | None) -> tuple[Organisation, Policy]:
    """Who works here and what things are called, as of now."""
    from activities.organisation.loading import sample_organisation
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings

    async with open_installation(load_settings(data=data)) as installation:
        return await installation.directory.current() or sample_organisation(), installation.policy


def _voice(organisation: Organisation, policy: Policy, company: CompanyTime, locale: Locale) -> ReviewWording:
    from activities.review.wording import ReviewWording

    return ReviewWording(locale, policy.labels() | organisation.labels(), organisation.names(), company.zone)


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
    until = f"{company.local(review['due']):%Y-%m-%d %H:%M}" if review["due"] else ""
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
