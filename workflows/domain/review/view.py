"""Models of a review for everyone outside it: the request it begins with, its report, its view (R27)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from workflows.domain.aggregate_root import Fault
from workflows.domain.clock import Deadline
from workflows.domain.model import Fact, Instant
from workflows.domain.terms import Member, ReviewTerms
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Priority


class ReviewReason(StrEnum):
    """Why cases are reviewed."""

    PRIORITY = "priority"
    REPEATED = "repeated"


class ReviewStatus(StrEnum):
    """How far a review is. `DONE` also when it was ended without a report."""

    WRITING = "writing"
    AWAITING_APPROVAL = "awaiting_approval"
    FOLLOWING = "following"
    """Approved; its corrective actions are followed."""
    DONE = "done"


class CorrectiveAction(Fact):
    """What is to become better, who sees to it, and until when (a `measure` in stored words and JSON keys)."""

    what: str
    owner: str
    due: Instant
    done_at: Instant | None = None
    done_by: str | None = None
    result: str | None = None
    late_at: Instant | None = None


class Findings(Fact):
    """A report as it was handed in."""

    root_cause: str
    what_happened: str | None = None
    """What the author adds to the timeline."""
    by: str
    at: Instant


class ReviewSubject(Fact):
    """What the record says is to be reviewed, when a case has closed."""

    reason: ReviewReason
    cases: tuple[str, ...]
    product: str | None = None
    head: str
    """Of the responsible department."""
    people: dict[str, Member]


class ReviewRequest(Fact):
    """Everything a review begins with. `number`: the case whose closing called for it."""

    number: str
    subject: ReviewSubject
    department: str
    type: str
    subtype: str | None = None
    priority: Priority
    terms: ReviewTerms
    calendar: Calendar
    opened_at: Instant


class ReviewView(Fact):
    """A review as everyone outside sees it: the keys of `bihuan review show --json`, and the database row."""

    review: str
    """Its workflow's id."""
    number: str
    reason: ReviewReason
    cases: tuple[str, ...]
    department: str
    product: str | None
    type: str
    subtype: str | None
    priority: Priority
    status: ReviewStatus
    head: str
    author: str
    approver: str | None = None
    """Who decides on the report that was handed in."""
    waits_for: tuple[str, ...] = ()
    """Who has to act now."""
    findings: Findings | None = None
    measures: tuple[CorrectiveAction, ...] = ()
    returned: int = 0
    escalated_to: str | None = None
    deadlines: tuple[Deadline, ...] = ()
    late: bool = False
    """A deadline was missed, of the report, its approval or a corrective action."""
    opened_at: Instant
    updated_at: Instant
    approved_at: Instant | None = None
    approved_by: str | None = None
    ended_at: Instant | None = None
    ended_because: str | None = None
    faults: tuple[Fault, ...] = ()
    """Where a rule failed, and nobody has seen to it yet."""
    sequence: int = Field(description="of the last event")
