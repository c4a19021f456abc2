"""What still belongs to somebody who is not in the organisation any more (R35)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import case_record, organisation, review
from activities.queries.people import ids_of
from activities.rows import read_rows, sound
from workflows.domain.case.recorded.overdue import open_tasks
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import TaskStatus

OWNER, ESCALATION = "owner", "escalation"
"""What somebody who has left still is to a case: its owner, or whom it was escalated to last, who has not answered."""


@dataclass(frozen=True)
class Orphan:
    """Something that waits for somebody who has left: a case (`what` is `OWNER` or `ESCALATION`), a department's task
    in it (`what` is the department) or its review.
    """

    number: str
    who: str
    since: datetime
    """When it changed last."""
    what: str = OWNER
    of_review: bool = False


CASE_COLUMNS: Final = tuple(
    case_record.c[name]
    for name in ("number", "owner", "escalation_level", "acknowledged", "next_due", "updated_at", "view")
)
"""Of an open case, for `orphans_of_cases` and for whoever reads the same rows for more."""
UNACKNOWLEDGED: Final = and_(case_record.c.escalation_level > 0, case_record.c.acknowledged.is_(False))


async def people_in_force(connection: AsyncConnection) -> frozenset[str] | None:
    """The ids of everybody in the organisation; None before one was loaded."""
    latest = select(organisation.c.body).order_by(organisation.c.version.desc()).limit(1)
    body = await connection.scalar(latest)
    return ids_of(body) if body is not None else None


def may_be_orphaned(people: Collection[str]) -> ColumnElement[bool]:
    """A condition for open cases in which somebody may have left; it holds for more than these, never for fewer."""
    return or_(
        and_(case_record.c.owner.is_not(None), case_record.c.owner.not_in(people)),
        UNACKNOWLEDGED,
        # So few cases have a task that the text is looked through.
        cast(case_record.c.view, String).like(f'%"status":"{TaskStatus.OPEN.value}"%'),
    )


async def find_orphans(connection: AsyncConnection) -> list[Orphan]:
    """Everything open that waits for somebody who is not in the organisation in force."""
    people = await people_in_force(connection)
    if people is None:
        return []
    cases = select(*CASE_COLUMNS).where(case_record.c.closed_at.is_(None), may_be_orphaned(people))
    reviews = select(review).where(review.c.status != ReviewStatus.DONE.value)
    return [
        *orphans_of_cases((await connection.execute(cases)).all(), people),
        *orphans_of_reviews(await connection.execute(reviews), people),
    ]


def orphans_of_cases(rows: Sequence[Any], people: Collection[str]) -> Iterator[Orphan]:
    """Orphans of rows of `CASE_COLUMNS`: cases whose owner has left, by their numbers, then tasks and escalations."""
    owned = [Orphan(row.number, row.owner, row.updated_at) for row in rows if row.owner and row.owner not in people]
    yield from sorted(owned, key=lambda one: one.number)
    for of_one in _each(rows, lambda row: _of_tasks(row, people)):
        yield from of_one
    for of_one in _each(rows, lambda row: _of_escalation(row, people)):
        yield from of_one


def orphans_of_reviews(rows: Iterable[Any], people: Collection[str]) -> Iterator[Orphan]:
    """Orphans among rows of reviews that are not over; nobody is asked by one that has not begun."""
    for of_one in _each(rows, lambda row: _of_review(row, people)):
        yield from of_one


def _each(rows: Iterable[Any], read: Callable[[Any], list[Orphan]]) -> Iterator[list[Orphan]]:
    """The rows that can be read; damaged ones are reported elsewhere."""
    return sound(read_rows(rows, read, name=lambda row: row.number))


def _of_tasks(row: Any, people: Collection[str]) -> list[Orphan]:
    gone = [task for task in open_tasks(row.view) if task["person"] and task["person"] not in people]
    return [Orphan(row.number, str(task["person"]), row.updated_at, what=task["department"]) for task in gone]


def _of_escalation(row: Any, people: Collection[str]) -> list[Orphan]:
    if row.escalation_level == 0 or row.acknowledged:
        return []
    to = row.view["escalated_to"]
    return [] if to is None or to in people else [Orphan(row.number, to, row.updated_at, what=ESCALATION)]


def _of_review(row: Any, people: Collection[str]) -> list[Orphan]:
    gone = [who for who in (row.view or {}).get("waits_for", ()) if who not in people]
    return [Orphan(row.number, who, row.updated_at, what="review", of_review=True) for who in gone]


def by_owner(orphans: Iterable[Orphan]) -> dict[str, list[str]]:
    """Who has left -> the open cases they own."""
    found: dict[str, list[str]] = {}
    for one in orphans:
        if one.what == OWNER and not one.of_review:
            found.setdefault(one.who, []).append(one.number)
    return found
