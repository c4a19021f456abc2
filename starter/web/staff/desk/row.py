"""One case as a row of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from activities.queries.case_record import CaseRecord
    from starter.web.staff.wording import Wording


@dataclass(frozen=True)
class Row:
    """A line of a list, in words that are short enough for one.

    Attributes:
        due: the next deadline, ISO 8601 with offset; None where none runs.
        clock: what is due then.
        left: how long until then, or how long since.
    """

    number: str
    priority: str
    status: str
    customer: str
    about: str
    owner: str
    department: str
    due: str | None
    clock: str
    left: str
    is_late: bool
    is_escalated: bool


def row_of(shown: Wording, record: CaseRecord) -> Row:
    """The row of a case as it is recorded."""
    case: Mapping[str, Any] = record.view or {}
    # Recorded times are all in UTC.
    running = [one for one in case.get("deadlines") or () if one.get("due")]
    first = min(running, key=lambda one: str(one["due"]), default=None)
    due = str(first["due"]) if first else None
    words = shown.visit.words["desk"]["case"]
    return Row(
        number=record.number,
        priority=str(case.get("priority") or ""),
        status=shown.label("status", str(case["status"])) if case.get("status") else str(words["registered"]),
        customer=shown.customer(record.form),
        about=shown.about(record.form),
        owner=shown.brief_name(case.get("owner")),
        department=shown.department(case.get("department")),
        due=due,
        clock=shown.label("clock", str(first["clock"])) if first else "",
        left=shown.left(due) if due else "",
        is_late=shown.late(due),
        is_escalated=bool(case.get("escalation_level")) and not case.get("acknowledged"),
    )
