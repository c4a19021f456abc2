"""The `archive` table: which case is archived in which file, and which could not be archived (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.archive.store import StoredFile
from activities.database.database import Database, insert_into
from activities.database.tables import archive, case_record, correction
from activities.rows import read_in_part


@dataclass(frozen=True)
class ArchivedCase:
    """A row of the table; `closed_at` is the case's."""

    number: str
    file: str | None
    sha256: str | None
    size: int | None
    archived_at: datetime | None
    masked_at: datetime | None
    error: str | None
    failed_at: datetime | None
    closed_at: datetime | None
    fault: str | None = None
    """What of it could not be read; that is None here."""

    @property
    def stored(self) -> StoredFile | None:
        """The archived file, None while the case is not archived."""
        if self.archived_at is None or self.file is None or self.sha256 is None or self.size is None:
            return None
        return StoredFile(self.file, self.sha256, self.size)


class Ledger:
    """Reads and writes the table. The methods that write work inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, number: str | None = None) -> Sequence[ArchivedCase]:
        """Everything in it, or what it says of one case; in the order of the numbers."""
        statement = (
            select(archive, case_record.c.closed_at)
            .outerjoin(case_record, case_record.c.number == archive.c.number)
            .order_by(archive.c.number)
        )
        if number is not None:
            statement = statement.where(archive.c.number == number)
        async with self._database.read() as connection:
            return [read_in_part(row, ArchivedCase) for row in (await connection.execute(statement)).mappings()]

    @staticmethod
    async def archived(connection: AsyncConnection, number: str, stored: StoredFile, at: datetime) -> None:
        """Note that the case is in that file now; its customer cannot correct an answer any more."""
        await connection.execute(delete(correction).where(correction.c.number == number))
        await _put(
            connection, number,
            {"file": stored.file, "sha256": stored.sha256, "size": stored.size, "archived_at": at, "error": None,
             "failed_at": None},
        )  # fmt: skip

    @staticmethod
    async def masked(connection: AsyncConnection, number: str, at: datetime) -> None:
        """Note that the personal data of its customer is masked in the database."""
        values = {"masked_at": at, "error": None, "failed_at": None}
        await connection.execute(update(archive).where(archive.c.number == number).values(**values))

    @staticmethod
    async def failed(connection: AsyncConnection, number: str, step: str, error: str, at: datetime) -> bool:
        """Note why it could not be archived or masked (`step`); False when another run has done it meanwhile."""
        done = archive.c.masked_at if step == "mask" else archive.c.archived_at
        statement = insert_into(connection, archive).values(number=number, error=error, failed_at=at)
        written = await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["number"], set_={"error": error, "failed_at": at}, where=done.is_(None)
            )
        )
        return written.rowcount == 1

    @staticmethod
    async def keep_unmasked(connection: AsyncConnection) -> None:
        """Drop failures to mask: the policy masks nothing any more."""
        failed = archive.c.archived_at.is_not(None) & archive.c.failed_at.is_not(None)
        await connection.execute(update(archive).where(failed).values(error=None, failed_at=None))


async def _put(connection: AsyncConnection, number: str, values: dict[str, Any]) -> None:
    statement = insert_into(connection, archive).values(number=number, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=values))
