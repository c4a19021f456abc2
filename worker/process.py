"""The worker process: builds the Temporal worker, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from worker.composition_root import Activities, build_activities, choose_delivery
from worker.installation.installation import Installation, open_installation
from worker.installation.private_files import open_paths
from worker.installation.settings import Settings
from worker.installation.version import installed_version
from worker.monitoring.health import Phase
from worker.monitoring.presence import keep_present
from worker.monitoring.systemd import notify_service_manager, notify_watchdog
from worker.temporal.connection import connect
from worker.temporal.deployments import deployment_config, warn_if_idle
from worker.temporal.endpoint import Endpoint
from worker.temporal.generation import advance, hold_against
from worker.temporal.mailboxes import keep_mailboxes
from worker.temporal.pollers import Pollers
from worker.temporal.schedules import keep_schedules
from worker.temporal.search_attributes import ensure_search_attributes
from worker.web.monitor import open_monitor
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.problem import Problem
from workflows.mailbox import MailboxWorkflow
from workflows.ports import DELIVERY_HEARTBEAT
from workflows.review.workflow import ReviewWorkflow
from workflows.scheduled import ArchiveWorkflow, ReportWorkflow, SweepWorkflow

DRAIN = timedelta(seconds=10)
"""For tasks in hand to finish after the signal to stop."""
_LAST_CALL = timedelta(seconds=2)
"""For the calls to Temporal at the end; the server may be gone already."""
_STICKY = timedelta(seconds=2)
"""How long a task of a cached workflow waits for its worker before another may take it: short, so that a killed worker
holds up no case."""
_HEARTBEAT_INTERVAL = 0.3 * DELIVERY_HEARTBEAT
"""Heartbeats are sent this often; by default the SDK holds one back until little of the time-out is left."""
RUNNER = UnsandboxedWorkflowRunner()
"""Without the SDK's sandbox, which imports modules again for every workflow and is entered for every payload: more than
a quarter of this process's work. What the sandbox would refuse (clocks, random numbers, files, network) a test looks
for in all modules of `workflows`, also in those that the sandbox would pass through.
"""
_log = logging.getLogger("bihuan.worker")


def build_worker(client: Client, settings: Settings, activities: Activities) -> Worker:
    """A Temporal worker for cases and everything around them."""
    sizes = settings.sizes
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[
            CaseWorkflow,
            CollaborationWorkflow,
            ReviewWorkflow,
            ArchiveWorkflow,
            ReportWorkflow,
            SweepWorkflow,
            MailboxWorkflow,
        ],
        activities=activities.all,
        workflow_runner=RUNNER,
        max_cached_workflows=sizes.cached_workflows,
        max_concurrent_workflow_tasks=sizes.workflow_tasks,
        max_concurrent_activities=sizes.activities,
        max_concurrent_local_activities=sizes.local_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        sticky_queue_schedule_to_start_timeout=_STICKY,
        graceful_shutdown_timeout=DRAIN,
        max_heartbeat_throttle_interval=_HEARTBEAT_INTERVAL,
        deployment_config=deployment_config(settings),
        # Without a build id the SDK hashes every loaded module, which took most of the time of a start.
        build_id=None if settings.build_id else f"bihuan-{installed_version()}",
    )


async def run_worker(
    settings: Settings,
    *,
    ready: Callable[[Installation], None],
    stop: asyncio.Event,
    endpoint: Endpoint | None = None,
    exporter: PrometheusConfig | None = None,
    accept_loss: bool = False,
) -> None:
    """Run until `stop` is set; `ready` is called once the worker polls. Tasks in hand at the end are finished.

    `endpoint` is the embedded server to use, whatever the environment names; `exporter` is where the SDK's core serves
    its own metrics; `accept_loss` serves a record that is older than Temporal all the same.

    Raises:
        Problem: settings, database, organisation or Temporal are not usable, or the record is older than Temporal; one
            line.
    """
    async with (
        open_monitor(settings, exporter) as monitor,
        open_installation(settings, prepare=True) as prepared,
    ):
        for found in open_paths(settings):
            _log.warning("%s; close it with: %s", found.finding, found.todo)
        installation = prepared.for_activities()
        monitor.watch(installation)
        await prepared.settle_organisation()
        await prepared.record_encryption()
        client = await connect(settings, endpoint=endpoint)
        start_deliveries = choose_delivery(client, settings)
        activities = build_activities(client, installation, start_deliveries)
        await _prepare_namespace(client)
        await hold_against(client, prepared, accept_loss=accept_loss)
        await advance(client, prepared)
        worker = build_worker(client, settings, activities)
        running = asyncio.create_task(worker.run())
        sweeping = asyncio.create_task(activities.sweeping.watch())
        schedules = asyncio.create_task(keep_schedules(client, installation))
        mailboxes = asyncio.create_task(keep_mailboxes(client, settings))
        health = asyncio.create_task(monitor.health.watch(Pollers(client, settings.task_queue), installation.database))
        watchdog = asyncio.create_task(notify_watchdog())
        warning = asyncio.create_task(warn_if_idle(client, settings))
        presence = asyncio.create_task(keep_present(installation, client.service_client.config.identity))
        stopping = asyncio.create_task(stop.wait())
        try:
            monitor.health.enter(Phase.RUNNING)
            notify_service_manager("READY=1")
            ready(installation)
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            monitor.health.enter(Phase.ENDED if running.done() else Phase.DRAINING)
            notify_service_manager("STOPPING=1")
            for task in (sweeping, schedules, mailboxes, warning, presence, stopping):
                await _cancel(task)
            try:
                if running.done():
                    _raise_reason(running)
                else:
                    await worker.shutdown()
                    await running
                    # Whatever this worker wrote, a record of before it is older from now on.
                    with suppress(Exception):
                        await advance(client, installation, rpc_timeout=_LAST_CALL)
            finally:
                for task in (health, watchdog):
                    await _cancel(task)


def stop_on_signals() -> asyncio.Event:
    """An event that is set by SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _prepare_namespace(client: Client) -> None:
    try:
        added = await ensure_search_attributes(client)
    except RPCError as error:
        raise Problem(f"namespace {client.namespace} of Temporal cannot be used: {error.message}") from None
    if added:
        _log.info("registered search attributes: %s", ", ".join(added))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _raise_reason(running: asyncio.Task[None]) -> None:
    error = running.exception()
    if error is not None:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise Problem(f"the worker cannot go on: {first}") from error
