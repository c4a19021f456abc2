"""Which closed cases are due for the archive, and which for masking (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select

from activities.database.tables import archive, case_record, outbox, review, review_case
from activities.delivery.outbox import OPEN
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import Status


def held_back() -> ColumnElement[bool]:
    """Whether something still goes on about a closed case: it is neither archived nor masked until that is over.

    One condition a reason, each about `case_record.c.number`.
    """
    undelivered = exists().where(outbox.c.number == case_record.c.number, outbox.c.status.in_(OPEN))
    return or_(undelivered, _being_reviewed())


def being_reviewed(numbers: Sequence[str]) -> Select[tuple[str]]:
    """The cases among these whose review is open."""
    return select(case_record.c.number).where(case_record.c.number.in_(numbers), _being_reviewed())


def _being_reviewed() -> ColumnElement[bool]:
    return exists().where(
        review_case.c.number == case_record.c.number,
        review_case.c.review == review.c.id,
        review.c.status != ReviewStatus.DONE.value,
    )


def due_for_archiving(closed_until: datetime) -> Select[tuple[str]]:
    """Numbers of cases closed by then that are not archived, in their order."""
    return _closed(closed_until).where(archive.c.archived_at.is_(None), ~held_back())


def waiting_for_archiving(closed_until: datetime) -> Select[tuple[str]]:
    """Numbers of cases that would be due but are held back."""
    return _closed(closed_until).where(archive.c.archived_at.is_(None), held_back())


def due_for_masking(closed_until: datetime) -> Select[tuple[str]]:
    """Numbers of archived cases closed by then that are not masked, in their order."""
    return _closed(closed_until).where(archive.c.archived_at.is_not(None), archive.c.masked_at.is_(None), ~held_back())


def _closed(until: datetime) -> Select[tuple[str]]:
    return (
        select(case_record.c.number)
        .outerjoin(archive, archive.c.number == case_record.c.number)
        .where(case_record.c.status == Status.CLOSED.value, case_record.c.closed_at <= until)
        .order_by(case_record.c.number)
    )
