"""Personal data of an archived case's customer, masked in the database for good (R28).

What reports count stays: dates, type, priority, product, department, people who worked on it, satisfaction. Names and
contacts are replaced as a whole, other texts are masked by `activities.privacy.masking`, rendered messages are deleted:
all of it is in the archived file. The intake key stays, so that a submission sent once more is still the same case.
Masking what is masked changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import (
    case_record,
    outbox,
    registration,
    review,
    review_case,
    review_timeline,
    settlement,
    timeline,
)
from activities.delivery.outbox import GONE
from activities.files.ledger import erase_files
from activities.intake.submission import lookup_columns, supply
from activities.links.store import forget_links
from activities.mailbox.inbox import forget_mails
from activities.privacy.case_masker import CaseMasker
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import Audience


async def mask_case(connection: AsyncConnection, number: str, at: datetime) -> set[str]:
    """Mask what the record knows of a case, in the caller's transaction; answers the checksums of its files, whose
    bytes may not be needed any more.
    """
    form = await connection.scalar(select(registration.c.form).where(registration.c.number == number)) or {}
    entries = (
        await connection.execute(
            select(timeline.c.sequence, timeline.c.kind, timeline.c.detail).where(timeline.c.number == number)
        )
    ).all()
    answers = [entry.detail.get("fields") for entry in entries if entry.kind == EventKind.SUPPLIED.value]
    mask = CaseMasker(form, [supply(form, fields) for fields in answers if isinstance(fields, dict)])
    for sequence, kind, detail in entries:
        if (masked := mask.detail(kind, detail)) != detail:
            place = (timeline.c.number == number, timeline.c.sequence == sequence)
            await connection.execute(update(timeline).where(*place).values(detail=masked))
    hidden = mask.form(form)
    await connection.execute(
        update(registration).where(registration.c.number == number).values(form=hidden, **lookup_columns(hidden))
    )
    for column in (case_record.c.view, settlement.c.body):
        await _mask_document(connection, column, number, mask)
    await _mask_messages(connection, number, mask)
    await forget_links(connection, number)
    await _mask_reviews(connection, number, mask)
    files = await erase_files(connection, number, mask.file, at)
    return files | await forget_mails(connection, number)


async def _mask_reviews(connection: AsyncConnection, number: str, mask: CaseMasker) -> None:
    """What reviews say of this customer; of the other customers of a repeated problem when their time comes."""
    reviews = select(review_case.c.review).where(review_case.c.number == number)
    rows = (
        await connection.execute(select(review.c.id, review.c.subject, review.c.view).where(review.c.id.in_(reviews)))
    ).all()
    for key, subject, view in rows:
        hidden = {"subject": mask.inside(subject), "view": mask.inside(view)}
        await connection.execute(update(review).where(review.c.id == key).values(**hidden))
    entries = (await connection.execute(select(review_timeline).where(review_timeline.c.review.in_(reviews)))).all()
    for entry in entries:
        place = (review_timeline.c.review == entry.review, review_timeline.c.sequence == entry.sequence)
        await connection.execute(update(review_timeline).where(*place).values(detail=mask.inside(entry.detail)))


async def _mask_document(connection: AsyncConnection, column: Any, number: str, mask: CaseMasker) -> None:
    row = column.table.c.number == number
    body = await connection.scalar(select(column).where(row))
    if body is not None and (masked := mask.inside(body)) != body:
        await connection.execute(update(column.table).where(row).values({column.name: masked}))


async def _mask_messages(connection: AsyncConnection, number: str, mask: CaseMasker) -> None:
    own = outbox.c.number == number
    gone: dict[str, Any] = {"subject": GONE, "text": GONE, "html": GONE, "short": GONE}
    gone |= dict.fromkeys(("link", "facts", "others", "tried"))
    await connection.execute(update(outbox).where(own).values(gone))
    to_customer = outbox.c.audience == Audience.CUSTOMER.value
    await connection.execute(update(outbox).where(own, to_customer).values(address="", name=""))
    errors = await connection.execute(select(outbox.c.key, outbox.c.error).where(own, outbox.c.error.is_not(None)))
    for key, error in errors.all():
        await connection.execute(update(outbox).where(outbox.c.key == key).values(error=mask.text(error)))
