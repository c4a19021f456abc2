"""Periodic work as Temporal Schedules: every worker that starts creates, updates or deletes them as the policy says.

A Schedule goes by the wall clock of the server. Where an installation's time is virtual (a demonstration, a trial at
some speed), its days pass in seconds, and a Schedule would come once in hundreds of them, or never. Such an
installation has none but that of the sweep (`worker.sweep.activity`), which is about crashes of the real world; what
the others do can be done by hand there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from worker.encryption.codec import key_id
from worker.installation.installation import Installation
from worker.temporal.rpc import ADMIN_RPC_TIMEOUT, is_not_found, is_unavailable
from workflows.domain.formats import Weekday
from workflows.domain.ids import ARCHIVE, REPORT
from workflows.domain.model import Fact
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.reports import ReportKind
from workflows.ports import ArchiveRun, ReportOrder

_CATCH_UP = timedelta(days=7)
"""What was missed while the server was down is made up for, once it is back, if it is not older."""
_RETRY_AFTER = timedelta(minutes=1)
_log = logging.getLogger("bihuan.schedules")


@dataclass(frozen=True)
class ScheduledWork:
    """One kind of periodic work, and its Schedule.

    `id` is the Schedule's, and stays; `when` is on the company's wall clock, or every so often, None where the policy
    does not want the work (its Schedule is deleted then); `workflow` is the name of a workflow of
    `workflows.scheduled` that takes `input`; `note` and `summary` are what an operator reads in the Web UI; what was
    missed for no longer than `catch_up` is made up for.
    """

    id: str
    when: ScheduleCalendarSpec | timedelta | None
    workflow: str
    input: Fact
    note: str
    summary: str
    catch_up: timedelta = _CATCH_UP


def scheduled_work(policy: Policy) -> tuple[ScheduledWork, ...]:
    """Everything that is done periodically, wanted or not; one entry a Schedule."""
    archive, report = policy.archive, policy.report
    return (
        _report(policy, ReportKind.WEEKLY, weekly(report.weekly.on, report.weekly.at) if report.weekly else None),
        _report(policy, ReportKind.MONTHLY, monthly(report.monthly.on, report.monthly.at) if report.monthly else None),
        ScheduledWork(
            id="bihuan-archive",
            when=daily(archive.at) if archive.after is not None else None,
            workflow=ARCHIVE,
            input=ArchiveRun(),
            note="把到期的已结案件归档 · archives closed cases that are due (R28)",
            summary="归档 archive",
        ),
    )


def _report(policy: Policy, kind: ReportKind, when: ScheduleCalendarSpec | None) -> ScheduledWork:
    name = {ReportKind.WEEKLY: "周报 weekly", ReportKind.MONTHLY: "月报 monthly"}[kind]
    return ScheduledWork(
        id=f"bihuan-report-{kind.value}",
        when=when,
        workflow=REPORT,
        input=ReportOrder(kind=kind, zone=policy.calendar.zone),
        note=f"客户问题分析报告:{name} · writes the analysis report and mails it (R29)",
        summary=f"分析报告 {name} report",
    )


def weekly(on: Weekday, at: time) -> ScheduleCalendarSpec:
    """Every week on that day at that time."""
    # Temporal's weeks begin on Sunday, with 0.
    return replace(daily(at), day_of_week=(ScheduleRange((on.number + 1) % 7),))


def monthly(on: int, at: time) -> ScheduleCalendarSpec:
    """Every month on that day at that time."""
    return replace(daily(at), day_of_month=(ScheduleRange(on),))


def daily(at: time) -> ScheduleCalendarSpec:
    """Every day at that time."""
    return ScheduleCalendarSpec(hour=(ScheduleRange(at.hour),), minute=(ScheduleRange(at.minute),))


@dataclass(frozen=True)
class Schedules:
    """The Schedules of one installation: `zone` is the company's, `task_queue` its workers'."""

    client: Client
    task_queue: str
    zone: str

    async def apply(self, work: Sequence[ScheduledWork]) -> None:
        """Make the server's Schedules what `work` says. Whether one is paused stays the operators' business.

        Raises:
            RPCError: the server does not answer, or knows no Schedules.
        """
        for one in work:
            if one.when is None:
                await self._delete(one.id)
            else:
                await self._put(one, self._schedule(one, one.when))

    async def _put(self, work: ScheduledWork, wanted: Schedule) -> None:
        try:
            await self.client.create_schedule(work.id, wanted, rpc_timeout=ADMIN_RPC_TIMEOUT)
        except ScheduleAlreadyRunningError:
            await self._update(work, wanted)
        else:
            _log.info("scheduled %s", work.id)

    async def _update(self, work: ScheduledWork, wanted: Schedule) -> None:
        """Only what differs is written: an update makes the server forget what it had to make up for."""

        async def change(given: ScheduleUpdateInput) -> ScheduleUpdate | None:
            known = given.description.schedule
            # Who pauses a Schedule says why in its note.
            state = known.state if known.state.paused else replace(known.state, note=work.note)
            if state == known.state and await self._same(known, wanted):
                return None
            _log.info("scheduled %s anew", work.id)
            return ScheduleUpdate(replace(wanted, state=state))

        await self.client.get_schedule_handle(work.id).update(change, rpc_timeout=ADMIN_RPC_TIMEOUT)

    async def _delete(self, name: str) -> None:
        try:
            await self.client.get_schedule_handle(name).delete(rpc_timeout=ADMIN_RPC_TIMEOUT)
        except RPCError as error:
            if not is_not_found(error):
                raise
        else:
            _log.info("no longer scheduled: %s", name)

    async def _same(self, known: Schedule, wanted: Schedule) -> bool:
        """Compared without what the server fills in, and decoded: no input is encrypted to the same bytes twice.

        One that was encrypted with another key than now is written anew, so that the old key can go one day.
        """
        return (
            await self._keys(known) == await self._keys(wanted)
            and known.spec.time_zone_name == wanted.spec.time_zone_name
            and list(known.spec.calendars) == list(wanted.spec.calendars)
            and [one.every for one in known.spec.intervals] == [one.every for one in wanted.spec.intervals]
            and known.policy == wanted.policy
            and await self._started(known) == await self._started(wanted)
        )

    async def _started(self, schedule: Schedule) -> object:
        """What the Schedule starts, on which task queue, and with which arguments."""
        action = schedule.action
        if not isinstance(action, ScheduleActionStartWorkflow):
            return None
        arguments = await self.client.data_converter.decode(await self._encoded(action))
        return action.workflow, action.id, action.task_queue, arguments

    async def _keys(self, schedule: Schedule) -> list[str | None]:
        action = schedule.action
        return (
            [key_id(one) for one in await self._encoded(action)]
            if isinstance(action, ScheduleActionStartWorkflow)
            else []
        )

    async def _encoded(self, action: ScheduleActionStartWorkflow) -> list[Payload]:
        converter = self.client.data_converter
        return [one if isinstance(one, Payload) else (await converter.encode([one]))[0] for one in action.args]

    def _schedule(self, work: ScheduledWork, when: ScheduleCalendarSpec | timedelta) -> Schedule:
        if isinstance(when, timedelta):
            spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=when)], time_zone_name=self.zone)
        else:
            spec = ScheduleSpec(calendars=[when], time_zone_name=self.zone)
        return Schedule(
            action=ScheduleActionStartWorkflow(
                work.workflow,
                work.input,
                id=work.id,
                task_queue=self.task_queue,
                static_summary=work.summary,
            ),
            spec=spec,
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=work.catch_up),
            state=ScheduleState(note=work.note),
        )


async def keep_schedules(client: Client, installation: Installation) -> None:
    """Apply this installation's Schedules once, however long the server takes to answer; never raises."""
    if not installation.time.is_real:
        _log.info("the time of this installation is virtual: nothing but the sweep is scheduled")
        return
    policy = installation.policy
    schedules = Schedules(client, installation.settings.task_queue, policy.calendar.zone)
    while True:
        try:
            await schedules.apply(scheduled_work(policy))
        except RPCError as error:
            if not is_unavailable(error):
                _log.warning("nothing is scheduled, this server or key does not allow it: %s", error.message)
                return
            _log.warning("Temporal does not answer (%s); schedules are tried again", error.message)
        except Exception:  # noqa: BLE001 - cases are worked on whatever is the matter with the Schedules
            _log.exception("the schedules could not be settled")
            return
        else:
            return
        await asyncio.sleep(_RETRY_AFTER.total_seconds())
