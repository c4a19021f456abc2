"""What happened to cases day by day, as their timelines have it: opened, closed, late (R49)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, or_, select

from activities.database.database import Database
from activities.database.tables import SoundJson, case_record, timeline
from workflows.domain.case.rules.deadlines import DUTIES
from workflows.domain.event import EventKind

COUNTED: Final = (EventKind.CREATED, EventKind.CLOSED, EventKind.LAPSED)


@dataclass(frozen=True)
class DayCount:
    """The figures of one day: cases that were opened, that were closed, that missed a promise, each counted once."""

    opened: int = 0
    closed: int = 0
    late: int = 0

    def __add__(self, other: DayCount) -> DayCount:
        return DayCount(self.opened + other.opened, self.closed + other.closed, self.late + other.late)


async def count_days(database: Database, bounds: Sequence[datetime]) -> dict[str | None, list[DayCount]]:
    """The figures of each day from one of `bounds` to the next, by the department that leads the case now.

    Raises:
        Problem: the database cannot be read.
    """
    clock = SoundJson(timeline.c.detail)["clock"].as_string()
    promised = clock.in_([name.value for name in DUTIES])
    # One stretch of `ix_timeline_kind_at` a kind.
    stretches = [
        and_(timeline.c.kind == kind.value, timeline.c.at >= bounds[0], timeline.c.at < bounds[-1]) for kind in COUNTED
    ]
    day: ColumnElement[int] = case(
        *((timeline.c.at < until, literal(place, Integer)) for place, until in enumerate(bounds[1:])),
        else_=literal(len(bounds), Integer),
    )
    wanted: Any = (
        select(
            case_record.c.department, timeline.c.kind, day.label("day"),
            func.count(timeline.c.number.distinct()).label("cases"),
        )
        .join(case_record, case_record.c.number == timeline.c.number)
        .where(or_(*stretches), or_(timeline.c.kind != EventKind.LAPSED.value, promised))
        .group_by(case_record.c.department, timeline.c.kind, "day")
    )  # fmt: skip
    async with database.read() as connection:
        rows = (await connection.execute(wanted)).all()
    found = {(row.department, row.day, row.kind): row.cases for row in rows}
    return {
        department: [
            DayCount(*(found.get((department, place, kind.value), 0) for kind in COUNTED))
            for place in range(len(bounds) - 1)
        ]
        for department in {row.department for row in rows}
    }
