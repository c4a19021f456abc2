"""What still belongs to somebody who is not in the organisation any more (R35)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, select
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


async def find_orphans(connection: AsyncConnection) -> list[Orphan]:
    """Everything open that waits for somebody who is not in the organisation in force."""
    latest = select(organisation.c.body).order_by(organisation.c.version.desc()).limit(1)
    body = await connection.scalar(latest)
    if body is None:
        return []
    people = ids_of(body)
    owned = select(case_record.c.number, case_record.c.owner, case_record.c.updated_at).where(
        case_record.c.closed_at.is_(None), case_record.c.owner.is_not(None), case_record.c.owner.not_in(people)
    )
    # Put in order afterwards: in the order of numbers SQLite would look through all cases.
    found = sorted((Orphan(*row) for row in await connection.execute(owned)), key=lambda one: one.number)
    tasks = select(case_record.c.number, case_record.c.view, case_record.c.updated_at).where(
        case_record.c.closed_at.is_(None),
        # So few cases have a task that the text is looked through.
        cast(case_record.c.view, String).like(f'%"status":"{TaskStatus.OPEN.value}"%'),
    )
    for of_one in _each(await connection.execute(tasks), lambda row: _of_tasks(row, people)):
        found += of_one
    escalated = select(case_record.c.number, case_record.c.view, case_record.c.updated_at).where(
        case_record.c.closed_at.is_(None),
        case_record.c.escalation_level > 0,
        case_record.c.acknowledged.is_(False),
    )
    for of_one in _each(await connection.execute(escalated), lambda row: _of_escalation(row, people)):
        found += of_one
    reviews = select(review.c.number, review.c.view, review.c.updated_at).where(
        review.c.status != ReviewStatus.DONE.value, review.c.view.is_not(None)
    )
    for of_one in _each(await connection.execute(reviews), lambda row: _of_review(row, people)):
        found += of_one
    return found


def _each(rows: Iterable[Any], read: Callable[[Any], list[Orphan]]) -> Iterator[list[Orphan]]:
    """Rows that can be read; of the others others tell."""
    return sound(read_rows(rows, read, name=lambda row: row.number))


def _of_tasks(row: Any, people: Collection[str]) -> list[Orphan]:
    gone = [task for task in open_tasks(row.view) if task["person"] and task["person"] not in people]
    return [Orphan(row.number, str(task["person"]), row.updated_at, what=task["department"]) for task in gone]


def _of_escalation(row: Any, people: Collection[str]) -> list[Orphan]:
    to = row.view["escalated_to"]
    return [] if to is None or to in people else [Orphan(row.number, to, row.updated_at, what=ESCALATION)]


def _of_review(row: Any, people: Collection[str]) -> list[Orphan]:
    gone = [who for who in row.view["waits_for"] if who not in people]
    return [Orphan(row.number, who, row.updated_at, what="review", of_review=True) for who in gone]


def by_owner(orphans: Iterable[Orphan]) -> dict[str, list[str]]:
    """Who has left -> the open cases they own."""
    found: dict[str, list[str]] = {}
    for one in orphans:
        if one.what == OWNER and not one.of_review:
            found.setdefault(one.who, []).append(one.number)
    return found
