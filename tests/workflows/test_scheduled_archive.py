"""What the Schedule starts goes on until nothing is left, however much that is and whatever fails on the way (R28)."""

from __future__ import annotations

import uuid

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.workflows.workers import worker_of
from workflows.ports import ArchiveFailure, ArchiveRun
from workflows.scheduled import ArchiveWorkflow


class Company:
    """Has `portions` of ten cases; the database is away whenever `away` says so."""

    def __init__(self, portions: int, away: int = 0) -> None:
        self.portions, self.away, self.asked = portions, away, 0

    @activity.defn
    async def archive(self, progress: ArchiveRun) -> ArchiveRun:
        if self.away:
            self.away -= 1
            raise OSError("the database is away")
        self.asked += 1
        if self.asked > self.portions:
            return progress.model_copy(update={"step": "done"})
        failure = ArchiveFailure(number=f"FB{self.asked}", reason="no space left on device")
        return progress.model_copy(
            update={
                "last": f"FB{self.asked}",
                "archived": progress.archived + 9,
                "failed": progress.failed + 1,
                "failures": (*progress.failures, failure),
            }
        )


async def archived_by(
    environment: WorkflowEnvironment, company: Company, **start: int
) -> tuple[ArchiveRun, WorkflowHandle[ArchiveWorkflow, ArchiveRun]]:
    name = f"archive-{uuid.uuid4().hex[:8]}"
    async with worker_of(environment.client, name, [company.archive], [ArchiveWorkflow]):
        handle = await environment.client.start_workflow(
            ArchiveWorkflow.run, ArchiveRun(**start), id=name, task_queue=name
        )  # fmt: skip
        return await handle.result(), handle


async def test_ten_thousand_cases_do_not_fill_one_history(skipping: WorkflowEnvironment) -> None:
    company = Company(portions=9)
    done, handle = await archived_by(skipping, company, portions=4)
    assert (done.archived, done.failed, company.asked) == (81, 9, 10)
    assert [one.number for one in done.failures] == [f"FB{index}" for index in range(1, 10)]
    last = await skipping.client.get_workflow_handle(handle.id).describe()
    assert last.history_length < 20
    assert last.run_id != handle.first_execution_run_id


async def test_a_night_without_the_database_is_made_good_when_it_is_back(skipping: WorkflowEnvironment) -> None:
    company = Company(portions=1, away=40)
    done, _ = await archived_by(skipping, company)
    assert (done.archived, company.away) == (9, 0)
