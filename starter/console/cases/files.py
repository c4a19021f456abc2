"""`bihuan attach` and `bihuan files`: give files to a case, list them, and write them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.case_number import find_number
from starter.console.screen import AsJson, DataFolder, Number, print_json, print_table, say
from starter.console.sender import Sender, note_sender, tell_outcome
from workflows.domain.problem import Problem, printable

if TYPE_CHECKING:
    from starter.backend.port import Shown
    from worker.installation.company_time import CompanyTime

Files = Annotated[tuple[Path, ...], Parameter(help="Files: pictures, PDF, text, Office, ZIP, short films (by policy).")]


async def attach(
    number: Number, /, *files: Annotated[Path, Parameter(help="A file; may be repeated.")], sender: Sender
) -> int:
    """Give files to a case, all of them or none. Its owner is told; what is in them has to be what their names say.

    Example: bihuan attach FB202605110001 screen.png log.txt --as customer
    """
    if not files:
        raise Problem("attach: name at least one file")
    backend = open_backend(sender.data)
    backend.check_sender(sender.by)
    number = await find_number(backend, number)
    outcome = await backend.attach(number, files, by=sender.by, command_id=sender.command_id)
    await note_sender(backend, sender, "attach", number, command_id=outcome.command_id, outcome=outcome.outcome)
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
    backend = open_backend(data)
    number = await find_number(backend, number)
    found = await backend.files(number)
    places: dict[str, Path] = {}
    faults: list[str] = []
    if out is not None:
        _make_folder(out)
        for one in found:
            try:
                places[one["id"]] = await backend.write_file(one, out)
            except Problem as problem:
                faults.append(str(problem))
            else:
                if not as_json:
                    print(printable(str(places[one["id"]])), flush=True)
    for fault in faults:
        say(fault)
    if as_json:
        print_json([_as_json(one, places) for one in found])
    elif not found:
        print(f"{number}: no files")
    elif out is None:
        _print(found, await backend.company())
    return 1 if faults else 0


def _as_json(one: Shown, places: dict[str, Path]) -> Shown:
    shown = {key: value for key, value in one.items() if key != "number"}
    return {**shown, **({"file": str(places[one["id"]])} if one["id"] in places else {})}


def _print(found: list[Shown], company: CompanyTime) -> None:
    from activities.rendering.sizes import filesize

    rows = [
        (
            one["name"],
            one["type"],
            filesize(one["size"]),
            "erased" if one["erased_at"] else str(one["scan"]),
            company.text(one["uploaded_at"]),
            f"{one['by']} ({one['via']})",
            one["id"],
        )
        for one in found
    ]
    print_table(("Name", "Type", "Size", "Scan", "When", "By", "Id"), rows, spare=("Id", "By", "Type"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"--out {folder}: cannot be made: {error.strerror}") from None
