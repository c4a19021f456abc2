"""Where settings become what a worker is made of: its activities, with the database, transports and folders they use.

Commands and pages that do the same work outside a worker build it here too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from temporalio.client import Client

from activities.analysis.activity import ReportActivities
from activities.archive.activity import ArchiveActivities
from activities.archive.store import ArchiveStore
from activities.arrivals import find_arrivals
from activities.channels.build import build_channels
from activities.delivery.activity import DeliveryActivities
from activities.delivery.channel_limits import ChannelLimits
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
from worker.installation.installation import Installation
from worker.installation.settings import Settings
from worker.sweep.activity import SweepActivities
from worker.temporal.mailboxes import connected_intake, threads_of
from worker.temporal.standalone_delivery import SentAgainReport, StandaloneDelivery, UndeliverableReport
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact


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
        limits=ChannelLimits(places, max(1, places // max(1, len(webhooks)))),
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
    opening = OpeningActivities(
        database,
        installation.policy,
        installation.directory,
        time=time,
        file=installation.policy_in_force,
        transports=transports,
    )
    return Activities(
        opening,
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
            consult=opening.consult,
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
