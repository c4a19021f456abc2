"""What still belongs to somebody who is not in the organisation any more (R35)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import case_record, organisation, review
from activities.queries.people import ids_of
from workflows.domain.case.overdue import open_tasks
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import TaskStatus

OWNER = "owner"
"""What somebody who has left still is to a case; otherwise the department whose task they have."""


@dataclass(frozen=True)
class Orphan:
    """Something that belongs to somebody who has left: a case (`what` is `OWNER`), a department's task in it (`what` is
    the department) or its review.
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
    found = [Orphan(*row) for row in await connection.execute(owned.order_by(case_record.c.number))]
    tasks = select(case_record.c.number, case_record.c.view, case_record.c.updated_at).where(
        case_record.c.closed_at.is_(None),
        # So few cases have a task that the text is looked through.
        cast(case_record.c.view, String).like(f'%"status":"{TaskStatus.OPEN.value}"%'),
    )
    found += [
        Orphan(row.number, task["person"], row.updated_at, what=task["department"])
        for row in await connection.execute(tasks)
        for task in open_tasks(row.view)
        if task["person"] and task["person"] not in people
    ]
    reviews = select(review.c.number, review.c.view, review.c.updated_at).where(
        review.c.status != ReviewStatus.DONE.value, review.c.view.is_not(None)
    )
    for row in await connection.execute(reviews):
        gone = [who for who in (row.view or {}).get("waits_for", ()) if who not in people]
        found += [Orphan(row.number, who, row.updated_at, what="review", of_review=True) for who in gone]
    return found


def by_owner(orphans: Iterable[Orphan]) -> dict[str, list[str]]:
    """Who has left -> the open cases they own."""
    found: dict[str, list[str]] = {}
    for one in orphans:
        if one.what == OWNER and not one.of_review:
            found.setdefault(one.who, []).append(one.number)
    return found
