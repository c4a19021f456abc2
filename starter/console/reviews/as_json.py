"""A review as programs get it: the keys of `bihuan review show --json` and `bihuan review list --json` (R27)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord
from activities.queries.lateness import find_late, next_due
from activities.review.reading import StoredReview, list_reviews, review_of
from worker.installation.company_time import CompanyTime, RecordSettings
from workflows.domain.problem import Problem


def review_json(file: StoredReview, company: CompanyTime, *, whole: bool) -> dict[str, Any]:
    """The review with its times in the company's zone.

    `due` is what is owed next, `overdue` what should have been done by now (what, who, since). `whole` adds
    `covered`, a line about each case, and `timeline`, the review's own.
    """
    review = file.as_json()
    late = find_late(review, company.now()) if file.view else []
    shown = company.localized({**review, "due": next_due(review), "overdue": [asdict(one) for one in late]})
    if whole:
        shown["covered"] = company.localized([_case(case) for case in file.covered])
        shown["timeline"] = company.localized(list(file.timeline))
    return dict(shown)


async def review_for(place: RecordSettings, number: str) -> StoredReview | None:
    """The review that covers a case; None also where they cannot be read, which must not hide the case."""
    try:
        return await review_of(DatabaseUrl.parse(place.database), number)
    except Problem:
        return None


async def reviews_by_case(place: RecordSettings) -> dict[str, StoredReview]:
    """Number -> the review that covers it, the same one as `review_for` answers."""
    try:
        files = await list_reviews(DatabaseUrl.parse(place.database))
    except Problem:
        return {}
    found: dict[str, StoredReview] = {}
    for file in reversed(files):  # the latest last, so that it stays
        for number in file.cases:
            known = found.get(number)
            if known is None or _rank(file, number) >= _rank(known, number):
                found[number] = file
    return found


def _rank(file: StoredReview, number: str) -> tuple[bool, bool]:
    return (file.said["status"] != "done", file.number == number)


def review_of_case(file: StoredReview, company: CompanyTime) -> dict[str, Any]:
    """What `bihuan show --json` says of it, under `review`."""
    shown = review_json(file, company, whole=False)
    return {
        "id": shown["review"],
        **{key: shown[key] for key in ("status", "reason", "author", "due", "waits_for", "late", "overdue")},
    }


def _case(case: CaseRecord) -> dict[str, Any]:
    view = case.view or {}
    keys = ("status", "resolution", "priority", "type", "subtype", "owner", "closed_at")
    return {
        "number": case.number,
        "product": case.form.get("product"),
        "received_at": case.received_at,
        **{key: view.get(key) for key in keys},
    }
