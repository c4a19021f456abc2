"""Files of cases: received, attached, listed, read and shown small (R41).

A file is received first, whatever way it comes, and attached to a case then; one that is not attached is swept after a
day. Whoever calls has made sure that the asker may see the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from temporalio.client import Client

from activities.database.url import DatabaseUrl
from activities.files.content import MEDIA_TYPES
from activities.files.ledger import HELD_FOR, FileRow
from activities.files.preview import PREVIEWED, preview_of
from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError
from activities.ordinary_file import open_ordinary
from activities.queries.case_record import read_case_record
from starter.services.cases.commands import known_outcome, send
from starter.services.cases.reading import unknown_case
from starter.services.intake.submissions import Intake
from starter.services.new_file import write_new
from starter.services.results import Accepted, CommandResult
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from workflows.domain.policy.files import FileType
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import ScanState, Via

_PORTION: Final = 1 << 18


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was taken in; `size` in bytes, `name` its label, `type` a `FileType`."""

    id: str
    name: str
    size: int
    type: str


@dataclass(frozen=True)
class CaseFile:
    """A file of a case. `name` is a label: never a path. Once masked, `erased_at` is set, and there are no bytes."""

    id: str
    number: str
    name: str
    size: int
    type: str
    scan: ScanState
    uploaded_at: datetime
    by: str
    via: str
    sha256: str | None
    erased_at: datetime | None

    @property
    def media_type(self) -> str:
        """The media type for a Content-Type, beside `nosniff` and as an attachment."""
        return MEDIA_TYPES[FileType(self.type)] if self.type in set(FileType) else "application/octet-stream"

    @property
    def is_served(self) -> bool:
        """Whether its bytes are given out: never those of an infected file, nor of an erased one."""
        return self.sha256 is not None and self.scan is not ScanState.INFECTED

    @property
    def has_preview(self) -> bool:
        """Whether it is a picture of a kind that is shown small."""
        return self.is_served and self.type in set(PREVIEWED)

    def as_json(self) -> dict[str, Any]:
        """The file as `files --json` has it."""
        keys = ("id", "name", "size", "type", "scan", "sha256", "uploaded_at", "by", "via", "erased_at")
        return {key: getattr(self, key) for key in keys}


async def receive(
    installation: Installation,
    name: str,
    chunks: AsyncIterator[bytes],
    *,
    by: str,
    via: Via,
    case: str | None = None,
) -> ReceivedFile:
    """Take one file in and check it; it is staged, until it is attached to a case.

    Args:
        installation: whose policy says what is allowed.
        name: what the sender calls it; raw bytes of a name are read by `activities.files.name.read_name`.
        chunks: its bytes; not read to the end where it is refused before.
        by: who sends it.
        via: which way.
        case: the number of the case it is for, where there is one: a closed or a full one is refused at once.

    Raises:
        FileRefusedError: it is not allowed, not what it says it is, or the case takes no more; nothing is kept of it.
        FileStoreError: it cannot be kept now.
        Problem: there is no such case.
    """
    rules = installation.policy.files
    if case is not None:
        await _refuse_closed(installation, case)
        if await installation.file_ledger.bytes_of_case(case) >= rules.largest_case:
            raise FileRefusedError(FileRefusal.CASE_FULL, name=name, megabytes=rules.case_mb)
    row = await installation.reception.receive(name, chunks, rules, by=by, via=via, at=installation.now())
    return ReceivedFile(row.id, row.name, row.size, row.type)


async def received_paths(
    installation: Installation, paths: Sequence[Path], *, by: str, via: Via, case: str | None = None
) -> list[ReceivedFile]:
    """Receive files of this machine, all of them or none; see `receive`.

    Raises:
        FileRefusedError: there are too many, or one is not allowed.
        Problem: one cannot be read, or is no ordinary file; or as `receive`.
    """
    most = installation.policy.files.at_once
    if len(paths) > most:
        raise FileRefusedError(FileRefusal.TOO_MANY, most=most)
    received: list[ReceivedFile] = []
    try:
        for path in paths:
            try:
                opened = await asyncio.to_thread(open_ordinary, path)
            except OSError as error:
                raise Problem(f"{path}: cannot be read: {error.strerror}") from None
            chunks = _chunks(opened)
            try:
                received.append(await receive(installation, path.name, chunks, by=by, via=via, case=case))
            finally:
                await chunks.aclose()
                opened.close()
    except BaseException:
        await discard_staged(installation, [one.id for one in received])
        raise
    return received


async def write_out(installation: Installation, file: CaseFile, folder: Path) -> Path:
    """Write a file of a case into a folder of this machine under a safe name that is new there; answers where.

    Raises:
        Problem: it is not given out (infected, erased), or cannot be read or written; nothing is left of it then.
    """
    if not file.is_served:
        why = "infected" if file.scan is ScanState.INFECTED else "erased"
        raise Problem(f"{file.number}: {file.name}: is {why}, and not given out")
    _, chunks = await read_file(installation, file.number, file.id)
    return await write_new(folder, file.name, chunks)


async def attach(
    settings: Settings,
    number: str,
    file_ids: Sequence[str],
    *,
    by: str,
    via: Via = Via.CONSOLE,
    command_id: str | None = None,
    client: Client | None = None,
) -> CommandResult:
    """Give received files to a case: an event of its timeline, of which its owner is told.

    `client` is a connection that is there already.

    Where the case refuses them, they are gone. The same files again, with the same `command_id`, change nothing.

    Raises:
        FileRefusedError: there are too many, one is not there any more or another case's, or the case is closed.
        Problem: unknown number, or Temporal does not answer; the files are staged for a day from when they came.
    """
    async with open_installation(settings) as installation:
        if command_id and (known := await known_outcome(settings, "attach", number, command_id)):
            await discard_staged(installation, file_ids)
            return known
        rows = await _attachable(installation, number, file_ids)
        # The case may answer only when a worker is up again.
        await installation.file_ledger.hold(file_ids, datetime.now(UTC) + HELD_FOR)
        files = [{"id": row.id, "name": row.name, "size": row.size, "type": row.type} for row in rows]
        try:
            result = await send(
                settings, "attach", number, {"files": files}, by=by, via=via, command_id=command_id, client=client
            )
        except Problem:
            await discard_staged(installation, file_ids)
            raise
        if result.outcome == "rejected":
            await discard_staged(installation, file_ids)
    return result


