"""`bihuan archive`: closed cases put into files of their own, looked at, and held against their checksums."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Container, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
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
    read_number,
    say,
)
from worker.installation.settings import load_settings
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from activities.archive.activity import ArchiveActivities
    from activities.archive.document import CaseDocument
    from activities.archive.ledger import ArchivedCase
    from activities.archive.store import ArchiveStore, FileState, StoredFile
    from worker.installation.installation import Installation


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
    from worker.installation.installation import open_installation
    from worker.process import build_archiving

    async with open_installation(load_settings(data=data)) as installation:
        archiving = build_archiving(installation)
        if again is not None:
            return await _write_again(archiving, read_number(again), as_json)
        rules = installation.policy.archive
        if rules.after is None:
            raise Problem(
                f'policy {installation.policy.name} archives nothing; write after = "30d" under [archive] in its file'
            )
        archive, held, mask = await archiving.due()
        if dry_run:
            _print_due(archive, held, mask, await archiving.held_by_review(held), as_json)
            return 0
        done: dict[str, list[Any]] = {"archived": [], "masked": [], "failed": []}
        await _work(archiving, done, len(archive) + len(mask))
    if as_json:
        print_json({**done, "held_back": held})
    else:
        for one in done["failed"]:
            say(f"{one['number']}: {one['reason']}")
        more = f", {len(held)} held back (bihuan archive run --dry-run says why)" if held else ""
        say(f"archived {len(done['archived'])}, masked {len(done['masked'])}, failed {len(done['failed'])}{more}")
    return 1 if done["failed"] else 0


async def verify(*, as_json: AsJson = False, data: DataFolder = None) -> int:
    """Hold every archived file against its checksum; one line for each that is missing, changed or unreadable.

    Example: bihuan archive verify
    """
    import asyncio

    from activities.archive.store import FileState

    async with _archive(data) as (shelf, entries, _):
        found: list[tuple[ArchivedCase, StoredFile, FileState]] = []
        with _progress(len(entries)) as advance:
            for entry in entries:
                if entry.stored is not None:
                    found.append((entry, entry.stored, await asyncio.to_thread(shelf.state, entry.stored)))
                advance()
    wrong = [one for one in found if one[2] is not FileState.SOUND]
    if as_json:
        listed = [{"number": entry.number, "file": stored.file, "state": state} for entry, stored, state in wrong]
        print_json({"checked": len(found), "wrong": listed})
    else:
        for entry, stored, state in wrong:
            print(f"{entry.number} {state}: {shelf.path(stored.file)}")
        say(f"checked {len(found)} files, {len(wrong)} of them are not what was archived")
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
    from activities.archive.package import unpack

    number = read_number(number)
    async with _archive(data, number) as (shelf, entries, installation):
        path, dossier = _read(shelf, entries, number)
        locale = installation.settings.locale
    if out is not None:
        try:
            files = unpack(path, out)
        except OSError as error:
            raise Problem(f"--out {out}: {error.strerror}; name a folder that can be written to") from None
        if not as_json:
            say(f"unpacked {len(files)} files into {out}")
            return
    if as_json:
        print_json(dossier)
        return
    from activities.queries.case_record import CaseRecord
    from starter.console.cases.as_json import case_json
    from starter.console.cases.panel import CasePanel
    from worker.installation.company_time import CompanyTime

    company = await CompanyTime.read(load_settings(data=data))
    case = case_json(CaseRecord.archived(dossier), company, timeline=True)
    print_rich(*CasePanel(case, company, locale, whole=True).parts())
    _print_contents(dossier)
    say(f"read from {path}, its checksum is right")


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """What is archived where, what is masked, and what could not be.

    Example: bihuan archive list --json
    """
    from dataclasses import asdict

    from worker.installation.company_time import CompanyTime

    async with _archive(data) as (_, entries, _):
        company = await CompanyTime.read(load_settings(data=data))
    if as_json:
        print_json([company.localized(asdict(entry)) for entry in entries])
        return

    def moment(value: Any) -> str:
        return f"{company.local(value):%Y-%m-%d %H:%M}" if value else ""

    print_table(
        ("Case", "Closed", "Archived", "Masked", "kB", "File", "Error"),
        [
            (
                entry.number,
                moment(entry.closed_at),
                moment(entry.archived_at),
                moment(entry.masked_at),
                f"{entry.size / 1000:.1f}" if entry.size else "",
                entry.file or "",
                entry.error or "",
            )
            for entry in entries
        ],
    )


async def _work(archiving: ArchiveActivities, done: dict[str, list[Any]], total: int) -> None:
    from workflows.ports import ArchiveRun

    progress = ArchiveRun()
    with _progress(total) as advance:

        def watch(number: str, error: str | None) -> None:
            if error is not None:
                done["failed"].append({"number": number, "reason": error})
            else:
                done["archived" if progress.step == "archive" else "masked"].append(number)
            advance()

        while not progress.done:
            progress = await archiving.next_batch(progress, watch)


async def _write_again(archiving: ArchiveActivities, number: str, as_json: bool) -> int:
    from dataclasses import asdict

    from activities.archive.ledger import Ledger

    if not any(entry.stored for entry in await Ledger(archiving.database).entries(number)):
        raise Problem(f"{number} is not archived yet; bihuan archive list shows what is")
    try:
        stored = await archiving.archive_case(number)
    except OSError as error:
        raise Problem(f"{number}: {error.strerror}: {error.filename}") from None
    if as_json:
        print_json({"number": number, **asdict(stored)})
    else:
        say(f"{number} is archived anew in {archiving.store.path(stored.file)}")
    return 0


@asynccontextmanager
async def _archive(
    data: str | None, number: str | None = None
) -> AsyncIterator[tuple[ArchiveStore, Sequence[ArchivedCase], Installation]]:
    """The archive folder, what the record says is in it, and the installation."""
    from activities.archive.ledger import Ledger
    from activities.archive.store import ArchiveStore
    from worker.installation.installation import open_installation

    async with open_installation(load_settings(data=data)) as installation:
        entries = await Ledger(installation.database).entries(number)
        yield ArchiveStore(installation.settings.archive_folder), entries, installation


def _read(shelf: ArchiveStore, entries: Sequence[ArchivedCase], number: str) -> tuple[Path, CaseDocument]:
    from activities.archive.package import read_package
    from activities.archive.store import FileState

    entry = next(iter(entries), None)
    stored = entry.stored if entry else None
    if entry is None or stored is None:
        why = f": {entry.error}" if entry and entry.error else "; bihuan archive list shows what is"
        raise Problem(f"{number} is not archived{why}")
    path = shelf.path(stored.file)
    state = shelf.state(stored)
    if state is not FileState.SOUND:
        anew = "" if entry.masked_at else f", or write it anew: bihuan archive run --again {number}"
        raise Problem(f"{number}: its file {path} is {state}; bring it back from a backup{anew}")
    return path, read_package(path)


def _print_due(
    archive: Sequence[str], held: Sequence[str], mask: Sequence[str], reviewed: Container[str], as_json: bool
) -> None:
    if as_json:
        print_json({"archive": archive, "held_back": held, "mask": mask})
        return
    rows = [(number, what) for what, numbers in (("archive", archive), ("mask", mask)) for number in numbers]
    for number in held:
        review = f"its review is open, see bihuan review show {number}"
        message = f"a message is still on its way, see bihuan outbox {number}"
        rows.append((number, f"held back: {review if number in reviewed else message}"))
    if rows:
        print_table(("Case", "Would"), rows)
    say(f"would archive {len(archive)} and mask {len(mask)} cases; nothing was done")


def _print_contents(dossier: CaseDocument) -> None:
    if dossier["attachments"]:
        rows = [(one["name"], f"{one['size']:,} bytes" if one["member"] else "only the name is known")
                for one in dossier["attachments"]]  # fmt: skip
        print_table(("Attachment", ""), rows)
    if article := dossier["article"]:
        print_table((f"{article['key']} {article['title']}",), [(article["solution"],)])
    print_table(
        ("Message", "To", "By", "Status", "Subject"),
        [
            (one["message"], one["address"] or one["recipient"], one["channel"], one["status"], one["subject"])
            for one in dossier["notifications"]
        ],
    )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, where there is one; call what is given for every case."""
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("archive", total=total)
        yield lambda: bar.advance(task)
