"""What is done for the whole installation from time to time; Temporal Schedules start it (see `worker.schedules`)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import ports

_ATTEMPT = timedelta(minutes=10)
_SILENCE = timedelta(seconds=30)
"""A worker that dies in the middle is noticed after so long: every case is a heartbeat."""
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10))
"""Without end: what is periodic may be late, but not left out."""


@workflow.defn(name="Archive")
class ArchiveWorkflow:
    """Archives what is due, a portion at a time, and then masks what is due for that (R28)."""

    @workflow.run
    async def run(self, progress: ports.ArchiveRun) -> ports.ArchiveRun:
        """Until nothing is left; the answer counts what was done and names what could not be."""
        while not progress.done:
            workflow.set_current_details(progress.summary())
            progress = await workflow.execute_activity(
                ports.archive,
                progress,
                start_to_close_timeout=_ATTEMPT,
                heartbeat_timeout=_SILENCE,
                retry_policy=_RETRIES,
                summary=progress.summary(),
            )
            if workflow.info().is_continue_as_new_suggested() and not progress.done:
                workflow.continue_as_new(progress)
        workflow.set_current_details(progress.summary())
        return progress
