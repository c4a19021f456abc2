"""`bihuan attach` and `bihuan files`: give files to a case, list them, and write them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from starter.console.case_number import find_number
from starter.console.screen import AsJson, DataFolder, Number, print_json, print_table, say
from starter.console.sender import Sender, note_sender, tell_outcome
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from starter.services.cases.files import CaseFile
    from worker.installation.installation import Installation

Files = Annotated[tuple[Path, ...], Parameter(help="Files: pictures, PDF, text, Office, ZIP, short films (by policy).")]


async def attach(
    number: Number, /, *files: Annotated[Path, Parameter(help="A file; may be repeated.")], sender: Sender
) -> int:
    """Give files to a case, all of them or none. Its owner is told; what is in them has to be what their names say.

    Example: bihuan attach FB202605110001 screen.png log.txt --as customer
    """
    from starter.services.cases.files import attach as attach_files
    from starter.services.cases.files import received_paths
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings
    from workflows.domain.vocabulary import Via

    if not files:
        raise Problem("attach: name at least one file")
    if not sender.by.strip():
        raise Problem("--as is empty; allowed: a person's id, customer, or operator")
    settings, number = load_settings(data=sender.data), await find_number(number, sender.data)
    async with open_installation(settings) as installation:
        received = await received_paths(installation, files, by=sender.by.strip(), via=Via.CONSOLE, case=number)
    ids = [one.id for one in received]
    outcome = await attach_files(settings, number, ids, by=sender.by, command_id=sender.command_id)
    await note_sender(settings, sender, "attach", number, command_id=outcome.command_id, outcome=outcome.outcome)
    return tell_outcome(outcome, sender)


async def files(
    number: Number,
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Write them into this folder; nothing there is overwritten.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """The files of a case, or a copy of each in a folder. Infected ones are listed, and never given out.

    Originals are as they came: a photograph may say where it was taken.

    Example: bihuan files FB202605110001 --out ./FB202605110001
    """
    from starter.services.cases.files import files_of
    from starter.services.cases.reading import unknown_case
    from worker.installation.company_time import CompanyTime
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings

    number = await find_number(number, data)
    async with open_installation(load_settings(data=data)) as installation:
        if await installation.register.form(number) is None:
            raise unknown_case(number)
        found = await files_of(installation, number)
        company = await CompanyTime.read(installation.settings)
        places: dict[str, Path] = {}
        faults: list[str] = []
        if out is not None:
            _make_folder(out)
            for one in found:
                try:
                    places[one.id] = await _write_out(installation, one, out)
                except Problem as problem:
                    faults.append(str(problem))
                else:
                    if not as_json:
                        print(printable(str(places[one.id])), flush=True)
    for fault in faults:
        say(fault)
    if as_json:
        print_json([company.localized(_as_json(one, places)) for one in found])
    elif not found:
        print(f"{number}: no files")
    elif out is None:
        _print(found, company)
    return 1 if faults else 0


def _as_json(one: CaseFile, places: dict[str, Path]) -> dict[str, Any]:
    return {**one.as_json(), **({"file": str(places[one.id])} if one.id in places else {})}


def _print(found: list[CaseFile], company: Any) -> None:
    from activities.rendering.sizes import filesize

    rows = [
        (
            one.name,
            one.type,
            filesize(one.size),
            _state(one),
            company.text(one.uploaded_at),
            f"{one.by} ({one.via})",
            one.id,
        )
        for one in found
    ]
    print_table(("Name", "Type", "Size", "Scan", "When", "By", "Id"), rows, spare=("Id", "By", "Type"))


def _state(one: CaseFile) -> str:
    return "erased" if one.erased_at else str(one.scan)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"--out {folder}: cannot be made: {error.strerror}") from None


async def _write_out(installation: Installation, one: CaseFile, folder: Path) -> Path:
    from starter.services.cases.files import write_out

    return await write_out(installation, one, folder)
