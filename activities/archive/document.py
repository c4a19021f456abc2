"""Everything the record knows of one case, as one JSON document: what the archive keeps (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import (
    article,
    case_record,
    outbox,
    registration,
    review,
    review_case,
    review_timeline,
    timeline,
)
from activities.files.ledger import FileRow, files_of_case
from activities.knowledge.article_name import article_key
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import WEBHOOK, ScanState

FORMAT: Final = "bihuan-case/1"
_NOT_OF_THE_CASE: Final = frozenset({"claimed_by", "claimed_until", "reported_at", "facts", "others"})
_INDEX: Final = frozenset({"id", "words", "size"})

CaseDocument = dict[str, Any]
"""`format number channel received_at started_at intake_key form case timeline notifications article reviews
attachments`; times are UTC in ISO 8601. `attachments` holds name, and what of it is in the file: member, size, sha256
(None where only the name is known, and where it is infected); those that the store has also `id`, `type`,
`uploaded_at`, `by`, `via` and `infected`.
"""


async def read_case_document(connection: AsyncConnection, number: str) -> CaseDocument:
    """The case of that number, without its attachments' bytes.

    Raises:
        Problem: there is no such case, or no worker has opened it.
    """
    found = await _rows(
        connection,
        select(registration, case_record.c.view)
        .join(case_record, case_record.c.number == registration.c.number)
        .where(registration.c.number == number),
    )
    if not found:
        raise Problem(f"{number}: there is no such case, or it was never opened")
    case = found[0]
    entries = select(timeline).where(timeline.c.number == number).order_by(timeline.c.sequence)
    # What systems were told stands in the timeline.
    of_people = (outbox.c.number == number, outbox.c.channel != WEBHOOK)
    messages = select(outbox).where(*of_people).order_by(outbox.c.sequence, outbox.c.key)
    articles = await _rows(connection, select(article).where(article.c.number == number))
    form = case["form"] or {}
    return {
        "format": FORMAT,
        "number": number,
        **{name: case[name] for name in ("channel", "received_at", "started_at", "intake_key")},
        "form": form,
        "case": case["view"],
        "timeline": [_without(row, {"number", "position"}) for row in await _rows(connection, entries)],
        "notifications": [_without(row, _NOT_OF_THE_CASE) for row in await _rows(connection, messages)],
        "article": {"key": article_key(articles[0]["id"]), **_without(articles[0], _INDEX)} if articles else None,
        "reviews": await _reviews(connection, number),
        "attachments": _attachments(form, await files_of_case(connection, number)),
    }


def _attachments(form: CaseDocument, files: Sequence[FileRow]) -> list[CaseDocument]:
    """What the store has, then what the form only names."""
    stored = [
        {
            **{key: _plain(getattr(one, key)) for key in ("id", "name", "type", "uploaded_at", "by", "via")},
            "stored": one.sha256,
            "infected": one.scan is ScanState.INFECTED,
        }
        for one in files
    ]
    known = {one.name for one in files}
    return [*stored, *({"name": name} for name in form.get("attachments") or () if name not in known)]


async def _reviews(connection: AsyncConnection, number: str) -> list[CaseDocument]:
    """The reviews the case was in, each with its steps."""
    covering = (
        select(review).join(review_case, review_case.c.review == review.c.id).where(review_case.c.number == number)
    )
    found = await _rows(connection, covering.order_by(review.c.opened_at, review.c.id))
    for one in found:
        steps = select(review_timeline).where(review_timeline.c.review == one["id"])
        one["timeline"] = await _rows(connection, steps.order_by(review_timeline.c.sequence))
    return found


async def _rows(connection: AsyncConnection, statement: Select[Any]) -> list[CaseDocument]:
    rows = (await connection.execute(statement)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _without(row: CaseDocument, names: set[str] | frozenset[str]) -> CaseDocument:
    return {name: value for name, value in row.items() if name not in names}
