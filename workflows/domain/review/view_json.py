"""The JSON of a `ReviewView`, as the record keeps it: plain dictionaries, without pydantic.

Times are texts in ISO 8601 with their offset.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from workflows.domain.clock_json import DeadlineJson


class CorrectiveActionJson(TypedDict):
    """A `CorrectiveAction`."""

    what: str
    owner: str
    due: str
    done_at: str | None
    done_by: str | None
    result: str | None
    late_at: str | None


class FindingsJson(TypedDict):
    """The `Findings` of a report."""

    root_cause: str
    what_happened: str | None
    by: str
    at: str


class ReviewViewJson(TypedDict):
    """A `ReviewView`."""

    review: str
    number: str
    reason: str
    cases: list[str]
    department: str
    product: str | None
    type: str
    subtype: str | None
    priority: str
    status: str
    head: str
    author: str
    approver: str | None
    waits_for: list[str]
    findings: FindingsJson | None
    measures: list[CorrectiveActionJson]
    returned: int
    escalated_to: str | None
    deadlines: list[DeadlineJson]
    late: bool
    opened_at: str
    updated_at: str
    approved_at: str | None
    approved_by: str | None
    ended_at: str | None
    ended_because: str | None
    faults: NotRequired[list[dict[str, str]]]
    sequence: int
