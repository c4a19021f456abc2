"""The workflow of a customer issue, from acceptance to the closed loop (rules: `workflows.domain.case.aggregate`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from temporalio import workflow
from temporalio.common import TypedSearchAttributes

from workflows.activity_calls import call
from workflows.case.departments import end_tasks, start_tasks
from workflows.case.display import markdown, search_attributes, timer_summary
from workflows.case.input import CaseInput
from workflows.case.linked_cases import send_forwards
from workflows.case.reviews import join_review, start_review
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.closing import calls_for_review
from workflows.domain.case.view import CaseView
from workflows.domain.clock import Clock
from workflows.domain.commands.case import COMMANDS
from workflows.domain.event import Event, EventKind
from workflows.domain.ids import CASE, INTAKE_MEMO
from workflows.domain.terms import Lookup, ReviewTerms
from workflows.entity.recorded import RecordedEntity, summary_of
from workflows.ports import Record, Recorded, StepMarker, record, settle

_PER_FORWARD = 4
"""Events of history for each signal to another case, about."""
_SENT: Final = {"aggregate": {"forwards"}}
"""Left out of what is kept for a correction: signals that this run sends by itself."""


@workflow.defn(name=CASE)
class CaseWorkflow(RecordedEntity[Case]):
    """One customer issue. Its loop is `workflows.entity.entity.Entity._live`.

    A case that its customer closed by their own hand records, with its last step, the input of a further run: a
    correction starts that run (R39), and until then nothing runs in Temporal. It costs five events more to end such a
    case: a short timer, so that no correction is lost that comes while the last step is being written.
    """

    _commands = COMMANDS

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start)
        self._start: CaseInput = start

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        """Live until closed; the answer is how it was resolved."""
        case = self._aggregate or await self._open(start.number)
        if case.is_closed:  # begun by a correction: people may have changed meanwhile
            await self._renew(case)
        return await self._live(case)

    @workflow.query
    def state(self) -> CaseView | None:
        """The case as it stands; None before it is open."""
        return self._aggregate.view() if self._aggregate is not None else None

    async def _open(self, number: str) -> Case:
        settlement = await call(settle, number, summary="分类派发 settle", on_trouble=self._show_trouble)
        self._aggregate, events = Case.open(number, settlement, self._began_at())
        self._unwritten += events
        return self._aggregate

    async def _record(self, case: Case, events: Sequence[Event], marker: StepMarker, lookup: Lookup | None) -> Recorded:
        """Everything since the last record, in one transaction."""
        closes = any(event.kind is EventKind.CLOSED for event in events)
        review: ReviewTerms | None = None
        with self._guarded(case, "review"):
            review = calls_for_review(case) if closes else None
        intake: str | None = workflow.memo_value(INTAKE_MEMO, default=None)
        kept = self._next_input().model_dump(mode="json", exclude=_SENT) if case.correctable_until else None
        step = Record(
            view=self._seen(case, case.view),
            events=tuple(events),
            marker=marker,
            lookup=lookup,
            review=review,
            intake=intake,
            kept=kept,
        )
        return await call(record, step, summary=summary_of(events), on_trouble=self._show_trouble)

    async def _follow(self, case: Case, recorded: Recorded) -> None:
        self._deliver(case.number, recorded)
        if recorded.review is not None:
            await start_review(case, recorded.review, self._start)
        if recorded.joined is not None:
            await join_review(case, recorded.joined)

    async def _look_up(self, case: Case, marker: StepMarker) -> None:
        await super()._look_up(case, marker)
        # Started before it is recorded that they were asked: whoever reads of a task can answer it.
        with self._guarded(case, "tasks"):
            await start_tasks(case, self._start)

    async def _tell_others(self, case: Case, at: datetime) -> None:
        """Departments whose task is not needed any more, and linked cases."""
        await end_tasks(case)
        # Only now: whoever hears of an answer finds it in the record of this case.
        for forward in case.forwards:
            self._spend(_PER_FORWARD, len(str(forward.fields)))
        for forward in await send_forwards(case):
            self._unwritten += case.forward_failed(forward, at)

    def _ending(self, case: Case) -> str | None:
        return str(case.resolution) if case.is_closed else None

    def _takes_more(self) -> bool:
        return self._aggregate is not None and self._aggregate.correctable_until is not None

    def _summary(self, case: Case, clock: Clock) -> str:
        return timer_summary(case, clock)

    def _attributes(self, case: Case) -> TypedSearchAttributes:
        return search_attributes(case.view())

    def _markdown(self, case: Case, trouble: str | None = None) -> str:
        return markdown(case, trouble=trouble)

    def _title(self) -> str:
        return self._start.number
