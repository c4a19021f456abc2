"""What customers said through the pages, held against the record: each answer once, and none that nobody gave.

The record is held against the histories by the audit, event for event.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import registration, timeline
from tests.faults.customers import Customers
from workflows.domain.provenance import VIA
from workflows.domain.vocabulary import CUSTOMER, EventKind, Resolution, Via

_PAGES = {Via.LINK.value, Via.CODE.value}
_KINDS = {
    EventKind.CONFIRMED: "confirm",
    EventKind.REFUSED: "refuse",
    EventKind.RATED: "rate",
    EventKind.SUPPLIED: "supply",
}


@dataclass(frozen=True)
class Answers:
    """`said` on a page and taken down there, `recorded` of them; `handed_in` through the pages and `registered`;
    `repeated`: why customers did something again, and how often.
    """

    said: int
    recorded: int
    handed_in: int
    registered: int
    repeated: dict[str, int]
    discrepancies: tuple[str, ...]


async def compare_answers(database: Database, customers: Customers) -> Answers:
    """Everything that was said, against everything that the record has by the pages."""
    async with database.read() as connection:
        entries = list(await connection.execute(select(timeline).where(timeline.c.by == CUSTOMER)))
        keys = {
            row.number: row.intake_key
            for row in await connection.execute(select(registration.c.number, registration.c.intake_key))
        }
    recorded = Counter((entry.number, what) for entry in entries if (what := _said(entry)))
    wrong = [
        f"{number}: {what}: {customers.said[number, what]} said on a page, {recorded[number, what]} recorded"
        for number, what in sorted(recorded.keys() | customers.said.keys())
        if customers.said[number, what] != recorded[number, what]
    ]
    by_pages = {number for number, key in keys.items() if key.startswith("web-")}
    wrong += [f"{number}: handed in on a page that knows nothing of it" for number in by_pages - customers.handed_in]
    return Answers(
        said=customers.said.total(),
        recorded=recorded.total(),
        handed_in=len(customers.handed_in),
        registered=len(by_pages),
        repeated={what: count for what, count in sorted(customers.repeated.items()) if count},
        discrepancies=tuple(wrong),
    )


def _said(entry: Any) -> str | None:
    """The command behind an event of the pages; None for other events."""
    if entry.detail.get(VIA) not in _PAGES:
        return None
    if entry.kind == EventKind.CLOSED and entry.detail.get("resolution") == Resolution.WITHDRAWN:
        return "withdraw"
    return _KINDS.get(entry.kind)
