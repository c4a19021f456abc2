"""The worker process: builds the activities and the Temporal worker, and runs them until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.analysis.activity import ReportActivities
from activities.archive.activity import ArchiveActivities
from activities.archive.store import ArchiveStore
from activities.arrivals import find_arrivals
from activities.channels.build import build_channels
from activities.delivery.activity import DeliveryActivities
from activities.delivery.hands import Hands
from activities.delivery.mail import Smtp
from activities.delivery.transport import Transports
from activities.files.upkeep import FileUpkeep
from activities.links.mark import Portal
from activities.mailbox.activity import MailboxActivities
from activities.messages.one_time_code import CodeCompletion
from activities.messages.renderer import Renderer
from activities.messages.route_check import route_faults
from activities.opening.activity import OpeningActivities
from activities.portal.codes import Codes
from activities.recording.activity import RecordingActivities, StartDeliveries, leave_deliveries_to_case
from activities.recording.review_activity import ReviewRecordingActivities
from activities.webhooks.build import build_webhook_transports, build_webhooks
from activities.webhooks.events import Webhooks
from worker.installation.company_time import CompanyTime
from worker.installation.installation import Installation, open_installation
from worker.installation.private_files import open_paths
from worker.installation.settings import Settings
from worker.installation.version import installed_version
from worker.monitoring.health import Phase
from worker.monitoring.presence import keep_present
from worker.monitoring.systemd import notify_service_manager, notify_watchdog
from worker.sweep.activity import SweepActivities
from worker.temporal.connection import connect
from worker.temporal.deployments import deployment_config, warn_if_idle
from worker.temporal.endpoint import Endpoint
from worker.temporal.generation import advance, hold_against
from worker.temporal.mailboxes import connected_intake, keep_mailboxes, threads_of
from worker.temporal.pollers import Pollers
from worker.temporal.schedules import keep_schedules
from worker.temporal.search_attributes import ensure_search_attributes
from worker.temporal.standalone_delivery import SentAgainReport, StandaloneDelivery, UndeliverableReport
from worker.web.monitor import open_monitor
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact
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


@dataclass
class Activities:
    """The activities of one process, with the database, transports and folders they use."""

    settling: OpeningActivities
    recording: RecordingActivities
    delivering: DeliveryActivities
    archiving: ArchiveActivities
    reporting: ReportActivities
    sweeping: SweepActivities
    mailboxes: MailboxActivities

    @property
    def all(self) -> list[Callable[..., Any]]:
        """The functions to register with a worker."""
        return [
            self.settling.settle,
            self.settling.consult,
            find_arrivals,
            self.recording.record,
            ReviewRecordingActivities(self.recording).record_review,
            self.delivering.deliver,
            self.archiving.archive,
            self.reporting.write_report,
            self.reporting.mail_report,
            self.sweeping.sweep,
            self.mailboxes.watch_mailbox,
        ]


def build_transports(settings: Settings) -> Transports:
    """The transports by which messages are sent, mail first; without any they stay in the outbox, to be read there.

    Raises:
        Problem: the settings of mail or of a channel are not understood, or incomplete.
    """
    return {**_mail(settings), **build_channels(settings.channels)}


def _mail(settings: Settings) -> Transports:
    if settings.smtp_url is None:
        return {}
    if not settings.mail_from:
        raise Problem("smtp_url is set but mail_from is not: set BIHUAN_MAIL_FROM to the sender's mail address")
    smtp = Smtp.from_url(settings.smtp_url.get_secret_value(), settings.mail_from)
    # Without a mailbox nobody reads answers, and ids stay the same when keys are rotated.
    if settings.mailboxes and (threads := threads_of(settings, smtp.sender.domain)):
        smtp = replace(smtp, mailbox=threads[0].mailbox, secret=threads[0].secret)
    return {Contact.EMAIL: smtp}


def mail_domain(settings: Settings) -> str:
    """The domain in the ids of mails that are sent."""
    address = settings.mail_from or next((box.address for box in settings.mailboxes.values()), "")
    return address.rpartition("@")[2].strip(" >").lower()


def build_portal(settings: Settings) -> Portal:
    """What the links in messages to customers are made with.

    Raises:
        Problem: the link keys are not understood, or cannot be read.
    """
    return Portal(settings.web.url or "", settings.link_key_ring(), mailbox=bool(settings.mailboxes))


def build_reporting(installation: Installation, transports: Transports) -> ReportActivities:
    """The activities that write and mail analysis reports."""
    return ReportActivities(
        database=installation.database,
        directory=installation.directory,
        policy=installation.policy,
        folder=installation.settings.report_folder.absolute(),
        transports=transports,
        now=installation.now,
    )


def choose_delivery(client: Client, settings: Settings) -> StartDeliveries:
    """How deliveries start: as standalone activities, or (by the settings) in each case's own workflow."""
    if settings.delivery == "workflow":
        return leave_deliveries_to_case
    return StandaloneDelivery(client, settings.task_queue)


