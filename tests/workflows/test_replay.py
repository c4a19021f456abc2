"""Cases live for months: whatever a release before this one began, this one has to be able to go on with."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from starter.demo.stories import STORIES
from worker.process import RUNNER
from workflows.case import CaseWorkflow
from workflows.collaboration import CollaborationWorkflow
from workflows.housekeeping import ReportWorkflow, SweepWorkflow
from workflows.review import ReviewWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_every_story_has_its_history() -> None:
    assert {path.stem for path in HISTORIES} >= {story.key for story in STORIES}


@pytest.fixture(params=HISTORIES, ids=lambda path: path.stem)
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    """One that was kept."""
    path: Path = request.param
    return WorkflowHistory.from_json(path.stem, path.read_text("utf-8"))


async def test_a_case_begun_before_the_upgrade_goes_on_after_it(history: WorkflowHistory) -> None:
    replayer = Replayer(
        workflows=[CaseWorkflow, CollaborationWorkflow, ReviewWorkflow, ReportWorkflow, SweepWorkflow],
        data_converter=pydantic_data_converter,
        workflow_runner=RUNNER,
    )
    result = await replayer.replay_workflow(history)
    assert result.replay_failure is None
