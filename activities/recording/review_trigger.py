"""Whether the closing of a case calls for a review, written down in the same transaction as the closing (R27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import insert_into, lock_for_choice
from activities.database.tables import case_record, registration, review, review_case
from workflows.domain.case.view import CaseView
from workflows.domain.ids import review_id
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.review.view import ReviewReason, ReviewStatus, ReviewSubject
from workflows.domain.terms import ReviewTerms
from workflows.domain.vocabulary import Resolution

_NOT_APPROVED = (ReviewStatus.WRITING.value, ReviewStatus.AWAITING_APPROVAL.value)


async def trigger_review(
    connection: AsyncConnection, view: CaseView, terms: ReviewTerms, organisation: Organisation
) -> ReviewSubject | str | None:
    """What is to be reviewed now that this case is closed; the id of a review that runs and covers it; None: nothing.

    Asked again, it answers the same. A case that closes again, since its customer corrected an answer, goes on in the
    review that its first closing called for, and calls for no other once that one is over. A problem is repeated with
    the n-th closed case of one product and subtype that came within the period before this closing; cases that another
    review of repetition has covered are not counted again. A case that closes while such a review is not approved yet
    is added to it.
    """
    own = select(review.c.subject, review.c.status).where(review.c.number == view.number)
    if (known := (await connection.execute(own)).one_or_none()) is not None:
        return None if known.status == ReviewStatus.DONE.value else ReviewSubject.model_validate(known.subject)
    # Two cases of one problem that close at once may not call for two reviews.
    await lock_for_choice(connection)
    joined: str | None = await connection.scalar(
        select(review_case.c.review).where(review_case.c.number == view.number)
    )
    if joined is not None:
        return joined
    product = await _product(connection, view.number)
    cases: Sequence[str] = ()
    if product and view.subtype is not None and terms.repeated is not None:
        running = await connection.scalar(_running(view, product))
        if running is not None:
            await connection.execute(insert(review_case).values(review=running, number=view.number))
            return str(running)
        cases = await _alike(connection, view, terms, product)
    if terms.repeated is not None and len(cases) >= terms.repeated:
        reason = ReviewReason.REPEATED
    elif view.priority in terms.priorities:
        reason, cases = ReviewReason.PRIORITY, (view.number,)
    else:
        return None
    department = organisation.department(view.department or "")
    head = department.head if department else view.owner or organisation.departments[0].head
    subject = ReviewSubject(
        reason=reason,
        cases=tuple(cases),
        product=product or None,
        head=head,
        people=organisation.members_with_superiors([head, *filter(None, [view.owner])]),
    )
    await _write(connection, view, subject)
    return subject


async def _product(connection: AsyncConnection, number: str) -> str:
    form: Json | None = await connection.scalar(select(registration.c.form).where(registration.c.number == number))
    product = (form or {}).get("product")
    return product if isinstance(product, str) else ""


def _running(view: CaseView, product: str) -> Any:
    return select(review.c.id).where(
        review.c.reason == ReviewReason.REPEATED.value,
        review.c.status.in_(_NOT_APPROVED),
        review.c.product == product,
        review.c.type == view.type,
        review.c.subtype == view.subtype,
    )


async def _alike(connection: AsyncConnection, view: CaseView, terms: ReviewTerms, product: str) -> tuple[str, ...]:
    """The closed cases of the same problem within the period, this one included, in the order in which they came."""
    covered = exists().where(
        review_case.c.number == case_record.c.number,
        review_case.c.review == review.c.id,
        review.c.reason == ReviewReason.REPEATED.value,
    )
    found = await connection.scalars(
        select(case_record.c.number)
        .join(registration, registration.c.number == case_record.c.number)
        .where(
            case_record.c.opened_at > (view.closed_at or view.updated_at) - timedelta(seconds=terms.period),
            case_record.c.closed_at.is_not(None),
            case_record.c.type == view.type,
            case_record.c.subtype == view.subtype,
            case_record.c.view["resolution"].as_string() != Resolution.WITHDRAWN.value,
            registration.c.form["product"].as_string() == product,
            ~covered,
        )
        .order_by(case_record.c.opened_at, case_record.c.number)
    )
    return tuple(found)


async def _write(connection: AsyncConnection, view: CaseView, subject: ReviewSubject) -> None:
    name = review_id(view.number)
    at = view.closed_at or view.updated_at
    await connection.execute(
        insert_into(connection, review).values(
            id=name,
            number=view.number,
            reason=subject.reason.value,
            department=view.department or "",
            product=subject.product,
            type=view.type,
            subtype=view.subtype,
            status=ReviewStatus.WRITING.value,
            sequence=0,
            opened_at=at,
            updated_at=at,
            subject=subject.model_dump(mode="json"),
        )
    )
    await connection.execute(insert(review_case), [{"review": name, "number": number} for number in subject.cases])
