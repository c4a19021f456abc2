"""What is open or undelivered according to the record, in batches: the sweep compares it with Temporal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, and_, cast, or_, select

from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration, review, settlement
from activities.delivery.outbox import UNREPORTED
from activities.delivery.status import OutboxStatus
from activities.rows import read_rows, sound
from workflows.domain.case.recorded.overdue import open_tasks
from workflows.domain.case.view import CaseView
from workflows.domain.ids import review_id
from workflows.domain.review.view import ReviewRequest, ReviewStatus, ReviewSubject
from workflows.domain.terms import Settlement
from workflows.domain.vocabulary import Status, TaskStatus

_PORTION = 500


@dataclass(frozen=True)
class CaseRow:
    """A registered case as it was recorded last; only a number where it never was."""

    number: str
    sequence: int | None
    status: str | None
    priority: str | None
    owner: str | None
    due: datetime | None
    updated_at: datetime | None

    @property
    def is_closed(self) -> bool:
        """Whether the record says that it is over."""
        return self.status == Status.CLOSED.value


@dataclass(frozen=True)
class UndeliveredMessage:
    """A message that has not ended, or failed without its case knowing, and is in no delivery's hands."""

    number: str
    key: str


class Inventory:
    """Reads the record in portions, each in a transaction of its own. Times are the cases'."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cases(self, numbers: Sequence[str]) -> dict[str, CaseRow]:
        """The cases of these numbers that are registered."""
        query = select(
            registration.c.number, case_record.c.sequence, case_record.c.status, case_record.c.priority,
            case_record.c.owner, case_record.c.next_due, case_record.c.updated_at,
        ).outerjoin(case_record, case_record.c.number == registration.c.number)  # fmt: skip
        async with self._database.read() as connection:
            rows = await connection.execute(query.where(registration.c.number.in_(numbers)))
            read = read_rows(rows, lambda row: CaseRow(*row), name=lambda row: row.number)
            return {row.number: row for row in sound(read)}

    def open_cases(self, before: datetime) -> AsyncIterator[list[str]]:
        """Numbers of cases that are open and have not changed since `before`."""
        query = select(case_record.c.number).where(
            case_record.c.status != Status.CLOSED.value, case_record.c.updated_at < before
        )
        return self._portions(query, case_record.c.number)

    def unopened(self, started_before: datetime) -> AsyncIterator[list[str]]:
        """Numbers of which nothing was ever recorded, though their workflow was started before that (wall clock)."""
        query = (
            select(registration.c.number)
            .outerjoin(case_record, case_record.c.number == registration.c.number)
            .where(case_record.c.number.is_(None), registration.c.started_at < started_before)
        )
        return self._portions(query, registration.c.number)

    async def open_tasks(self, *, of: Sequence[str] | None = None) -> dict[str, str]:
        """Workflow id -> number of every department's task that is open, in a case that is; `of` these cases only."""
        query = select(case_record.c.number, case_record.c.view).where(
            case_record.c.status != Status.CLOSED.value,
            # So few cases have a task that the text is looked through.
            cast(case_record.c.view, String).like(f'%"status":"{TaskStatus.OPEN.value}"%'),
        )
        if of is not None:
            query = query.where(case_record.c.number.in_(of))
        async with self._database.read() as connection:
            rows = read_rows(
                await connection.execute(query),
                lambda row: {task["workflow_id"]: row.number for task in open_tasks(row.view)},
                name=lambda row: row.number,
            )
            return {workflow: number for tasks in sound(rows) for workflow, number in tasks.items()}

    async def open_reviews(self, before: datetime, *, of: Sequence[str] | None = None) -> dict[str, str]:
        """Workflow id -> number of every review that is not over and has not changed since `before`."""
        query = select(review.c.number).where(review.c.status != ReviewStatus.DONE.value, review.c.updated_at < before)
        if of is not None:
            query = query.where(review.c.number.in_(of))
        async with self._database.read() as connection:
            return {review_id(number): number for number in await connection.scalars(query)}

    async def unbegun_review(self, number: str) -> ReviewRequest | None:
        """What the review that the closing of this case called for begins with; None where it has begun, or where the
        terms of the case say nothing of reviews.
        """
        query = (
            select(review, case_record.c.view.label("closed"), settlement.c.body)
            .join(case_record, case_record.c.number == review.c.number)
            .join(settlement, settlement.c.number == review.c.number)
            .where(review.c.number == number, review.c.view.is_(None), case_record.c.closed_at.is_not(None))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        terms = Settlement.model_validate(row.body).terms if row is not None else None
        if row is None or terms is None or terms.review is None:
            return None
        return ReviewRequest(
            number=number,
            subject=ReviewSubject.model_validate(row.subject),
            department=row.department,
            type=row.type,
            subtype=row.subtype,
            priority=CaseView.model_validate(row.closed).priority,
            terms=terms.review,
            calendar=terms.calendar,
            opened_at=row.opened_at,
        )

    async def unheld(self, before: datetime, now: datetime) -> AsyncIterator[list[UndeliveredMessage]]:
        """Messages written before `before` that wait or whose failure was not reported, or whose delivery's claim ran
        out before `now` (wall clock).
        """
        waits = and_(or_(outbox.c.status == OutboxStatus.PENDING.value, UNREPORTED), outbox.c.created_at <= before)
        dropped = and_(outbox.c.status == OutboxStatus.SENDING.value, outbox.c.claimed_until < now)
        query, last = select(outbox.c.number, outbox.c.key).where(or_(waits, dropped)).order_by(outbox.c.key), ""
        while True:
            async with self._database.read() as connection:
                rows = list(await connection.execute(query.where(outbox.c.key > last).limit(_PORTION)))
            if not rows:
                return
            yield [UndeliveredMessage(row.number, row.key) for row in rows]
            last = rows[-1].key

    async def _portions(self, query: Select[Any], column: Any) -> AsyncIterator[list[str]]:
        last = ""
        while True:
            async with self._database.read() as connection:
                portion = list(await connection.scalars(query.where(column > last).order_by(column).limit(_PORTION)))
            if not portion:
                return
            yield portion
            last = portion[-1]
