"""The histories of what Schedules start: an archive run, a weekly report, a sweep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from tests.workflows.workers import worker_of
from workflows.domain.formats import Days
from workflows.domain.policy.reports import ReportKind
from workflows.ports import (
    ArchiveFailure,
    ArchiveRun,
    ReportMail,
    ReportMailed,
    ReportOrder,
    SweepOrder,
    SweepRun,
    WrittenReport,
)
from workflows.scheduled import ArchiveWorkflow, ReportWorkflow, SweepWorkflow

_QUEUE = "scheduled"
_BEGAN, _ENDED = datetime(2024, 5, 6, 1, 0, tzinfo=UTC), datetime(2024, 5, 6, 1, 1, tzinfo=UTC)


@activity.defn
async def archive(progress: ArchiveRun) -> ArchiveRun:
    """Two cases, one of which fails, then one to be masked."""
    match progress.step, progress.last:
        case "archive", "":
            failure = ArchiveFailure(number="FB202405060002", reason="no space left on device")
            found = {"last": failure.number, "archived": 1, "failed": 1, "failures": (failure,)}
        case "archive", _:
            found = {"step": "mask", "last": ""}
        case _:
            found = {"step": "done", "masked": 1}
    return progress.model_copy(update=found)


@activity.defn
async def write_report(days: Days) -> WrittenReport:
    """For two."""
    return WrittenReport(days=days, folder="/reports", recipients=("director", "boss@example.com"))


@activity.defn
async def mail_report(mail: ReportMail) -> ReportMailed:
    """One gets it."""
    if mail.recipient == "director":
        return ReportMailed(recipient=mail.recipient, status="sent")
    return ReportMailed(recipient=mail.recipient, status="refused", reason="550 user unknown")


@activity.defn
async def sweep(order: SweepOrder) -> SweepRun:
    """One case had no workflow."""
    return SweepRun(began=_BEGAN, ended=_ENDED, every=order.every, workflows=7, started=1)


async def scheduled_histories(client: Client) -> dict[str, WorkflowHistory]:
    """Name of the file -> history."""
    activities: list[Callable[..., Any]] = [archive, write_report, mail_report, sweep]
    async with worker_of(client, _QUEUE, activities, [ArchiveWorkflow, ReportWorkflow, SweepWorkflow]):
        order = ReportOrder(kind=ReportKind.WEEKLY, zone="Asia/Shanghai")
        begun: dict[str, WorkflowHandle[Any, Any]] = {
            "archive_run": await client.start_workflow(
                ArchiveWorkflow.run, ArchiveRun(), id="bihuan-archive", task_queue=_QUEUE
            ),
            "weekly_report": await client.start_workflow(
                ReportWorkflow.run, order, id="bihuan-report-weekly", task_queue=_QUEUE
            ),
            "sweep": await client.start_workflow(
                SweepWorkflow.run, SweepOrder(every=600), id="bihuan-sweep", task_queue=_QUEUE
            ),
        }
        for handle in begun.values():
            await handle.result()
        return {name: await handle.fetch_history() for name, handle in begun.items()}
