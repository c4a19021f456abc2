"""One recorded case with its timeline, read with the database's driver alone: `bihuan show` has to be quick."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activities.database.reader import Reader, instant, open_reader
from activities.database.url import DatabaseUrl

if TYPE_CHECKING:
    from workflows.domain.case.view_json import CaseViewJson
    from workflows.domain.model import Json

_CASE = """
SELECT r.number, r.channel, r.received_at, r.started_at, r.form, c.view
FROM registration AS r LEFT JOIN case_record AS c ON c.number = r.number
WHERE r.number = $1
"""
_UNSTARTED = "SELECT number FROM registration WHERE number = $1 AND started_at IS NULL"
_TIMELINE = "SELECT sequence, at, kind, by, detail, recorded_at FROM timeline WHERE number = $1 ORDER BY sequence"


@dataclass(frozen=True)
class CaseRecord:
    """A registered case. `view` is the JSON of its CaseView, None until a worker opened the case.

    `form` is the intake form as it stands now. An entry of `timeline` has sequence, at, kind, by, detail and
    recorded_at, its times in ISO 8601 with offset.
    """

    number: str
    channel: str
    received_at: datetime
    started_at: datetime | None
    form: Json
    view: CaseViewJson | None
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


async def is_unstarted(address: DatabaseUrl, number: str) -> bool:
    """Whether it is registered, and its workflow is not known to exist.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    async with open_reader(address) as reader:
        return bool(await reader.rows(_UNSTARTED, number))


async def read_case_record(address: DatabaseUrl, number: str) -> CaseRecord | None:
    """The case of that number with its timeline, or None.

    Raises:
        Problem: the database cannot be opened or reached, or has no tables yet.
    """
    async with open_reader(address) as reader:
        return await case_record_of(reader, number)


async def case_record_of(reader: Reader, number: str) -> CaseRecord | None:
    """The same, where the database is being read already."""
    cases = await reader.rows(_CASE, number)
    return case_of(cases[0], [entry_of(entry) for entry in await reader.rows(_TIMELINE, number)]) if cases else None


def case_of(row: Mapping[str, Any], timeline: Iterable[Json]) -> CaseRecord:
    """The case of a row with number, channel, received_at, started_at, form and view, as the driver answers it."""
    return CaseRecord(
        number=row["number"],
        channel=row["channel"],
        received_at=instant(row["received_at"]),
        started_at=instant(row["started_at"]) if row["started_at"] else None,
        form=json.loads(row["form"]),
        view=json.loads(row["view"]) if row["view"] else None,
        timeline=tuple(timeline),
    )


def entry_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the timeline of a case or review, as `CaseRecord` has it."""
    return {
        "sequence": row["sequence"],
        "at": instant(row["at"]).isoformat(),
        "kind": row["kind"],
        "by": row["by"],
        "detail": json.loads(row["detail"]),
        "recorded_at": instant(row["recorded_at"]).isoformat(),
    }
