"""The durable shell of a department's part in a case (see `workflows.domain.collaboration.aggregate` for the rules)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.domain.ids import COLLABORATION

with workflow.unsafe.imports_passed_through():
    from workflows.activity_calls import call
    from workflows.collaboration.display import (
        first_attributes,
        task_attributes,
        task_markdown,
        task_timer_summary,
    )
    from workflows.collaboration.input import CollaborationInput
    from workflows.domain.clock import Clock
    from workflows.domain.collaboration.aggregate import Collaboration
    from workflows.domain.commands.case import TASK_COMMANDS, TaskReported
    from workflows.domain.department_task import TaskReport, TaskRequest, TaskView
    from workflows.domain.ids import task_workflow_id
    from workflows.domain.terms import Consultation, Lookup
    from workflows.domain.vocabulary import SYSTEM
    from workflows.entity.entity import PER_LOOKUP, Entity
    from workflows.ports import consult


@workflow.defn(name=COLLABORATION)
class CollaborationWorkflow(Entity[TaskReport]):
    """One department's part, from being asked until it answers or the case needs it no more."""

    _commands = TASK_COMMANDS

    @workflow.init
    def __init__(self, start: CollaborationInput) -> None:
        super().__init__(start, start.part, start.unreported)
        self._start = start
        self._part = start.part
        self._deserted = False

    @workflow.run
    async def run(self, start: CollaborationInput) -> str:
        """Live until answered or ended; the answer is how."""
        part = self._part or await self._open(start.request)
        while True:
            if self._outdated:
                await self._continue_as_new()
            await self._work(part)
            await self._report(part)
            if self._deserted or (not part.is_open and not self._busy()):
                return "deserted" if part.is_open else str(part.status)
            if self._should_continue_as_new():
                # Also with signals in hand: they travel along, and steady ones must not keep a run going for ever.
                await self._continue_as_new()
            if not self._busy():
                await self._wait(part)

    @workflow.query
    def state(self) -> TaskView | None:
        """The part as it stands; None before somebody was picked."""
        return self._part.view() if self._part is not None else None

    async def _open(self, request: TaskRequest) -> Collaboration:
        # Set by the case that started it: the first change is against these.
        self._shown = first_attributes(request)
        facts = await self._consult(Collaboration.pick(request), "分派 pick")
        part, reports = Collaboration.open(request, facts, self._now())
        self._said += reports
        self._core = self._part = part
        return part

    async def _report(self, part: Collaboration) -> None:
        """Tell the case everything since the last report, in one signal; the case writes it down."""
        self._show()
        request = part.request
        case = workflow.get_external_workflow_handle(request.number)
        while self._said and not self._deserted:
            reports, self._said = tuple(self._said), []
            name = task_workflow_id(request.number, request.department, request.round)
            told = TaskReported(
                command_id=f"{name}:{reports[-1].sequence}",
                by=SYSTEM,
                at=reports[-1].at,
                department=request.department,
                round=request.round,
                reports=reports,
            )
            try:
                await case.signal(TaskReported.name, told.model_dump(mode="json"))
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                # The case is over, or was terminated by hand: nobody is left to work for.
                workflow.logger.warning("%s: its case takes no report any more: %s", name, error)
                self._deserted = True
        self._show()

    async def _consult(self, lookup: Lookup, summary: str) -> Consultation:
        """Never by a local activity: a part has no record that could say what was judged with its answer."""
        if not self._stamped:
            return await super()._consult(lookup, summary)
        self._spend(PER_LOOKUP)
        return await call(consult, lookup, summary=summary, on_trouble=self._show_trouble, local=False)

    def _woken(self) -> bool:
        return self._busy() or (self._part is not None and not self._part.is_open)

    def _summary(self, clock: Clock) -> str:
        assert self._part is not None  # noqa: S101 - clocks are a part's
        return task_timer_summary(self._part, clock)

    def _markdown(self, trouble: str | None = None) -> str:
        if self._part is None:
            request = self._start.request
            return f"### {request.number} · {request.department}\n\n**故障 trouble:** {trouble}"
        return task_markdown(self._part, trouble=trouble)

    def _attributes(self) -> TypedSearchAttributes:
        assert self._part is not None  # noqa: S101 - shown once it is open
        return task_attributes(self._part)

    def _carried(self) -> CollaborationInput:
        return self._start.model_copy(update={"part": self._part, "unreported": tuple(self._said)})
