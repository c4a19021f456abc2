"""One case as the database knows it, read with nothing but the driver: `bihuan show` has to be quick."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from activities.database.url import READING, DatabaseUrl
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from workflows.domain.model import Json

_CASE = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM registration AS r LEFT JOIN case_record AS c ON c.number = r.number
WHERE r.number = $1
"""
_TIMELINE = "SELECT sequence, at, kind, by, detail, recorded_at FROM timeline WHERE number = $1 ORDER BY sequence"


@dataclass(frozen=True)
class CaseRecord:
    """A registered case. `view` holds the keys of CaseView, None until a worker opened the case.

    `form` is the intake form as it stands now. An entry of `timeline` has sequence, at, kind, by, detail and
    recorded_at, its times in ISO 8601 with offset.
    """

    number: str
    channel: str
    received_at: datetime
    started_at: datetime | None
    form: Json
    view: Json | None
    timeline: tuple[Json, ...] = field(default=())

    @classmethod
    def archived(cls, dossier: Mapping[str, Any]) -> CaseRecord:
        """The case as its archived file has it (see `activities.archive.document`)."""
        started = dossier["started_at"]
        return cls(
            number=dossier["number"],
            channel=dossier["channel"],
            received_at=instant(dossier["received_at"]),
            started_at=instant(started) if started else None,
            form=dossier["form"],
            view=dossier["case"],
            timeline=tuple(dossier["timeline"]),
        )


async def read_case_record(address: DatabaseUrl, number: str) -> CaseRecord | None:
    """The case of that number with its timeline, or None.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    try:
        found = _from_sqlite(address, number) if address.kind == "sqlite" else await _from_server(address, number)
    except Problem:
        raise
    except Exception as error:
        raise address.unreadable(error, READING) from error
    if found is None:
        return None
    case, entries = found
    return CaseRecord(
        number=case["number"],
        channel=case["channel"],
        received_at=instant(case["received_at"]),
        started_at=instant(case["started_at"]) if case["started_at"] else None,
        form=json.loads(case["form"]),
        view=json.loads(case["view"]) if case["view"] else None,
        timeline=tuple(_entry(entry) for entry in entries),
    )


_Found = tuple[Mapping[str, Any], list[Mapping[str, Any]]] | None


def _from_sqlite(address: DatabaseUrl, number: str) -> _Found:
    if not address.path.is_file():
        raise Problem(f"there is no database file {address.path} yet: start `bihuan up` once")
    parameters = {"1": number}
    with closing(sqlite3.connect(address.path, timeout=READING.total_seconds(), isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        case = connection.execute(_CASE, parameters).fetchone()
        return (dict(case), connection.execute(_TIMELINE, parameters).fetchall()) if case else None


async def _from_server(address: DatabaseUrl, number: str) -> _Found:
    try:
        asyncpg = import_module("asyncpg")
    except ImportError:
        raise Problem("PostgreSQL needs its driver: install bihuan[postgresql]") from None
    connection = await asyncpg.connect(address.dsn, timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            case = await connection.fetchrow(_CASE, number)
            return (case, await connection.fetch(_TIMELINE, number)) if case else None
    finally:
        await connection.close()


def _entry(row: Mapping[str, Any]) -> Json:
    return {
        "sequence": row["sequence"],
        "at": instant(row["at"]).isoformat(),
        "kind": row["kind"],
        "by": row["by"],
        "detail": json.loads(row["detail"]),
        "recorded_at": instant(row["recorded_at"]).isoformat(),
    }


def instant(stored: str | datetime) -> datetime:
    """A time as the driver gives it, in UTC: SQLite keeps the UTC wall clock as text."""
    if isinstance(stored, datetime):
        return stored.astimezone(UTC)
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
