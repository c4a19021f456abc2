"""The sweep activity: takes up what is safe to take up, and reports where record and Temporal disagree."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from activities.delivery.activity import DeliveryActivities
from activities.files.upkeep import FileUpkeep
from activities.policy.in_force import digest
from activities.queries.monitoring.sweeps import Drift, DriftReason, Sweep, keep_sweep
from activities.queries.monitoring.workers import Workers, differences
from activities.recording.activity import StartDeliveries
from worker.installation.installation import Installation
from worker.sweep.comparison import Comparison
from worker.sweep.recovery import Recovery
from worker.temporal.generation import advance_hourly
from worker.temporal.rpc import is_unavailable
from worker.temporal.schedules import ScheduledWork, Schedules
from workflows.domain.ids import SWEEP
from workflows.ports import SweepOrder, SweepRun

SCHEDULE = "bihuan-sweep"
_JUST_WRITTEN = timedelta(seconds=30)
"""A message that is younger than this is on its way."""
_CATCH_UP = timedelta(seconds=10)
"""A sweep that was missed for longer is not made up for: the next one finds the same."""
_RETRY_AFTER = timedelta(seconds=10)
_STARTING = timedelta(minutes=1)
"""Registered cases are started for so long in one sweep: thousands of them hold up nothing else."""
_log = logging.getLogger("bihuan.sweep")
_One = TypeVar("_One")
_Other = TypeVar("_Other")


@dataclass
class _Looked:
    """What a sweep came to, beside the start of what is registered."""

    redelivered: int
    started: int = 0
    found: list[Drift] = field(default_factory=list)


@dataclass
class SweepActivities:
    """The sweep, as the Schedule, a worker that starts, and `bihuan doctor` do it.

    Attributes:
        client: of the server the cases are on.
        installation: whose cases.
        start_deliveries: starts deliveries, as when a step is recorded.
        delivering: delivers what the server does not take.
        upkeep: keeps the files in order; None: nobody does here.
    """

    client: Client
    installation: Installation
    start_deliveries: StartDeliveries
    delivering: DeliveryActivities
    upkeep: FileUpkeep | None = None

    @activity.defn
    async def sweep(self, order: SweepOrder) -> SweepRun:
        """Start and deliver what was left lying, and compare record and Temporal; may be repeated at any time.

        Raises:
            RPCError: Temporal does not answer.
        """
        return (await self.run_sweep(order, mend=True)).run

    async def run_sweep(
        self, order: SweepOrder, *, mend: bool, renumber: bool = False, within: timedelta = _STARTING
    ) -> Sweep:
        """Sweep, and answer what was found; without `mend` nothing is changed, nor kept in the record. `renumber`: as
        in `Recovery`.

        Registered cases are started for as long as `within`, beside everything else.

        Raises:
            RPCError: Temporal does not answer.
        """
        began = datetime.now(UTC)
        skew = (activity.info().started_time - began).total_seconds() if activity.in_activity() else 0.0
        recovery = replace(self._recovery(), mend=mend, renumber=renumber)
        comparison = Comparison(self.client, self.installation)
        backlog, looked = await _beside(recovery.start_registered(within), self._look_over(recovery, comparison))
        looked.found += [
            Drift(number=number, reason=DriftReason.NUMBER_TAKEN, workflow=number, since=datetime.now(UTC))
            for number in recovery.taken
        ]
        policy = self.installation.policy
        if mend:
            await self.installation.keep_policy()
            recovery.faults += await self.upkeep.sweep(began) if self.upkeep is not None else []
        alive = await Workers(self.installation.database).alive(began)
        recovery.faults += [f"{one.what}: {one.way_out}" for one in differences(alive)]
        if fault := self.installation.policy_in_force.fault:
            recovery.faults.append(fault)
        run = SweepRun(
            began=began,
            ended=datetime.now(UTC),
            every=order.every,
            workflows=len(comparison.running),
            started=backlog.started + looked.started,
            left=backlog.left,
            redelivered=looked.redelivered,
            disagreements=len(looked.found),
            skew=skew,
            policy=digest(policy),
            faults=tuple(recovery.faults[:10]),
        )
        if not mend:
            return Sweep(run=run, found=tuple(looked.found))
        await advance_hourly(self.client, self.installation)
        _log.log(logging.WARNING if looked.found or run.faults else logging.DEBUG, "sweep: %s", run.summary())
        return await keep_sweep(self.installation.database, run, looked.found)

    async def _look_over(self, recovery: Recovery, comparison: Comparison) -> _Looked:
        """Everything but the start of what is registered."""
        looked = _Looked(redelivered=await recovery.redeliver(_JUST_WRITTEN))
        try:
            looked.found = await comparison.find_drift()
            looked.started += await recovery.start(comparison.unknown)
            looked.started += await recovery.start_reviews(comparison.unbegun)
        except RPCError as error:
            if is_unavailable(error):
                raise
            recovery.faults.append(f"record and Temporal could not be compared: {error.message}")
        return looked

    async def watch(self) -> None:
        """Create the Schedule for all further sweeps, and take up at once what a crash left; never raises.

        Where Temporal allows no Schedules, this worker sweeps by itself.
        """
        scheduled = await self._retried(self._schedule)
        await self._retried(self._begin)
        every = self.installation.settings.sweep
        while not scheduled:
            await asyncio.sleep(every.total_seconds())
            while await self._retried(self._sweep_alone):
                pass

    async def _begin(self) -> bool:
        recovery = self._recovery()
        await _beside(recovery.start_registered(_STARTING), recovery.redeliver())
        return True

    async def _schedule(self) -> bool:
        every = self.installation.settings.sweep
        work = ScheduledWork(
            id=SCHEDULE,
            when=every,
            workflow=SWEEP,
            input=SweepOrder(every=every.total_seconds()),
            note="巡检:补启动、补投递、核对 · starts and delivers what was left lying, holds record against Temporal",
            summary="巡检 sweep",
            catch_up=_CATCH_UP,
        )
        settings = self.installation.settings
        try:
            await Schedules(self.client, settings.task_queue, "UTC").apply([work])
        except RPCError as error:
            if is_unavailable(error):
                raise
            _log.warning("no Schedule here (%s): this worker sweeps by itself", error.message)
            return False
        return True

    async def _sweep_alone(self) -> bool:
        """Whether another sweep has to follow at once."""
        return bool((await self.sweep(SweepOrder(every=self.installation.settings.sweep.total_seconds()))).left)

    async def _retried(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """Repeat a step until it raises nothing."""
        while True:
            try:
                return await step()
            except RPCError as error:
                _log.warning("Temporal does not answer (%s); tried again in %s s", error.message, _RETRY_AFTER.seconds)
            except Exception:  # noqa: BLE001 - whatever it was, the next time it may go through
                _log.exception("a sweep failed; tried again in %s s", _RETRY_AFTER.seconds)
            await asyncio.sleep(_RETRY_AFTER.total_seconds())

    def _recovery(self) -> Recovery:
        return Recovery(self.client, self.installation, self.start_deliveries, self.delivering)


async def _beside(one: Coroutine[Any, Any, _One], other: Coroutine[Any, Any, _Other]) -> tuple[_One, _Other]:
    """Do both at once; where one fails the other is ended as well, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as together:
            tasks = together.create_task(one), together.create_task(other)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return tasks[0].result(), tasks[1].result()
