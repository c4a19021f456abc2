"""What a board needs of every open case, kept in memory: only cases that have changed are read again (R49)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from activities.batches import batched
from activities.database.database import Database
from activities.database.reader import Reader, instant
from activities.queries.case_record import CaseRecord
from workflows.domain.case.recorded.overdue import escalated_since, first_deadline, standing_breaches
from workflows.domain.case.recorded.reading import departments_of

if TYPE_CHECKING:
    from workflows.domain.case.recorded.view_json import CaseViewJson

# By an index that holds open cases only; in one text, because thousands of rows cost more to hand over than to read.
STAMPS: Final = {
    "sqlite": """
        SELECT group_concat(number || ' ' || sequence || ' ' || updated_at, char(10)) AS stamps
        FROM case_record WHERE closed_at IS NULL
    """,
    "postgresql": """
        SELECT string_agg(number || ' ' || sequence || ' ' || updated_at, chr(10)) AS stamps
        FROM case_record WHERE closed_at IS NULL
    """,
}
"""Number, sequence and time of each open case as it was recorded last."""
UNSTARTED: Final = "SELECT count(*) AS cases FROM registration WHERE started_at IS NULL"
_CHANGED: Final = """
SELECT c.number, c.priority, c.status, c.department, c.owner, c.escalation_level, c.acknowledged, c.next_due,
    c.updated_at, r.channel, r.received_at, r.started_at, r.form, c.view
FROM case_record AS c JOIN registration AS r ON r.number = c.number
WHERE c.number IN ({places})
"""
_AT_ONCE: Final = 100
"""Cases of one query: what they take to be read holds up whoever else is served."""
_READ_BY: Final = ("owner", "receiver", "follow_up", "escalated_to", "department", "group", "assisting")
_PART_READ_BY: Final = ("department", "person", "asked_by", "escalated_to")


@dataclass(frozen=True)
class OpenCase:
    """A case that a worker has opened and nobody has closed.

    Attributes:
        departments: ids of those concerned: one leads, others assist, or have or had a task in it (R30).
        due: of the deadlines that run, the one that is due first, and `clock`, its name.
        missed_at: the first due time that was missed and is not made good; None where there is none.
        unacknowledged_since: when it was escalated, while nobody has acknowledged that.
        view: of the case's view what says who may read it, for `recorded.reading.may_read`; `form` likewise.
    """

    number: str
    priority: str
    status: str
    owner: str | None
    departments: frozenset[str]
    clock: str | None
    due: datetime | None
    missed_at: datetime | None
    escalated_to: str | None
    unacknowledged_since: datetime | None
    view: Mapping[str, Any]
    form: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> OpenCase:
        """The case from a row; where its view is damaged, the columns say what they can."""
        record = CaseRecord.of(row)
        given = record.form.get("received_by") if isinstance(record.form, dict) else None
        form = {"received_by": given} if isinstance(given, str) else {}
        waits = bool(row["escalation_level"]) and not row["acknowledged"]
        try:
            return cls._read(row, record.view, form, waits=waits)
        except (AttributeError, KeyError, TypeError, ValueError):
            due = instant(row["next_due"]) if row["next_due"] else None
            return cls(
                str(row["number"]), str(row["priority"]), str(row["status"]), row["owner"],
                frozenset(filter(None, [row["department"]])), None, due, None, None,
                instant(row["updated_at"]) if waits else None,
                {"owner": row["owner"], "department": row["department"]}, form,
            )  # fmt: skip

    @classmethod
    def _read(
        cls, row: Mapping[str, Any], view: CaseViewJson | None, form: Mapping[str, Any], *, waits: bool
    ) -> OpenCase:
        if view is None:
            raise ValueError("has no view")
        first, missed = first_deadline(view), standing_breaches(view)
        parts = view.get("collaborations") or []
        told: Mapping[str, Any] = {**view}
        return cls(
            str(row["number"]), str(row["priority"]), str(row["status"]), row["owner"],
            frozenset(departments_of(told)), first["clock"] if first else None,
            datetime.fromisoformat(first["due"]) if first and first["due"] else None,
            datetime.fromisoformat(missed[0]["due"]) if missed else None, view["escalated_to"],
            (escalated_since(view) or instant(row["updated_at"])) if waits else None,
            {**{key: told.get(key) for key in _READ_BY},
             "collaborations": [{key: {**part}.get(key) for key in _PART_READ_BY} for part in parts]},
            form,
        )  # fmt: skip

    def is_late(self, now: datetime) -> bool:
        """Whether a promise was missed and is not made good, or a deadline passed that the case has not acted on."""
        return self.missed_at is not None or (self.due is not None and self.due < now)

    def late_since(self, now: datetime) -> datetime | None:
        """Since when it is late; None where it is not."""
        due, missed = self.due, self.missed_at
        if due is None or due >= now:
            return missed
        return due if missed is None else min(due, missed)


class OpenCases:
    """Reads them, and keeps them for the next time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, OpenCase] = {}

    async def read(self) -> tuple[list[OpenCase], int]:
        """All open cases; and how many registered ones the service has not started yet.

        Raises:
            Problem: the database cannot be read.
        """
        async with self._database.reader() as reader:
            (found,), (unstarted,) = await reader.answers([STAMPS[reader.kind], UNSTARTED])
            stamps = (found["stamps"] or "").splitlines()
            changed = set(stamps).difference(self._known)
            known = self._known
            if changed or len(stamps) != len(known):
                known = {stamp: self._known[stamp] for stamp in stamps if stamp not in changed}
                for some in batched(changed, _AT_ONCE):
                    known |= await self._read(reader, {stamp.partition(" ")[0]: stamp for stamp in some})
        self._known = known
        return list(known.values()), int(unstarted["cases"])

    @staticmethod
    async def _read(reader: Reader, stamps: Mapping[str, str]) -> dict[str, OpenCase]:
        places = ", ".join(f"${place}" for place in range(1, len(stamps) + 1))
        rows = await reader.rows(_CHANGED.format(places=places), *stamps)
        return {stamps[str(row["number"])]: OpenCase.of(row) for row in rows}
