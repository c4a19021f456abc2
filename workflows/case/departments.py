"""How a case starts and ends the workflows of its departments' parts."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ParentClosePolicy

from workflows.case.input import CaseInput
from workflows.collaboration.display import first_attributes
from workflows.collaboration.input import CollaborationInput
from workflows.domain.case.aggregate import Case
from workflows.domain.case.departments import task_request
from workflows.domain.ids import COLLABORATION, task_workflow_id
from workflows.domain.vocabulary import SYSTEM
from workflows.entity.input import NEWEST


async def start_tasks(case: Case, start: CaseInput) -> None:
    """Start what was asked for; a part outlives this run of the case and reports to its number."""
    for part in case.tasks:
        if not part.is_open or part.begun:
            continue
        part.begun = True
        request = task_request(case, part)
        try:
            await workflow.start_child_workflow(
                COLLABORATION,
                CollaborationInput(request=request, time=start.time, continue_after=start.continue_after, **NEWEST),
                id=task_workflow_id(case.number, part.department, part.round),
                parent_close_policy=ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=first_attributes(request),
                static_summary=f"协作 {part.department} · {case.priority}"[:180],
            )
        except WorkflowAlreadyStartedError:
            # The case was reset to before it asked: the part of then goes on.
            workflow.logger.warning("%s: the part of %s runs already", case.number, part.department)


def tasks_pending(case: Case) -> bool:
    """Whether a part still has to be started or ended (asked for while a step was being recorded)."""
    return any(part.to_end or (part.is_open and not part.begun) for part in case.tasks)


async def end_tasks(case: Case) -> None:
    """Tell those that are not needed any more; one that has just answered is not there to be told."""
    for part in case.tasks:
        if not part.to_end:
            continue
        part.to_end = False
        name = task_workflow_id(case.number, part.department, part.round)
        ending = {"command_id": f"{name}:end", "by": SYSTEM, "reason": part.result or "ended"}
        try:
            await workflow.get_external_workflow_handle(name).signal("end", ending)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
