"""A history played again from its beginning, as a worker does that has not seen it: whether it can, and to what."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from temporalio import workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from worker.process import RUNNER
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.input import CollaborationInput
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.review.input import ReviewInput
from workflows.review.workflow import ReviewWorkflow

_played: list[Any] = []


@workflow.defn(name="Case")
class _Case(CaseWorkflow):
    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start)
        _played.append(self)

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        return await super().run(start)


@workflow.defn(name="Collaboration")
class _Collaboration(CollaborationWorkflow):
    @workflow.init
    def __init__(self, start: CollaborationInput) -> None:
        super().__init__(start)
        _played.append(self)

    @workflow.run
    async def run(self, start: CollaborationInput) -> str:
        return await super().run(start)


@workflow.defn(name="Review")
class _Review(ReviewWorkflow):
    @workflow.init
    def __init__(self, start: ReviewInput) -> None:
        super().__init__(start)
        _played.append(self)

    @workflow.run
    async def run(self, start: ReviewInput) -> str:
        return await super().run(start)


async def play(history: WorkflowHistory) -> BaseModel:
    """What a history comes to, as everybody outside sees it; one at a time.

    Raises:
        temporalio.workflow.NondeterminismError: the workflow does otherwise than it did.
    """
    _played.clear()
    replayer = Replayer(
        workflows=[_Case, _Collaboration, _Review], data_converter=pydantic_data_converter, workflow_runner=RUNNER
    )
    await replayer.replay_workflow(history)
    view: BaseModel = _played[-1].state()
    return view


async def play_all(client: Client, workflow_id: str) -> BaseModel:
    """Every run of a workflow, each by itself; answers what the last one came to."""
    description = (await client.get_workflow_handle(workflow_id).describe()).raw_description
    run_id = description.workflow_execution_info.first_run_id
    while True:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        view = await play(history)
        run_id = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        if not run_id:
            return view
