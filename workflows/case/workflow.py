"""The durable shell of a case: one loop, one timer, every signal kept (see `workflows.domain.case.aggregate` for the rules)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import TypedSearchAttributes

from workflows.domain.ids import CASE

with workflow.unsafe.imports_passed_through():
    from workflows.activity_calls import call, deliver_in_background
    from workflows.case.departments import end_tasks, start_tasks, tasks_pending
    from workflows.case.display import markdown, search_attributes, timer_summary
    from workflows.case.input import CaseInput
    from workflows.case.linked_cases import send_forwards
    from workflows.case.reviews import join_review, start_review
    from workflows.domain.case.aggregate import Case
    from workflows.domain.case.closing import calls_for_review
    from workflows.domain.case.view import CaseView
    from workflows.domain.clock import Clock
    from workflows.domain.commands.case import COMMANDS
    from workflows.domain.event import Event, EventKind
    from workflows.entity.recorded import RecordedEntity, summary_of
    from workflows.ports import Delivery, Record, Recorded, StepMarker, record, settle

_PER_DELIVERY, _PER_FORWARD = 8, 4
"""Events of history for each, about."""


@workflow.defn(name=CASE)
class CaseWorkflow(RecordedEntity):
    """One customer issue, from acceptance until the customer is satisfied."""

    _commands = COMMANDS

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start, start.case, start.unrecorded)
        self._start = start
        self._case = start.case

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        """Live until closed; the answer is how it was resolved."""
        case = self._case or await self._open(start.number)
        return await (self._live(case) if self._stamped else self._live_without_stamps(case))

    async def _live(self, case: Case) -> str:
        while True:
            recorded, stamp = await self._step(case)
            await self._follow(case, recorded)
            if stamp.lookup:
                await self._look_up(case, stamp)
                # Begun before they are recorded: whoever reads of a part can answer it.
                await start_tasks(case, self._start)
                continue
            self._show()
            await start_tasks(case, self._start)
            await end_tasks(case)
            # Told after they are recorded: whoever hears of an answer finds it in the main case.
            await self._forward(case, stamp.at)
            if self._said or tasks_pending(case) or case.forwards:
                continue
            if case.is_closed:
                if await self._ends():
                    return str(case.resolution)
            elif self._idle and self._should_continue_as_new():
                await self._continue_as_new()
            else:
                await self._rest(case)

    async def _live_without_stamps(self, case: Case) -> str:
        """As runs go on that began before there were stamps; a replay may stop them."""
        while True:
            if self._outdated and not self._deliveries:
                await self._continue_as_new()
            await self._work(case)
            # Begun before they are recorded: whoever reads of a part can answer it.
            await start_tasks(case, self._start)
            await self._record(case)
            await end_tasks(case)
            # Told after they are recorded: whoever hears of an answer finds it in the main case.
            await self._forward(case, self._now())
            if self._busy() or tasks_pending(case) or case.forwards:
                continue
            if case.is_closed:
                await workflow.wait_condition(lambda: not self._deliveries or self._busy())
                if not self._busy():
                    return str(case.resolution)
            elif self._should_continue_as_new() and not self._deliveries:
                await self._continue_as_new()
            else:
                await self._wait(case)

    @workflow.query
    def state(self) -> CaseView | None:
        """The case as it stands; None before it is open."""
        return self._case.view() if self._case is not None else None

    async def _open(self, number: str) -> Case:
        settlement = await call(settle, number, summary="分类派发 settle", on_trouble=self._show_trouble)
        case, events = Case.open(number, settlement, self._born() if self._stamped else self._now())
        self._said += events
        self._core = self._case = case
        return case

    async def _record(self, case: Case) -> None:
        """Everything since the last record, in one transaction and with one change of search attributes."""
        while self._said:
            events, self._said = tuple(self._said), []
            await self._follow(case, await self._write(events, None))
        self._show()

    async def _write(self, events: Sequence[Event], stamp: StepMarker | None) -> Recorded:
        assert self._case is not None  # noqa: S101 - steps are a case's
        closes = any(event.kind is EventKind.CLOSED for event in events)
        review = calls_for_review(self._case) if closes else None
        step = Record(view=self._case.view(), events=tuple(events), review=review, stamp=stamp)
        return await call(record, step, summary=summary_of(events), on_trouble=self._show_trouble)

    async def _follow(self, case: Case, recorded: Recorded) -> None:
        """Do what the record of a step calls for."""
        if recorded.undelivered:
            self._spend(_PER_DELIVERY)
            deliver_in_background(self._deliveries, Delivery(number=case.number, keys=recorded.undelivered))
        if recorded.review is not None:
            await start_review(case, recorded.review, self._start)
        if recorded.joined is not None:
            await join_review(case, recorded.joined)

    async def _forward(self, case: Case, at: datetime) -> None:
        for forward in case.forwards:
            self._spend(_PER_FORWARD, len(str(forward.fields)))
        for forward in await send_forwards(case):
            self._said += case.forward_failed(forward, at)

    def _summary(self, clock: Clock) -> str:
        assert self._case is not None  # noqa: S101 - clocks are a case's
        return timer_summary(self._case, clock)

    def _markdown(self, trouble: str | None = None) -> str:
        if self._case is None:
            return f"### {self._start.number}\n\n**故障 trouble:** {trouble}"
        return markdown(self._case, trouble=trouble)

    def _attributes(self) -> TypedSearchAttributes:
        assert self._case is not None  # noqa: S101 - shown once it is open
        return search_attributes(self._case.view())

    def _carried(self) -> CaseInput:
        return self._start.model_copy(update={"case": self._case, "unrecorded": tuple(self._said)})
