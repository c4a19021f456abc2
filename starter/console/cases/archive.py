"""`bihuan archive`: puts closed cases into files of their own, shows them, and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.backend.opening import open_local
from starter.console.case_number import find_number
from starter.console.screen import (
    AsJson,
    DataFolder,
    Number,
    print_json,
    print_rich,
    print_table,
    progress_bar,
    readable_rows,
    say,
)
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.services.cases.archive_work import DueCases


async def run(
    *,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say what would be done.")] = False,
    again: Annotated[
        str | None, Parameter(help="Write the file of this case anew, after it was lost or damaged.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Archive closed cases that are due, and mask those whose time has come: what is scheduled, now and by hand.

    Example: bihuan archive run --dry-run
    """
    from starter.services.cases.archive_work import open_archive_work

    async with open_archive_work(load_settings(data=data)) as work:
        if again is not None:
            number = await find_number(open_local(data), again, "--again")
            path, stored = await work.write_again(number)
            if as_json:
                print_json({"number": number, **stored})
            else:
                say(f"{number} is archived anew in {path}")
            return 0
        due = await work.due()
        if dry_run:
            _print_due(due, as_json)
            return 0
        with progress_bar("archive", due.count) as advance:
            done = await work.run(advance)
    if as_json:
        print_json({**asdict(done), "held_back": due.held_back})
    else:
        for one in done.failed:
            say(f"{one['number']}: {one['reason']}")
        more = f", {len(due.held_back)} held back (bihuan archive run --dry-run says why)" if due.held_back else ""
        say(f"archived {len(done.archived)}, masked {len(done.masked)}, failed {len(done.failed)}{more}")
    return 1 if done.failed else 0


async def verify(*, as_json: AsJson = False, data: DataFolder = None) -> int:
    """Hold every archived file against its checksum; one line for each that is missing, changed or unreadable.

    Example: bihuan archive verify
    """
    from starter.services.cases.archive import verify_archive

    checked = [file async for file in verify_archive(load_settings(data=data), partial(progress_bar, "archive"))]
    wrong = [one for one in checked if not one.is_sound]
    if as_json:
        listed = [{"number": one.number, "file": one.file, "state": one.state} for one in wrong]
        print_json({"checked": len(checked), "wrong": listed})
    else:
        for one in wrong:
            print(f"{one.number} {one.state}: {one.path}")
        say(f"checked {len(checked)} files, {len(wrong)} of them are not what was archived")
    return 1 if wrong else 0


async def show(
    number: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder to unpack the file into.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Read an archived case back, after its checksum was verified: also what is masked in the database.

    Example: bihuan archive show FB202605110001 --out ./FB202605110001
    """
    from starter.services.cases.archive import archived_case_json, read_archived, unpack_archived

    number, settings = await find_number(open_local(data), number), load_settings(data=data)
    path, document = await read_archived(settings, number)
    if out is not None:
        try:
            files = unpack_archived(path, out)
        except OSError as error:
            raise Problem(f"--out {out}: {error.strerror}; name a folder that can be written to") from None
        if not as_json:
            say(f"unpacked {len(files)} files into {out}")
            return
    if as_json:
        print_json(document)
        return
    from starter.console.cases.panel import CasePanel
    from worker.installation.company_time import CompanyTime

    company = await CompanyTime.read(settings)
    case = archived_case_json(document, company)
    print_rich(*CasePanel(case, company, settings.locale, whole=True).parts())
    _print_contents(document)
    say(f"read from {path}, its checksum is right")


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """What is archived where, what is masked, and what could not be.

    Example: bihuan archive list --json
    """
    from starter.services.cases.archive import list_archived
    from worker.installation.company_time import CompanyTime

    settings = load_settings(data=data)
    entries = await list_archived(settings)
    company = await CompanyTime.read(settings)
    if as_json:
        print_json([company.localized(asdict(entry)) for entry in entries])
        return
    columns = ("Case", "Closed", "Archived", "Masked", "kB", "File", "Error")

    def row(entry: Any) -> tuple[str, ...]:
        times = [company.text(moment) for moment in (entry.closed_at, entry.archived_at, entry.masked_at)]
        size = f"{entry.size / 1000:.1f}" if entry.size else ""
        return (entry.number, *times, size, entry.file or "", entry.error or "")

    shown = readable_rows(entries, row, name=lambda entry: entry.number, width=len(columns), place=6)
    print_table(columns, shown, spare=("kB", "File", "Closed"))


def _print_due(due: DueCases, as_json: bool) -> None:
    if as_json:
        print_json({"archive": due.archive, "held_back": due.held_back, "mask": due.mask})
        return
    rows = [(number, what) for what, numbers in (("archive", due.archive), ("mask", due.mask)) for number in numbers]
    for number in due.held_back:
        review = f"its review is open, see bihuan review show {number}"
        message = f"a message is still on its way, see bihuan outbox {number}"
        rows.append((number, f"held back: {review if number in due.under_review else message}"))
    if rows:
        print_table(("Case", "Would"), rows)
    say(f"would archive {len(due.archive)} and mask {len(due.mask)} cases; nothing was done")


def _print_contents(document: Mapping[str, Any]) -> None:
    if document["attachments"]:
        absent = {True: "infected: not kept here", None: "only the name is known"}
        rows = [(one["name"], f"{one['size']:,} bytes" if one["member"] else absent[one.get("infected") or None])
                for one in document["attachments"]]  # fmt: skip
        print_table(("Attachment", ""), rows)
    if article := document["article"]:
        print_table((f"{article['key']} {article['title']}",), [(article["solution"],)])
    print_table(
        ("Message", "To", "By", "Status", "Subject"),
        [
            (one["message"], one["address"] or one["recipient"], one["channel"], one["status"], one["subject"])
            for one in document["notifications"]
        ],
    )
