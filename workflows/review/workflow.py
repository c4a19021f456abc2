"""The workflow of a review of closed cases (its rules: `workflows.domain.review.aggregate`)."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import TypedSearchAttributes

from workflows.activity_calls import call
from workflows.domain.clock import Clock
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.event import Event
from workflows.domain.ids import REVIEW
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewRequest, ReviewView
from workflows.domain.terms import Involved, Lookup
from workflows.entity.recorded import RecordedEntity, summary_of
from workflows.ports import Recorded, ReviewRecord, StepMarker, record_review
from workflows.review.display import first_attributes, review_attributes, review_markdown, review_timer_summary
from workflows.review.input import ReviewInput


@workflow.defn(name=REVIEW)
class ReviewWorkflow(RecordedEntity[Review]):
    """One review, from the closing that called for it until its last corrective action is done.

    Its loop is `workflows.entity.entity.Entity._live`.
    """

    _commands = REVIEW_COMMANDS

    @workflow.init
    def __init__(self, start: ReviewInput) -> None:
        super().__init__(start)
        self._start: ReviewInput = start

    @workflow.run
    async def run(self, start: ReviewInput) -> str:
        """Live until done; the answer is why it ended."""
        review = self._aggregate or await self._open(start.request)
        return await self._live(review)

    @workflow.query
    def state(self) -> ReviewView | None:
        """The review as it stands; None before its workflow has begun to run."""
        return self._aggregate.view() if self._aggregate is not None else None

    async def _open(self, request: ReviewRequest) -> Review:
        self._display.begin_with(first_attributes(request))
        began, subject = self._began_at(), request.subject
        known = Involved(people=subject.people, heads={request.department: subject.head})
        facts = await self._people_now(Lookup(number=request.number, at=began, involved=known))
        self._aggregate, events = Review.open(request, began, facts)
        self._unwritten += events
        return self._aggregate

    async def _record(
        self, review: Review, events: Sequence[Event], marker: StepMarker, lookup: Lookup | None
    ) -> Recorded:
        """Everything since the last record, in one transaction."""
        step = ReviewRecord(view=self._seen(review, review.view), events=tuple(events), marker=marker, lookup=lookup)
        return await call(record_review, step, summary=summary_of(events), on_trouble=self._show_trouble)

    async def _follow(self, review: Review, recorded: Recorded) -> None:
        self._deliver(review.request.number, recorded)

    def _ending(self, review: Review) -> str | None:
        return None if review.is_open else str(review.ended_because)

    def _summary(self, review: Review, clock: Clock) -> str:
        return review_timer_summary(review, clock)

    def _attributes(self, review: Review) -> TypedSearchAttributes:
        return review_attributes(review.view())

    def _markdown(self, review: Review, trouble: str | None = None) -> str:
        return review_markdown(review, trouble=trouble)

    def _title(self) -> str:
        return self._start.request.number