def build_archiving(installation: Installation) -> ArchiveActivities:
    """The archive activity, for the Schedule and for `bihuan archive run`.

    Raises:
        Problem: the policy is not understood.
    """
    settings = installation.settings
    return ArchiveActivities(
        database=installation.database,
        store=ArchiveStore(settings.archive_folder),
        attachments=settings.attachment_folder,
        files=installation.reception,
        policy=installation.policy,
        directory=installation.directory,
        time=installation.time,
    )


def build_delivering(client: Client, installation: Installation, transports: Transports) -> DeliveryActivities:
    """The activity that delivers messages, and tells a case of those that are undeliverable.

    Raises:
        Problem: the secret of a webhook cannot be read.
    """
    webhooks, places = installation.settings.webhooks, max(2, installation.settings.sizes.activities * 3 // 10)
    return DeliveryActivities(
        database=installation.database,
        transports={**transports, **build_webhook_transports(webhooks, installation.database)},
        on_failed=UndeliverableReport(client, installation.now),
        on_sent_again=SentAgainReport(client, installation.now),
        complete=CodeCompletion(Codes(installation.database)),
        portal=build_portal(installation.settings),
        time=installation.time,
        # All webhooks share the places of one channel; each has one at least.
        hands=Hands(places, max(1, places // max(1, len(webhooks)))),
    )


def told_to_systems(installation: Installation) -> Webhooks:
    """What the company's own systems are told."""

    def localized(value: Any) -> Any:
        return CompanyTime(zone=installation.policy.calendar.zone).localized(value)

    return build_webhooks(installation.settings.webhooks, localized)


def build_sweeping(client: Client, installation: Installation, start_deliveries: StartDeliveries) -> SweepActivities:
    """The sweep activity, for the Schedule and for `bihuan doctor`.

    Raises:
        Problem: the mail settings are not understood.
    """
    transports = build_transports(installation.settings)
    delivering = build_delivering(client, installation, transports)
    return SweepActivities(client, installation, start_deliveries, delivering, FileUpkeep(installation.reception))


def build_activities(client: Client, installation: Installation, start_deliveries: StartDeliveries) -> Activities:
    """All activities of a worker.

    Raises:
        Problem: policy, templates or mail settings are not understood; one line a fault.
    """
    settings, database, time = installation.settings, installation.database, installation.time
    transports = build_transports(settings)
    if faults := route_faults(installation.policy.delivery, transports):
        raise Problem("\n".join(faults))
    if settings.templates is not None and not settings.templates.is_dir():
        raise Problem(f"templates: there is no folder {settings.templates}")
    delivering = build_delivering(client, installation, transports)
    return Activities(
        OpeningActivities(
            database,
            installation.policy,
            installation.directory,
            time=time,
            file=installation.policy_in_force,
            transports=transports,
        ),
        RecordingActivities(
            database=database,
            directory=installation.directory,
            renderer=Renderer(settings.templates),
            labels=lambda: installation.policy.labels(),  # noqa: PLW0108 - the policy may change meanwhile
            calendar=lambda: installation.calendar,
            transports=transports,
            delivery_rules=lambda: installation.policy.delivery,
            time=time,
            start_deliveries=start_deliveries,
            portal=build_portal(settings),
            links_valid=lambda: timedelta(seconds=installation.policy.links.valid),
            webhooks=told_to_systems(installation),
        ),
        delivering,
        build_archiving(installation),
        build_reporting(installation, transports),
        SweepActivities(client, installation, start_deliveries, delivering, FileUpkeep(installation.reception)),
        MailboxActivities(
            settings.mailboxes,
            connected_intake(client, installation, start_deliveries, mail_domain(settings)),
        ),
    )


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
