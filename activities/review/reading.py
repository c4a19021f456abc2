"""Reviews read from the record with the database's driver alone, since showing one has to be quick (R27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activities.database.reader import document, instant, open_reader
from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord, timeline_entry
from activities.rows import FaultyRow, fault_of, read_rows
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from workflows.domain.review.view_json import ReviewViewJson

COVERING = """
FROM review AS r JOIN review_case AS c ON c.review = r.id WHERE c.number = $1
ORDER BY CASE WHEN r.status = 'done' THEN 1 ELSE 0 END, CASE WHEN r.number = $1 THEN 0 ELSE 1 END,
r.opened_at DESC, r.id LIMIT 1
"""
"""The review that a case's number stands for: first one that is not over, then the case's own, then the latest."""

_COLUMNS = (
    "r.id, r.number, r.reason, r.department, r.product, r.type, r.subtype, r.status, r.opened_at, r.subject, r.view"
)
_CASES = """
SELECT g.number, g.channel, g.received_at, g.started_at, g.form, k.view
FROM review_case AS c JOIN registration AS g ON g.number = c.number LEFT JOIN case_record AS k ON k.number = c.number
WHERE c.review = $1 ORDER BY g.received_at, g.number
"""
_ENTRIES = """
SELECT t.number, t.sequence, t.at, t.kind, t."by", t.detail, t.recorded_at
FROM review_case AS c JOIN timeline AS t ON t.number = c.number WHERE c.review = $1 ORDER BY t.number, t.sequence
"""
_OWN_ENTRIES = """
SELECT sequence, at, kind, "by", detail, recorded_at FROM review_timeline WHERE review = $1 ORDER BY sequence
"""


@dataclass(frozen=True)
class StoredReview:
    """A review. `view` holds the keys of ReviewView, None until its workflow recorded a step; `cases` are those it
    covers now, which may be more than when it began.

    `covered` are those cases as they stand, the first received first, and `timeline` is the review's own: both only
    where one review is read.
    """

    review: str
    number: str
    opened_at: datetime
    row: dict[str, Any]
    """What its row says: reason, department, product, type, subtype, status."""
    head: str
    cases: tuple[str, ...]
    view: ReviewViewJson | None
    covered: tuple[CaseRecord, ...] = ()
    timeline: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The keys of ReviewView, those that are not known yet null; times as they are stored, in UTC."""
        unknown: dict[str, Any] = {
            "priority": None, "author": self.head, "approver": None, "waits_for": [self.head], "findings": None,
            "measures": [], "returned": 0, "escalated_to": None, "deadlines": [], "late": False, "approved_at": None,
            "approved_by": None, "ended_at": None, "ended_because": None,
            "updated_at": self.opened_at.isoformat(), "sequence": 0, "faults": [],
        }  # fmt: skip
        plain: dict[str, Any] = {"review": self.review, "number": self.number, "head": self.head, **self.row}
        plain["opened_at"] = self.opened_at.isoformat()
        return {**plain, **unknown, **(self.view or {}), "cases": list(self.cases), "recorded": self.view is not None}


async def read_review(address: DatabaseUrl, number: str) -> StoredReview:
    """The review that covers a case, with everything that belongs to it.

    Raises:
        Problem: there is no such case, no review covers it, nothing of its review is recorded yet, or the database
            cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(f"SELECT {_COLUMNS} {COVERING}", number)
        if not rows:
            known = await reader.rows("SELECT number FROM registration WHERE number = $1", number)
            if not known:
                raise Problem(f"{number}: there is no such case; bihuan list shows the cases")
            raise Problem(f"{number}: no review covers this case; bihuan review list shows the reviews")
        name = rows[0]["id"]
        if not rows[0]["view"]:
            raise Problem(f"{number}: its review {name} is called for, but nobody has begun it: is a worker running?")
        entries: dict[str, list[Mapping[str, Any]]] = {}
        for entry in await reader.rows(_ENTRIES, name):
            entries.setdefault(entry["number"], []).append(entry)
        covered = [CaseRecord.of(row, entries.get(row["number"], ())) for row in await reader.rows(_CASES, name)]
        timeline = [timeline_entry(entry) for entry in await reader.rows(_OWN_ENTRIES, name)]
    return _readable(rows[0], [case.number for case in covered], covered, timeline)


async def list_reviews(
    address: DatabaseUrl, *, statuses: Sequence[str] = (), department: str | None = None
) -> list[StoredReview | FaultyRow]:
    """Reviews of any of these states (none: of all), the latest called for first, without what belongs to them; one
    that cannot be read by the number of its case.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        cases: dict[str, list[str]] = {}
        for row in await reader.rows("SELECT review, number FROM review_case ORDER BY review, number"):
            cases.setdefault(row["review"], []).append(row["number"])
        rows = await reader.rows(
            f"SELECT {_COLUMNS} FROM review AS r WHERE ($1 = '' OR r.department = $1) "  # noqa: S608
            "ORDER BY r.opened_at DESC, r.number DESC",
            department or "",
        )
    wanted = [row for row in rows if not statuses or row["status"] in statuses]
    return list(read_rows(wanted, lambda row: _review(row, cases.get(row["id"], ())), name=lambda row: row["number"]))


async def review_of(address: DatabaseUrl, number: str) -> StoredReview | None:
    """The review that covers a case, as `list_reviews` has it; None where there is none.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(f"SELECT {_COLUMNS} {COVERING}", number)
        if not rows:
            return None
        cases = await reader.rows("SELECT number FROM review_case WHERE review = $1 ORDER BY number", rows[0]["id"])
    return _readable(rows[0], [row["number"] for row in cases])


def _readable(
    row: Mapping[str, Any],
    cases: Sequence[str],
    covered: Sequence[CaseRecord] = (),
    timeline: Sequence[dict[str, Any]] = (),
) -> StoredReview:
    try:
        return _review(row, cases, covered, timeline)
    except Exception as error:
        raise Problem(f"{row['number']}: its review {row['id']} cannot be read: {fault_of(error)}") from error


def _review(
    row: Mapping[str, Any],
    cases: Sequence[str],
    covered: Sequence[CaseRecord] = (),
    timeline: Sequence[dict[str, Any]] = (),
) -> StoredReview:
    return StoredReview(
        review=row["id"],
        number=row["number"],
        opened_at=instant(row["opened_at"]),
        row={key: row[key] for key in ("reason", "department", "product", "type", "subtype", "status")},
        head=document(row["subject"])["head"],
        cases=tuple(cases),
        view=document(row["view"]) if row["view"] else None,
        covered=tuple(covered),
        timeline=tuple(timeline),
    )


async def find_review(address: DatabaseUrl, number: str) -> tuple[str, str] | None:
    """(id, status) of the review that a case's number stands for, or None.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_reader(address) as reader:
        rows = await reader.rows(f"SELECT r.id, r.status {COVERING}", number)
    return (str(rows[0]["id"]), str(rows[0]["status"])) if rows else None
