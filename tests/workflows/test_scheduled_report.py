"""The report that comes by itself does not hang on a mail server that is away for good (R29)."""

from __future__ import annotations

import uuid
from datetime import UTC, timedelta

from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from tests.workflows.workers import worker_of
from workflows.domain.formats import Days
from workflows.domain.policy.reports import ReportKind
from workflows.ports import ReportMail, ReportMailed, ReportOrder, WrittenReport
from workflows.scheduled import ReportWorkflow


@activity.defn
async def write_report(days: Days) -> WrittenReport:
    return WrittenReport(days=days, folder="/reports", recipients=("a",))


@activity.defn
async def mail_report(mail: ReportMail) -> ReportMailed:
    raise ConnectionError("the mail server cannot be used: nobody is there")


async def test_a_mail_server_that_stays_away_ends_the_run_after_three_days(skipping: WorkflowEnvironment) -> None:
    queue = uuid.uuid4().hex
    async with worker_of(skipping.client, queue, [write_report, mail_report], [ReportWorkflow]):
        handle = await skipping.client.start_workflow(
            ReportWorkflow.run, ReportOrder(kind=ReportKind.MONTHLY, zone="Asia/Shanghai"), id=queue, task_queue=queue
        )
        run = await handle.result()
        last = [event async for event in handle.fetch_history_events()][-1]
        begun = (await handle.describe()).start_time
    lasted = last.event_time.ToDatetime(UTC) - begun
    assert timedelta(days=2, hours=23) < lasted < timedelta(days=3, hours=1)
    (mail,) = run.mailed
    assert mail.status == "refused"
    assert mail.reason == "given up: ConnectionError: the mail server cannot be used: nobody is there"
