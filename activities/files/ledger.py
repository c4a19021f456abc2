"""The `file` table: which files there are, whose, and what is known of them (R41)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.tables import file, incoming_mail
from workflows.domain.vocabulary import ScanState

HELD_FOR: Final = timedelta(days=30)
"""How long files wait for their case to answer: no worker may be up."""
_MOST_STAGED: Final = 1_000
"""Rows that one sweep removes."""


@dataclass(frozen=True)
class FileRow:
    """One row. `sha256` is None once it is erased; `number` while no case has it."""

    id: str
    number: str | None
    sha256: str | None
    size: int
    name: str
    type: str
    scan: ScanState
    by: str
    via: str
    uploaded_at: datetime
    staged_until: datetime | None
    erased_at: datetime | None


class FileLedger:
    """Reads and writes the table. The static methods work inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: FileRow) -> None:
        """A new file, staged."""
        values = {name: getattr(row, name) for name in FileRow.__dataclass_fields__}
        async with self._database.begin() as connection:
            await connection.execute(insert(file).values(**values))

    async def one(self, id_: str) -> FileRow | None:
        """The row of that id."""
        return next(iter(await self._rows(select(file).where(file.c.id == id_))), None)

    async def some(self, ids: Collection[str]) -> dict[str, FileRow]:
        """The rows of these ids, as far as there are any."""
        return {row.id: row for row in await self._rows(select(file).where(file.c.id.in_(list(ids))))}

    async def of_case(self, number: str) -> Sequence[FileRow]:
        """The files of a case in the order in which they came."""
        return await self._rows(_of_case(number))

    async def bytes_of_case(self, number: str) -> int:
        """The bytes of all files of a case."""
        async with self._database.read_brief() as connection:
            held = select(func.coalesce(func.sum(file.c.size), 0)).where(file.c.number == number)
            return int(await connection.scalar(held.where(file.c.erased_at.is_(None))) or 0)

    async def hold(self, ids: Collection[str], until: datetime) -> None:
        """Keep staged files for so long: their case has been told of them, and has not answered yet."""
        async with self._database.begin() as connection:
            staged = file.c.id.in_(list(ids)) & file.c.number.is_(None)
            await connection.execute(update(file).where(staged).values(staged_until=until))

    async def bind(self, number: str, ids: Collection[str]) -> None:
        """Give staged files to a case."""
        async with self._database.begin() as connection:
            await bind_files(connection, number, ids)

    async def drop_staged(self, ids: Collection[str]) -> set[str]:
        """Remove rows that no case has; answers the checksums whose bytes may not be needed any more."""
        async with self._database.begin() as connection:
            staged = file.c.id.in_(list(ids)) & file.c.number.is_(None)
            gone = await connection.scalars(delete(file).where(staged).returning(file.c.sha256))
            return {sha256 for sha256 in gone if sha256}

    async def drop_expired(self, now: datetime) -> set[str]:
        """Remove rows that were staged for too long; answers checksums likewise."""
        async with self._database.begin() as connection:
            expired = select(file.c.id).where(file.c.number.is_(None), file.c.staged_until < now).limit(_MOST_STAGED)
            gone = await connection.scalars(delete(file).where(file.c.id.in_(expired)).returning(file.c.sha256))
            return {sha256 for sha256 in gone if sha256}

    async def needed(self, digests: Collection[str]) -> set[str]:
        """The checksums among these that some row still has: of a file, or of a mail as it came."""
        if not digests:
            return set()
        async with self._database.read_brief() as connection:
            wanted = list(digests)
            files = select(file.c.sha256).where(file.c.sha256.in_(wanted))
            mails = select(incoming_mail.c.sha256).where(incoming_mail.c.sha256.in_(wanted))
            return set(await connection.scalars(files.union(mails)))

    async def unscanned(self, limit: int) -> Sequence[FileRow]:
        """Files that no scanner has seen, the newest last."""
        waiting = select(file).where(file.c.scan == ScanState.UNSCANNED.value, file.c.erased_at.is_(None))
        return await self._rows(waiting.order_by(file.c.uploaded_at, file.c.id).limit(limit))

    async def stored(self) -> Sequence[tuple[str, str, int]]:
        """Number, checksum and size of what cases have, each checksum once; the newest first."""
        having = select(func.max(file.c.number), file.c.sha256, func.max(file.c.size))
        having = having.where(file.c.number.is_not(None), file.c.sha256.is_not(None)).group_by(file.c.sha256)
        async with self._database.read() as connection:
            rows = await connection.execute(having.order_by(func.max(file.c.uploaded_at).desc()))
            return [(number, sha256, size) for number, sha256, size in rows]

    async def mark_scanned(self, sha256: str, scan: ScanState) -> None:
        """What a scanner said of these bytes, whoever attached them."""
        async with self._database.begin() as connection:
            await connection.execute(update(file).where(file.c.sha256 == sha256).values(scan=scan.value))

    async def _rows(self, statement: Select[Any]) -> Sequence[FileRow]:
        async with self._database.read_brief() as connection:
            return [_row(row) for row in (await connection.execute(statement)).mappings()]


def new_id() -> str:
    """An id that nobody guesses: 128 bits."""
    return secrets.token_hex(16)


async def bind_files(connection: AsyncConnection, number: str, ids: Collection[str]) -> None:
    """Give staged files to a case, in the caller's transaction; those that have one stay with it."""
    staged = file.c.id.in_(list(ids)) & file.c.number.is_(None)
    await connection.execute(update(file).where(staged).values(number=number, staged_until=None))


async def erase_files(connection: AsyncConnection, number: str, word: str, at: datetime) -> set[str]:
    """Erase names and checksums of a case's files, in the caller's transaction; answers the checksums, whose bytes may
    not be needed any more.
    """
    mine = (file.c.number == number) & file.c.erased_at.is_(None)
    digests = set(await connection.scalars(select(file.c.sha256).where(mine)))
    await connection.execute(update(file).where(mine).values(sha256=None, name=word, erased_at=at))
    return {sha256 for sha256 in digests if sha256}


async def files_of_case(connection: AsyncConnection, number: str) -> Sequence[FileRow]:
    """The files of a case, in the caller's transaction."""
    return [_row(row) for row in (await connection.execute(_of_case(number))).mappings()]


def _of_case(number: str) -> Select[Any]:
    return select(file).where(file.c.number == number).order_by(file.c.uploaded_at, file.c.id)


def _row(row: RowMapping) -> FileRow:
    return FileRow(**{**row, "scan": ScanState(row["scan"])})
