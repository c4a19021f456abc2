"""Server and workers fall, alone and together; intake dies on the way; the next release takes over."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.faults.next_release import NextCaseWorkflow
from tests.faults.server_deaths import Fallen
from worker.process import RUNNER
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.review.workflow import ReviewWorkflow
from workflows.scheduled import ArchiveWorkflow, ReportWorkflow, SweepWorkflow

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(300)]

_HISTORIES = sorted((Path(__file__).parents[1] / "workflows" / "histories").glob("*.json"))
_HOUSEKEEPING = (ArchiveWorkflow, ReportWorkflow, SweepWorkflow)
_LEEWAY = 60.0
"""Seconds for a machine that is busy."""


def test_nothing_is_lost_or_doubled_when_server_and_workers_fall(fallen: Fallen) -> None:
    assert fallen.books.discrepancies == ()
    assert fallen.books.accepted == fallen.books.ended == len(fallen.workers) + len(fallen.codes)


def test_a_customer_whose_submission_died_on_the_way_to_its_case_is_served(fallen: Fallen) -> None:
    # What is registered and not known to run is started by the sweep; what runs already is not started again.
    assert fallen.codes == {"started": -signal.SIGKILL, "registered": -signal.SIGKILL}
    assert fallen.books.discrepancies == ()


def test_escalations_due_during_the_outage_come_late_only_by_it(fallen: Fallen) -> None:
    assert fallen.books.escalations_came == fallen.books.escalations_due >= 1
    assert fallen.books.greatest_lateness < fallen.outage + 10 + _LEEWAY


def test_two_workers_at_once_share_the_cases_and_double_nothing(fallen: Fallen) -> None:
    assert len(set.union(*fallen.workers.values())) >= 3
    assert fallen.books.discrepancies == ()


def test_a_worker_of_the_next_release_takes_over_what_todays_began_and_begins_its_own(fallen: Fallen) -> None:
    assert [fallen.patched[number] for number in fallen.long] == [False] * len(fallen.long)
    assert fallen.patched[fallen.late]
    assert all(len(fallen.workers[number]) >= 2 for number in fallen.long)


@pytest.mark.parametrize("path", _HISTORIES, ids=lambda path: path.stem)
async def test_todays_cases_replay_on_the_next_release(path: Path) -> None:
    history = WorkflowHistory.from_json(path.stem, _read(path))
    replayer = Replayer(
        workflows=[NextCaseWorkflow, CollaborationWorkflow, ReviewWorkflow, *_HOUSEKEEPING],
        data_converter=pydantic_data_converter,
        workflow_runner=RUNNER,
    )
    assert (await replayer.replay_workflow(history)).replay_failure is None


def _read(path: Path) -> str:
    return path.read_text("utf-8")
