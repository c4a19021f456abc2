"""The workflows that Temporal Schedules start: archiving, reports, sweeps (see `worker.temporal.schedules`)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, is_cancelled_exception

from workflows import ports
from workflows.activity_calls import root_cause
from workflows.domain.ids import ARCHIVE, REPORT, SWEEP
from workflows.domain.policy.reports import days_ended
from workflows.domain.time.calendar import Calendar

_ATTEMPT = timedelta(minutes=10)
_HEARTBEAT = timedelta(seconds=30)
"""A worker that dies in the middle is noticed after so long: every case that was looked at is a heartbeat."""
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10))
"""Without end: periodic work may be late, but is not left out."""
_REPORT_HEARTBEAT = timedelta(seconds=10)
_REPORT_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10))
_MAIL_ATTEMPT = timedelta(minutes=2)
_MAIL_TIMEOUT = timedelta(days=3)
"""As long as mails of cases are tried."""
_SWEEP_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
_SWEEP_TIMEOUT = timedelta(minutes=15)
"""Then this sweep has failed, and the next one is due."""
_DUE = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""When the run was due, set by the Schedule: one that comes late is still about the days that were meant."""


@workflow.defn(name=ARCHIVE)
class ArchiveWorkflow:
    """Archives what is due, a portion at a time, and then masks what is due for that (R28)."""

    @workflow.run
    async def run(self, progress: ports.ArchiveRun) -> ports.ArchiveRun:
        """Archive until nothing is left; the answer counts what was done and names what could not be."""
        portions = 0
        while not progress.done:
            if portions == progress.portions:
                workflow.continue_as_new(progress)
            portions += 1
            workflow.set_current_details(progress.summary())
            progress = await workflow.execute_activity(
                ports.archive,
                progress,
                start_to_close_timeout=_ATTEMPT,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_RETRIES,
                summary=progress.summary(),
            )
        workflow.set_current_details(progress.summary())
        return progress


@workflow.defn(name=REPORT)
class ReportWorkflow:
    """Writes the report of the week or month that ended, and mails it to each recipient by itself (R29)."""

    @workflow.run
    async def run(self, order: ports.ReportOrder) -> ports.ReportRun:
        """The answer says where it is and who got it; one who is refused stops no other."""
        due: datetime = workflow.info().typed_search_attributes.get(_DUE, workflow.now())
        days = days_ended(order.kind, Calendar(zone=order.zone).local(due).date())
        report = await workflow.execute_activity(
            ports.write_report,
            days,
            start_to_close_timeout=_ATTEMPT,
            heartbeat_timeout=_REPORT_HEARTBEAT,
            retry_policy=_REPORT_RETRIES,
            summary=f"报告 report {days.first} – {days.last}",
        )
        mailed = await asyncio.gather(
            *(self._mail(ports.ReportMail(days=days, recipient=recipient)) for recipient in report.recipients)
        )
        run = ports.ReportRun(report=report, mailed=tuple(mailed))
        workflow.set_current_details(run.summary())
        workflow.logger.info("report %s; mails: %s", report.name, ", ".join(mail.status for mail in mailed) or "none")
        return run

    async def _mail(self, mail: ports.ReportMail) -> ports.ReportMailed:
        try:
            return await workflow.execute_activity(
                ports.mail_report,
                mail,
                start_to_close_timeout=_MAIL_ATTEMPT,
                schedule_to_close_timeout=_MAIL_TIMEOUT,
                heartbeat_timeout=_REPORT_HEARTBEAT,
                retry_policy=_REPORT_RETRIES,
                summary=f"发送 mail {mail.recipient}"[:60],
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            reason = f"given up: {root_cause(error)}"
            return ports.ReportMailed(recipient=mail.recipient, status="refused", reason=reason)


@workflow.defn(name=SWEEP)
class SweepWorkflow:
    """Looks over the whole installation for what does not go on by itself; it leaves no trace in histories of cases."""

    @workflow.run
    async def run(self, order: ports.SweepOrder) -> ports.SweepRun:
        """Sweep in one activity: begun anew it does no harm, and what it found is in the record. As long as cases are
        left that could not be started yet, another one follows.
        """
        while True:
            run = await workflow.execute_activity(
                ports.sweep,
                order,
                start_to_close_timeout=_ATTEMPT,
                schedule_to_close_timeout=_SWEEP_TIMEOUT,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_SWEEP_RETRIES,
                summary="巡检 sweep",
            )
            workflow.set_current_details(run.summary())
            if not run.left or workflow.info().is_continue_as_new_suggested():
                return run
