"""Personal data of an archived case's customer, masked in the database for good (R28).

What reports count stays: dates, type, priority, product, department, people who worked on it, satisfaction. Names and
contacts are replaced as a whole, other texts are masked by `activities.privacy.masking`, rendered messages are deleted:
all of it is in the archived file. The intake key stays, so that a submission sent once more is still the same case.
Masking what is masked changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

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
from activities.privacy.masking import Mask
from workflows.domain.event import EventKind
from workflows.domain.form_fields import CONTACTS, FIELDS, NAMES
from workflows.domain.model import Json
from workflows.domain.vocabulary import Audience

_PERSONAL: Final = {field.key: field for field in (*NAMES, *CONTACTS)}
_KEPT: Final = frozenset({
    *(field.key for field in FIELDS if field.kept), "before", "after", "department", "group", "owner", "previous", "to",
    "head", "person", "by", "clock", "level", "message", "recipient", "resolution", "score", "satisfaction", "policy",
    "command", "command_id", "number", "workflow_id", "missing",
})  # fmt: skip
"""Keys whose values are ids, words of the program, or what reports count."""
_REASONS: Final = {EventKind.ESCALATED: "why", EventKind.REOPENED: "reason"}
"""Reasons that are words of the program, too."""


class CaseMasker:
    """Masks the texts of one case: by the customer as the form has them now, and as their earlier answers had them."""

    def __init__(self, form: Json, supplied: Sequence[Mapping[str, Any]]) -> None:
        """`supplied` are the `fields` of the customer's answers."""
        self._now = Mask(form)
        self._masks = [self._now, *(Mask(supply(form, fields)) for fields in supplied)]

    @property
    def file(self) -> str:
        """What stands in place of a file's name."""
        return self._now.word("file")

    def text(self, text: str) -> str:
        """Without personal data."""
        for mask in self._masks:
            text = mask(text)
        return text

    def form(self, form: Json) -> Json:
        """A form of the same facts that names nobody."""
        given = form.get("customer")
        customer: dict[str, Any] = given if isinstance(given, dict) else {}
        # No message may ever go to a word in brackets: an address is left empty.
        hidden = {field.name: None if field.channels else self._now.word(field.name) for field in _PERSONAL.values()}
        if not customer.get("company"):
            hidden["company"] = None
        named = form.get("attachments")
        names: Json = {"attachments": [self.file] * len(named)} if isinstance(named, list) else {}
        return {**self.inside(form), "customer": {**customer, **hidden}, **names}

    def detail(self, kind: str, detail: Json) -> Json:
        """An entry of the timeline."""
        reason = _REASONS.get(EventKind(kind)) if kind in set(EventKind) else None
        masked: Json = self.inside(detail)
        if reason in detail:
            masked[reason] = detail[reason]
        fields = detail.get("fields")
        if isinstance(fields, dict):
            masked["fields"] = {key: self._answer(key, value) for key, value in fields.items()}
        files = detail.get("files")
        if isinstance(files, list):
            # A name alone may say who somebody is.
            masked["files"] = [{**one, "name": self.file} for one in files if isinstance(one, dict)]
        return masked

    def inside(self, value: Any) -> Any:
        """Every text in a JSON value, but facts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: item if key in _KEPT else self.inside(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.inside(item) for item in value]
        return value

    def _answer(self, key: str, value: Any) -> Any:
        if key in _PERSONAL:
            return self._now.word(_PERSONAL[key].name)
        return value if key in _KEPT else self.inside(value)


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
    mask = CaseMasker(form, [fields for fields in answers if isinstance(fields, dict)])
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
