"""The durable shell of a review of closed cases (see `workflows.domain.review.aggregate` for the rules)."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import TypedSearchAttributes

from workflows.domain.ids import REVIEW

with workflow.unsafe.imports_passed_through():
    from workflows.activity_calls import call, deliver_in_background
    from workflows.domain.clock import Clock
    from workflows.domain.commands.review import REVIEW_COMMANDS
    from workflows.domain.event import Event
    from workflows.domain.review.aggregate import Review
    from workflows.domain.review.view import ReviewRequest, ReviewView
    from workflows.entity.recorded import RecordedEntity, summary_of
    from workflows.ports import Delivery, Recorded, ReviewRecord, StepMarker, record_review
    from workflows.review.display import (
        first_attributes,
        review_attributes,
        review_markdown,
        review_timer_summary,
    )
    from workflows.review.input import ReviewInput


@workflow.defn(name=REVIEW)
class ReviewWorkflow(RecordedEntity):
    """One review, from the closing that called for it until its last measure is done."""

    _commands = REVIEW_COMMANDS

    @workflow.init
    def __init__(self, start: ReviewInput) -> None:
        review = start.review
        super().__init__(start, review, start.unrecorded)
        self._start = start
        self._review = review or self._open(start.request)

    @workflow.run
    async def run(self, start: ReviewInput) -> str:  # noqa: ARG002 - taken up by `__init__`, where signals may be first
        """Live until done; the answer is why it ended."""
        return await (self._live(self._review) if self._stamped else self._live_without_stamps(self._review))

    async def _live(self, review: Review) -> str:
        while True:
            recorded, stamp = await self._step(review)
            self._follow(review, recorded)
            if stamp.lookup:
                await self._look_up(review, stamp)
                continue
            self._show()
            if self._said:
                continue
            if not review.is_open:
                if await self._ends():
                    return str(review.ended_because)
            elif self._idle and self._should_continue_as_new():
                await self._continue_as_new()
            else:
                await self._rest(review)

    async def _live_without_stamps(self, review: Review) -> str:
        """As runs go on that began before there were stamps; a replay may stop them."""
        while True:
            if self._outdated and not self._deliveries:
                await self._continue_as_new()
            await self._work(review)
            await self._record(review)
            if self._busy():
                continue
            if not review.is_open:
                await workflow.wait_condition(lambda: not self._deliveries or self._busy())
                if not self._busy():
                    return str(review.ended_because)
            elif self._should_continue_as_new() and not self._deliveries:
                await self._continue_as_new()
            else:
                await self._wait(review)

    @workflow.query
    def state(self) -> ReviewView:
        """The review as it stands."""
        return self._review.view()

    def _open(self, request: ReviewRequest) -> Review:
        # Set by the case that started it: the first change is against these.
        self._shown = first_attributes(request)
        review, events = Review.open(request, self._born() if self._stamped else self._now())
        self._said += events
        self._core = review
        return review

    async def _record(self, review: Review) -> None:
        """Everything since the last record, in one transaction and with one change of search attributes."""
        while self._said:
            events, self._said = tuple(self._said), []
            self._follow(review, await self._write(events, None))
        self._show()

    async def _write(self, events: Sequence[Event], stamp: StepMarker | None) -> Recorded:
        step = ReviewRecord(view=self._review.view(), events=tuple(events), stamp=stamp)
        return await call(record_review, step, summary=summary_of(events), on_trouble=self._show_trouble)

    def _follow(self, review: Review, recorded: Recorded) -> None:
        """Deliver what nobody else does."""
        if recorded.undelivered:
            delivery = Delivery(number=review.request.number, keys=recorded.undelivered)
            deliver_in_background(self._deliveries, delivery)

    def _summary(self, clock: Clock) -> str:
        return review_timer_summary(self._review, clock)

    def _markdown(self, trouble: str | None = None) -> str:
        return review_markdown(self._review, trouble=trouble)

    def _attributes(self) -> TypedSearchAttributes:
        return review_attributes(self._review.view())

    def _carried(self) -> ReviewInput:
        return self._start.model_copy(update={"review": self._review, "unrecorded": tuple(self._said)})
