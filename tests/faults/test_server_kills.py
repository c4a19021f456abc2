"""Server and workers are killed, alone and together, and intake on its way; the next release goes on with the cases."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.faults.next_release import NextCaseWorkflow
from tests.faults.server_deaths import ServerKills
from tests.workflows.test_replay import kept
from worker.process import RUNNER
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.review.workflow import ReviewWorkflow
from workflows.scheduled import ArchiveWorkflow, ReportWorkflow, SweepWorkflow

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]

_HISTORIES = sorted((Path(__file__).parents[1] / "workflows" / "histories").glob("*.json"))
_HOUSEKEEPING = (ArchiveWorkflow, ReportWorkflow, SweepWorkflow)


def test_nothing_is_lost_or_doubled_when_server_and_workers_are_killed(server_kills: ServerKills) -> None:
    assert server_kills.audit.discrepancies == ()
    assert (
        server_kills.audit.accepted == server_kills.audit.ended == len(server_kills.workers) + len(server_kills.codes)
    )


def test_a_customer_whose_submission_died_on_the_way_to_its_case_is_served(server_kills: ServerKills) -> None:
    # What is registered and not known to run is started by the sweep; what runs already is not started again.
    assert server_kills.codes == {"started": -signal.SIGKILL, "registered": -signal.SIGKILL}
    assert server_kills.audit.discrepancies == ()


def test_escalations_due_during_the_outage_come_with_the_first_step_after_it(server_kills: ServerKills) -> None:
    assert server_kills.audit.escalations_came == server_kills.audit.escalations_due >= 1
    # The audit has found none that a step after its due time passed over.
    assert server_kills.audit.discrepancies == ()


def test_two_workers_concurrently_share_the_cases_and_double_nothing(server_kills: ServerKills) -> None:
    assert len(set.union(*server_kills.workers.values())) >= 3
    assert server_kills.audit.discrepancies == ()


def test_a_worker_of_the_next_release_takes_over_what_todays_began_and_begins_its_own(
    server_kills: ServerKills,
) -> None:
    assert [server_kills.patched[number] for number in server_kills.long] == [False] * len(server_kills.long)
    assert server_kills.patched[server_kills.late]
    assert all(len(server_kills.workers[number]) >= 2 for number in server_kills.long)


@pytest.mark.parametrize("path", _HISTORIES, ids=lambda path: path.stem)
async def test_todays_cases_replay_on_the_next_release(path: Path) -> None:
    history = kept(path)
    replayer = Replayer(
        workflows=[NextCaseWorkflow, CollaborationWorkflow, ReviewWorkflow, *_HOUSEKEEPING],
        data_converter=pydantic_data_converter,
        workflow_runner=RUNNER,
    )
    assert (await replayer.replay_workflow(history)).replay_failure is None
