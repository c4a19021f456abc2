"""How a case starts and ends the workflows of its departments' tasks (R18)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ParentClosePolicy

from workflows.case.input import CaseInput
from workflows.collaboration.display import first_attributes
from workflows.collaboration.input import CollaborationInput
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.departments import task_request
from workflows.domain.commands.review import End
from workflows.domain.ids import COLLABORATION, task_workflow_id
from workflows.domain.vocabulary import SYSTEM


async def start_tasks(case: Case, start: CaseInput) -> None:
    """Start what was asked for. A task outlives this run of the case and reports to its number."""
    for task in case.tasks:
        if not task.is_open or task.begun:
            continue
        task.begun = True
        request = task_request(case, task)
        try:
            await workflow.start_child_workflow(
                COLLABORATION,
                CollaborationInput(request=request, time=start.time, continue_after=start.continue_after),
                id=task_workflow_id(case.number, task.department, task.round),
                parent_close_policy=ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=first_attributes(request),
                static_summary=f"协作 {task.department} · {case.priority}"[:180],
            )
        except WorkflowAlreadyStartedError:
            # The case was reset to before it asked: the task it started then goes on.
            workflow.logger.warning("%s: the task of %s runs already", case.number, task.department)


async def end_tasks(case: Case) -> None:
    """End the tasks that are not needed any more; one that has just been answered is over already."""
    for task in case.tasks:
        if not task.to_end:
            continue
        task.to_end = False
        name = task_workflow_id(case.number, task.department, task.round)
        fields = {"command_id": f"{name}:end", "by": SYSTEM, "reason": task.result or "ended"}
        try:
            await workflow.get_external_workflow_handle(name).signal(End.name, fields)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
