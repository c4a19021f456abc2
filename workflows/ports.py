"""The activities by name, input and output, and how they are called; what carries them out lives in `activities`."""

from __future__ import annotations

from pydantic import Field
from temporalio import activity

from workflows.domain.event import Event
from workflows.domain.model import Fact
from workflows.domain.review_view import ReviewSubject, ReviewView
from workflows.domain.terms import Consultation, Lookup, ReviewTerms, Settlement
from workflows.domain.view import CaseView


class Record(Fact):
    """Everything that changed in one step of a case, written in one transaction."""

    view: CaseView
    events: tuple[Event, ...]
    review: ReviewTerms | None = None
    """Given with the closing of a case, where that may call for a review (R27)."""


class Recorded(Fact):
    """`undelivered`: outbox keys that nobody else delivers, so the workflow has to."""

    undelivered: tuple[str, ...] = ()
    review: ReviewSubject | None = None
    """What the closing calls for; the review's row is written, its workflow still has to be started."""


class ReviewRecord(Fact):
    """Everything that changed in one step of a review, written in one transaction."""

    view: ReviewView
    events: tuple[Event, ...]


class Delivery(Fact):
    """Outbox rows to deliver."""

    number: str
    keys: tuple[str, ...] = Field(min_length=1)


@activity.defn
async def settle(number: str) -> Settlement:
    """Triage, terms and dispatch of a registered submission; asked again it answers the same (R8-R13)."""
    raise NotImplementedError


@activity.defn
async def consult(lookup: Lookup) -> Consultation:
    """Look up people, departments, types, an owner or the present terms."""
    raise NotImplementedError


@activity.defn
async def record(step: Record) -> Recorded:
    """Write case row, timeline and outbox in one transaction; the same step again changes nothing (R14)."""
    raise NotImplementedError


@activity.defn
async def record_review(step: ReviewRecord) -> Recorded:
    """Write a review's row, timeline and outbox in one transaction; the same step again changes nothing (R27)."""
    raise NotImplementedError


@activity.defn
async def deliver(delivery: Delivery) -> None:
    """Send outbox rows; each that was known to be sent is skipped. Raises while any may still succeed later."""
    raise NotImplementedError
