"""A mailbox is watched for as long as it is in the settings, whatever its server does (R42)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from workflows.domain.ids import mailbox_id
from workflows.mailbox import MailboxWorkflow
from workflows.ports import MailboxWatch, MailboxWatched

QUEUE = "mailboxes"


class Watched:
    """Fails `fails` times, then is there for `calls` calls, then is gone from the settings."""

    def __init__(self, *, fails: int = 0, calls: int = 0) -> None:
        self.fails, self.calls, self.asked = fails, calls, 0

    @activity.defn
    async def watch_mailbox(self, watch: MailboxWatch) -> MailboxWatched:
        assert watch.name == "service"
        self.asked += 1
        if self.asked <= self.fails:
            raise ApplicationError("the mailbox refused the login", type="Mailbox")
        return MailboxWatched(taken=1, configured=self.asked <= self.fails + self.calls)


async def run(skipping: WorkflowEnvironment, watched: Watched) -> timedelta:
    """How long its first run went on."""
    client = skipping.client
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[MailboxWorkflow],
        activities=[watched.watch_mailbox],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            MailboxWorkflow.run, MailboxWatch(name="service"), id=mailbox_id("service"), task_queue=QUEUE
        )
        await handle.result()
        # Not the server's time now: until somebody asks for it, it may have skipped on to whatever else is open there.
        ran = await client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id).describe()
        assert ran.close_time is not None
        return ran.close_time - ran.start_time


async def test_a_server_that_is_away_for_days_is_asked_again_every_minute(skipping: WorkflowEnvironment) -> None:
    watched = Watched(fails=100)
    went_on = await run(skipping, watched)

    assert watched.asked == 103
    assert timedelta(hours=1) < went_on < timedelta(hours=12), "and never later and later"


async def test_it_goes_on_in_a_new_run_before_its_history_grows_long(skipping: WorkflowEnvironment) -> None:
    watched = Watched(calls=201)
    await run(skipping, watched)

    assert watched.asked == 204
