"""Reviews of closed cases as the record has them, and their JSON: read with nothing but the database's driver (R27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord
from activities.review.reading import StoredReview, read_review, review_of
from activities.review.reading import list_reviews as stored_reviews
from activities.rows import FaultyRow, read_rows, sound
from worker.installation.company_time import CompanyTime, RecordSettings
from workflows.domain.problem import Problem
from workflows.domain.review.overdue import find_overdue, next_due

_LISTED = (
    "review", "number", "reason", "department", "product", "type", "subtype", "status", "priority", "author",
    "waits_for", "due", "overdue", "late", "measures", "cases",
)  # fmt: skip
"""Keys that programs find of every review in a list."""


async def describe_review(settings: RecordSettings, number: str, company: CompanyTime) -> dict[str, Any]:
    """The review that covers a case, as `bihuan review show --json` has it: `review_json`, whole.

    Raises:
        Problem: there is no such case, no review covers it, or the database cannot be read.
    """
    review = await read_review(DatabaseUrl.parse(settings.database), number)
    return review_json(review, company, whole=True)


async def list_reviews(
    settings: RecordSettings, company: CompanyTime, *, statuses: Sequence[str] = (), department: str | None = None
) -> list[dict[str, Any]]:
    """Reviews of any of these states (none: of all) as `review_json`: late ones first, then by what is due next,
    those that are over last.

    Raises:
        Problem: the database cannot be read.
    """
    address = DatabaseUrl.parse(settings.database)
    reviews = await stored_reviews(address, statuses=statuses, department=department)
    found = [_listed(review, company) for review in reviews]
    found.sort(key=lambda one: (one["status"] == "done", not one["overdue"], str(one["due"] or "9999")))
    return found


def _listed(review: StoredReview | FaultyRow, company: CompanyTime) -> dict[str, Any]:
    """The review as JSON; of one that cannot be read, its case and why."""
    if not isinstance(review, FaultyRow):
        (shown,) = read_rows([review], lambda one: review_json(one, company, whole=False), name=lambda one: one.number)
        if not isinstance(shown, FaultyRow):
            return shown
        review = shown
    return {**dict.fromkeys(_LISTED), "number": review.name, "fault": review.fault}


def review_json(review: StoredReview, company: CompanyTime, *, whole: bool) -> dict[str, Any]:
    """The review with its times in the company's zone.

    `due` is what is owed next, `overdue` what should have been done by now (what, who, since). `whole` adds
    `covered`, a line about each case, and `timeline`, the review's own.
    """
    overdue = find_overdue(review.view, company.now()) if review.view else []
    due = next_due(review.view) if review.view else None
    shown = company.localized({**review.as_json(), "due": due, "overdue": [asdict(one) for one in overdue]})
    if whole:
        shown["covered"] = company.localized([_covered_case(record) for record in review.covered])
        shown["timeline"] = company.localized(list(review.timeline))
    return dict(shown)


def concerns(review: Mapping[str, Any], person: str | None) -> bool:
    """Whether it waits for that person, or they have one of its measures: such people may be of any department."""
    people = {*(review.get("waits_for") or ()), review.get("author")}
    people |= {one.get("owner") for one in review.get("measures") or ()}
    return person is not None and person in people


async def review_for(settings: RecordSettings, number: str) -> StoredReview | None:
    """The review that covers a case; None also where reviews cannot be read, which must not hide the case."""
    try:
        return await review_of(DatabaseUrl.parse(settings.database), number)
    except Problem:
        return None


async def reviews_by_case(settings: RecordSettings) -> dict[str, StoredReview]:
    """Number of a case -> the review that covers it, the same one as `review_for` answers."""
    try:
        reviews = await stored_reviews(DatabaseUrl.parse(settings.database))
    except Problem:
        return {}
    found: dict[str, StoredReview] = {}
    for review in sound(reversed(reviews)):  # the latest last, so that it stays
        for number in review.cases:
            known = found.get(number)
            if known is None or _rank(review, number) >= _rank(known, number):
                found[number] = review
    return found


def _rank(review: StoredReview, number: str) -> tuple[bool, bool]:
    return (review.row["status"] != "done", review.number == number)


def review_of_case(review: StoredReview, company: CompanyTime) -> dict[str, Any]:
    """What `bihuan show --json` has under `review`."""
    shown = _listed(review, company)
    keys = ("status", "reason", "author", "due", "waits_for", "late", "overdue", "fault")
    return {"id": review.review, **{key: shown[key] for key in keys if key in shown}}


def _covered_case(record: CaseRecord) -> dict[str, Any]:
    view: Mapping[str, Any] = record.view or {}
    keys = ("status", "resolution", "priority", "type", "subtype", "owner", "closed_at")
    return {
        "number": record.number,
        "product": record.form.get("product"),
        "received_at": record.received_at,
        **{key: view.get(key) for key in keys},
    }
