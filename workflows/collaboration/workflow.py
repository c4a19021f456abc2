"""The workflow of a department's task in a case (its rules: `workflows.domain.collaboration.aggregate`)."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.collaboration.display import first_attributes, task_attributes, task_markdown, task_timer_summary
from workflows.collaboration.input import CollaborationInput
from workflows.domain.clock import Clock
from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.commands.case import TASK_COMMANDS, TaskReported
from workflows.domain.department_task import TaskReport, TaskRequest, TaskView
from workflows.domain.ids import COLLABORATION, task_workflow_id
from workflows.domain.vocabulary import SYSTEM
from workflows.entity.entity import PER_STEP, Entity
from workflows.ports import StepMarker


@workflow.defn(name=COLLABORATION)
class CollaborationWorkflow(Entity[Collaboration, TaskReport]):
    """One department's task, from being asked until it answers or the case needs it no more.

    It has no row and no timeline of its own: each step is written down by its case, which it reports to by signal.
    Its loop is `workflows.entity.entity.Entity._live`.
    """

    _commands = TASK_COMMANDS

    @workflow.init
    def __init__(self, start: CollaborationInput) -> None:
        super().__init__(start)
        self._start: CollaborationInput = start
        self._deserted = False
        """The case is over, or was terminated by hand: nobody is left to work for."""

    @workflow.run
    async def run(self, start: CollaborationInput) -> str:
        """Live until answered or ended; the answer is how."""
        task = self._aggregate or await self._open(start.request)
        return await self._live(task)

    @workflow.query
    def state(self) -> TaskView | None:
        """The task as it stands; None before somebody was picked."""
        return self._aggregate.view() if self._aggregate is not None else None

    async def _open(self, request: TaskRequest) -> Collaboration:
        self._display.begin_with(first_attributes(request))
        facts = await self._consult(Collaboration.pick(request), "分派 pick")
        self._aggregate, reports = Collaboration.open(request, facts, self._began_at())
        self._unwritten += reports
        return self._aggregate

    async def _step(self, task: Collaboration) -> StepMarker:
        """Judge, and report the outcome to the case, which records it: a task has no record of its own."""
        self._spend(PER_STEP)
        marker = self._judge(task)
        if reports := self._take_unwritten():
            await self._report(task, reports)
        return marker

    async def _report(self, task: Collaboration, reports: Sequence[TaskReport]) -> None:
        """Report everything since the last step to the case, in one signal."""
        request = task.request
        name = task_workflow_id(request.number, request.department, request.round)
        report = TaskReported(
            command_id=f"{name}:{reports[-1].sequence}",
            by=SYSTEM,
            at=reports[-1].at,
            department=request.department,
            round=request.round,
            reports=tuple(reports),
        )
        case = workflow.get_external_workflow_handle(request.number)
        try:
            await case.signal(TaskReported.name, report.model_dump(mode="json"))
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("%s: its case takes no report any more: %s", name, error)
            self._deserted = True

    def _ending(self, task: Collaboration) -> str | None:
        if not task.is_open:
            return str(task.status)
        return "deserted" if self._deserted else None

    async def _may_end(self) -> bool:
        return self._deserted or await super()._may_end()

    def _summary(self, task: Collaboration, clock: Clock) -> str:
        return task_timer_summary(task, clock)

    def _attributes(self, task: Collaboration) -> TypedSearchAttributes:
        return task_attributes(task)

    def _markdown(self, task: Collaboration, trouble: str | None = None) -> str:
        return task_markdown(task, trouble=trouble)

    def _title(self) -> str:
        return f"{self._start.request.number} · {self._start.request.department}"
