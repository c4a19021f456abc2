"""Cases live for months: whatever a release before this one began, this one has to be able to go on with."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from starter.demo.stories.catalogue import STORIES
from worker.process import RUNNER
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.review.workflow import ReviewWorkflow
from workflows.scheduled import ArchiveWorkflow, ReportWorkflow, SweepWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
KINDS = (CaseWorkflow, CollaborationWorkflow, ReviewWorkflow, ReportWorkflow, ArchiveWorkflow, SweepWorkflow)


@workflow.defn(name="Case")
class CarelessCase(CaseWorkflow):
    """A change of the kind that needs a patch and has none: a pause before anything is done."""

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        await workflow.sleep(1)
        return await super().run(start)


def test_every_story_has_its_history() -> None:
    assert {path.stem for path in HISTORIES} >= {story.key for story in STORIES}


def test_every_kind_of_workflow_has_a_history() -> None:
    begun = {kept(path).events[0].workflow_execution_started_event_attributes.workflow_type.name for path in HISTORIES}
    assert begun >= {"Case", "Collaboration", "Review", "Report", "Archive", "Sweep"}


def kept(path: Path) -> WorkflowHistory:
    """With the id it had: what only its own tasks or its case may send is judged by that."""
    history = WorkflowHistory.from_json(path.stem, path.read_text("utf-8"))
    own = history.events[0].workflow_execution_started_event_attributes.workflow_id
    return WorkflowHistory(own, history.events)


@pytest.fixture(params=HISTORIES, ids=lambda path: path.stem)
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    """One that was kept."""
    return kept(request.param)


async def test_a_case_begun_before_the_upgrade_goes_on_after_it(history: WorkflowHistory) -> None:
    replayer = Replayer(workflows=KINDS, data_converter=pydantic_data_converter, workflow_runner=RUNNER)
    result = await replayer.replay_workflow(history)
    assert result.replay_failure is None


async def test_a_change_that_would_stop_open_cases_is_noticed() -> None:
    replayer = Replayer(workflows=[CarelessCase], data_converter=pydantic_data_converter, workflow_runner=RUNNER)
    result = await replayer.replay_workflow(
        kept(HISTORIES[0].with_name("untouched_climbs.json")), raise_on_replay_failure=False
    )
    assert isinstance(result.replay_failure, workflow.NondeterminismError)
