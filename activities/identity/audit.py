"""The audit log: only added to, by the database's own word (R45)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.tables import audit
from activities.identity.audit_note import audit_row
from workflows.domain.model import Json
from workflows.domain.vocabulary import AuditKind


@dataclass(frozen=True)
class AuditEntry:
    """What happened: `actor` did it to `subject`."""

    id: int
    at: datetime
    kind: str
    actor: str
    subject: str
    detail: Json

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON, for people and programs."""
        return {**vars(self), "at": self.at.isoformat()}


async def note(
    connection: AsyncConnection, kind: AuditKind, now: datetime, *, actor: str, subject: str, **detail: Any
) -> None:
    """Add an entry in the caller's transaction. No secret belongs in it."""
    await connection.execute(insert(audit).values(**audit_row(kind, now, actor, subject, detail)))


async def read_audit(database: Database, *, limit: int) -> list[AuditEntry]:
    """The latest so many, the earliest of them first."""
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    async with database.read() as connection:
        rows = (await connection.execute(statement)).all()
    return [AuditEntry(row.id, row.at, row.kind, row.actor, row.subject, row.detail) for row in reversed(rows)]
