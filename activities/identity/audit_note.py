"""An entry of the audit log, written with the database's driver alone: a command of the console has to be quick."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from activities.database.appending import append_row
from activities.database.url import DatabaseUrl
from workflows.domain.model import Json, one_line
from workflows.domain.vocabulary import AuditKind


async def note_briefly(address: DatabaseUrl, kind: AuditKind, *, actor: str, subject: str, **detail: Any) -> None:
    """Add an entry, now. No secret belongs in it.

    Raises:
        Problem: the database cannot be written now.
    """
    await append_row(address, "audit", audit_row(kind, datetime.now(UTC), actor, subject, detail))


def audit_row(kind: AuditKind, now: datetime, actor: str, subject: str, detail: Json) -> dict[str, Any]:
    """The columns of an entry; names are one line each."""
    return {"at": now, "kind": kind.value, "actor": one_line(actor), "subject": one_line(subject), "detail": detail}