async def attach_to_new(installation: Installation, number: str, file_ids: Sequence[str]) -> None:
    """Give received files to a case that was just registered: its form lists their names, and no signal is sent.

    Files that the case has already (the same submission again) are not given to it twice.
    """
    rows = await installation.file_ledger.some(file_ids)
    present = {(one.sha256, one.name) for one in await installation.file_ledger.of_case(number)}
    new = [row.id for row in rows.values() if (row.sha256, row.name) not in present]
    await installation.file_ledger.bind(number, new)
    await discard_staged(installation, [id_ for id_ in file_ids if id_ not in new])


async def discard_staged(installation: Installation, file_ids: Sequence[str]) -> None:
    """Give up received files that no case has: nothing of them is left."""
    await installation.reception.discard(await installation.file_ledger.drop_staged(file_ids))


async def hand_in(intake: Intake, raw: str | bytes | dict[str, Any], received: Sequence[ReceivedFile]) -> Accepted:
    """Register an issue with files that were received: its form lists their names.

    Raises:
        Problem: the form is not well-formed; nothing is written, and the files are as they were.
    """
    accepted = await intake.accept(raw, attached=[one.name for one in received])
    await attach_to_new(intake.installation, accepted.number, [one.id for one in received])
    return accepted


async def files_of(installation: Installation, number: str) -> list[CaseFile]:
    """The files of a case, in the order in which they came; none for an unknown number."""
    return [_case_file(row) for row in await installation.file_ledger.of_case(number)]


async def find_file(installation: Installation, number: str, file_id: str) -> CaseFile | None:
    """A file of this case by its id; None where this case has no such file."""
    row = await installation.file_ledger.one(file_id)
    return _case_file(row) if row is not None and row.number == number else None


async def case_of_file(installation: Installation, file_id: str) -> str | None:
    """The number of the case that has this file; None where none has."""
    row = await installation.file_ledger.one(file_id)
    return row.number if row is not None else None


async def read_file(installation: Installation, number: str, file_id: str) -> tuple[CaseFile, AsyncIterator[bytes]]:
    """A file of this case and its bytes, as they came. The iterator has to be read to its end, or closed.

    Raises:
        LookupError: this case has no such file, or its bytes are not given out (infected, erased).
        FileStoreError: its bytes cannot be read now.
    """
    file = await find_file(installation, number, file_id)
    if file is None or not file.is_served:
        raise LookupError(file_id)
    return file, _chunks(await _open(installation, file))


async def preview(installation: Installation, number: str, file_id: str) -> bytes | None:
    """A small JPEG of a picture of this case, without metadata; None where there is none.

    Raises:
        FileStoreError: the bytes cannot be read now.
    """
    file = await find_file(installation, number, file_id)
    if file is None or not file.has_preview:
        return None
    with await _open(installation, file) as opened:
        return await preview_of(opened, FileType(file.type))


async def _open(installation: Installation, file: CaseFile) -> BinaryIO:
    try:
        return await asyncio.to_thread(installation.file_store.open, file.sha256 or "")
    except OSError as error:
        why = "its bytes are missing" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise FileStoreError(f"{file.number}: {file.name}: {why}; see bihuan doctor") from None


async def _chunks(opened: BinaryIO) -> AsyncGenerator[bytes, None]:
    with opened:
        while chunk := await asyncio.to_thread(opened.read, _PORTION):
            yield bytes(chunk)


async def _attachable(installation: Installation, number: str, file_ids: Sequence[str]) -> list[FileRow]:
    rules = installation.policy.files
    await _refuse_closed(installation, number)
    if len(set(file_ids)) > rules.at_once:
        raise FileRefusedError(FileRefusal.TOO_MANY, most=rules.at_once)
    found = await installation.file_ledger.some(file_ids)
    for id_ in file_ids:
        if id_ not in found:
            raise FileRefusedError(FileRefusal.UNKNOWN_FILE, file=id_)
        if found[id_].number not in {None, number}:
            raise FileRefusedError(FileRefusal.USED_ELSEWHERE, file=id_)
    rows = [found[id_] for id_ in dict.fromkeys(file_ids)]
    held = await installation.file_ledger.bytes_of_case(number)
    for row in rows:
        held += row.size if row.number is None else 0
        if held > rules.largest_case:
            raise FileRefusedError(FileRefusal.CASE_FULL, name=row.name, megabytes=rules.case_mb)
    return rows


async def _refuse_closed(installation: Installation, number: str) -> None:
    record = await read_case_record(DatabaseUrl.parse(installation.settings.database), number)
    if record is None:
        raise unknown_case(number)
    if record.view is not None and record.view["closed_at"]:
        raise FileRefusedError(FileRefusal.CASE_CLOSED, number=number)


def _case_file(row: FileRow) -> CaseFile:
    return CaseFile(
        id=row.id,
        number=row.number or "",
        name=row.name,
        size=row.size,
        type=row.type,
        scan=row.scan,
        uploaded_at=row.uploaded_at,
        by=row.by,
        via=row.via,
        sha256=row.sha256,
        erased_at=row.erased_at,
    )
