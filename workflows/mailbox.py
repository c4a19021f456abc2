"""The workflow that watches one mailbox for as long as it is in the settings (R42)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows import ports
from workflows.domain.ids import MAILBOX

_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Without end: a server that is away for days is asked again every minute."""
_CALLS = 200
"""Of the activity within one run: its history stays short."""
_AWAY = timedelta(minutes=5)
"""Until it is looked again whether the mailbox is back in the settings: workers may have different ones for a while."""
_LOOKS = 3


@workflow.defn(name=MAILBOX)
class MailboxWorkflow:
    """Watches one mailbox, as `bihuan-mailbox-NAME`: so two workers never watch the same one."""

    @workflow.run
    async def run(self, watch: ports.MailboxWatch) -> None:
        """Watch until no worker has the mailbox in its settings; a worker that starts with it begins anew."""
        missing = 0
        for _ in range(_CALLS):
            watched = await workflow.execute_activity(
                ports.watch_mailbox,
                watch,
                start_to_close_timeout=2 * ports.MAILBOX_WATCH,
                heartbeat_timeout=ports.MAILBOX_HEARTBEAT,
                retry_policy=_RETRIES,
                summary=f"邮箱 mailbox {watch.name}"[:60],
            )
            missing = 0 if watched.configured else missing + 1
            if missing == _LOOKS:
                workflow.set_current_details(f"{watch.name}: not in the settings any more")
                return
            if missing:
                await workflow.sleep(_AWAY)
        workflow.continue_as_new(watch)
