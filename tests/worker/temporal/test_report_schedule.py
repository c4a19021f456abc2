"""When the report comes by itself, and about which days (R29)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time

import pytest
from temporalio import activity
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleBackfill
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.policy.loading import load_policy
from worker.temporal.schedules import ScheduledWork, Schedules, monthly, scheduled_work, weekly
from workflows.domain.formats import Days, Weekday
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.reports import ReportKind
from workflows.ports import ReportMail, ReportMailed, ReportOrder, ReportRun, WrittenReport
from workflows.scheduled import ReportWorkflow

SHANGHAI = "Asia/Shanghai"


@pytest.fixture
def client(local: WorkflowEnvironment) -> Client:
    return local.client


@activity.defn
async def write_report(days: Days) -> WrittenReport:
    return WrittenReport(days=days, folder="/reports", recipients=("a", "b", "c"))


@activity.defn
async def mail_report(mail: ReportMail) -> ReportMailed:
    if mail.recipient == "a":
        return ReportMailed(recipient="a", status="refused", reason="550 user unknown")
    if mail.recipient == "b":
        raise ApplicationError("this does not pass", non_retryable=True)
    return ReportMailed(recipient=mail.recipient, status="sent")


@asynccontextmanager
async def working(client: Client) -> AsyncIterator[str]:
    """A worker on a task queue of its own."""
    queue = f"reports-{uuid.uuid4().hex[:8]}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[ReportWorkflow],
        activities=[write_report, mail_report],
    ):
        yield queue


@pytest.mark.parametrize(
    ("kind", "when", "due", "days"),
    [
        (
            ReportKind.WEEKLY,
            weekly(Weekday.MONDAY, time(7, 30)),
            datetime(2026, 5, 10, 23, 30, tzinfo=UTC),
            Days(first=date(2026, 5, 4), last=date(2026, 5, 10)),
        ),
        (
            ReportKind.WEEKLY,
            weekly(Weekday.SUNDAY, time(0, 0)),
            datetime(2026, 5, 9, 16, 0, tzinfo=UTC),
            Days(first=date(2026, 4, 27), last=date(2026, 5, 3)),
        ),
        (
            ReportKind.MONTHLY,
            monthly(1, time(7, 45)),
            datetime(2026, 4, 30, 23, 45, tzinfo=UTC),
            Days(first=date(2026, 4, 1), last=date(2026, 4, 30)),
        ),
    ],
)
async def test_a_report_that_comes_late_is_about_the_days_that_were_meant(
    client: Client, kind: ReportKind, when: object, due: datetime, days: Days
) -> None:
    name = f"bihuan-{uuid.uuid4().hex[:8]}"
    async with working(client) as queue:
        schedules = Schedules(client, queue, SHANGHAI)
        work = ScheduledWork(name, when, "Report", ReportOrder(kind=kind, zone=SHANGHAI), "报告", "report")  # type: ignore[arg-type]
        await schedules.apply([work])
        await schedules.apply([work])
        handle = client.get_schedule_handle(name)
        assert (await handle.describe()).info.last_updated_at is None
        await handle.backfill(ScheduleBackfill(start_at=due.replace(second=0), end_at=due.replace(second=30)))
        (action,) = (await handle.describe()).info.recent_actions
        assert isinstance(action.action, ScheduleActionExecutionStartWorkflow)
        run = await client.get_workflow_handle(action.action.workflow_id, result_type=ReportRun).result()
        await handle.delete()
    assert run.report.days == days


async def test_whoever_cannot_be_reached_is_named_and_the_others_get_it(client: Client) -> None:
    async with working(client) as queue:
        run = await client.execute_workflow(
            ReportWorkflow.run,
            ReportOrder(kind=ReportKind.WEEKLY, zone=SHANGHAI),
            id=f"report-{uuid.uuid4().hex[:8]}",
            task_queue=queue,
        )
    assert [mail.status for mail in run.mailed] == ["refused", "refused", "sent"]
    said = "/reports, refused 2, sent 1, a: 550 user unknown, b: given up: this does not pass"
    assert run.summary() == f"{run.report.name}: {said}"


def test_a_policy_that_wants_no_report_has_no_schedule_for_it() -> None:
    shipped = load_policy("standard")
    when = {one.id: one.when for one in scheduled_work(shipped)}
    assert when["bihuan-report-weekly"] == weekly(Weekday.MONDAY, time(7, 30))
    assert when["bihuan-report-monthly"] == monthly(1, time(7, 45))
    without = Policy.model_validate({**shipped.model_dump(mode="json"), "report": {}})
    when = {one.id: one.when for one in scheduled_work(without)}
    assert (when["bihuan-report-weekly"], when["bihuan-report-monthly"]) == (None, None)
