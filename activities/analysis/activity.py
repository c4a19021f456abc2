"""The activities that write the 《客户问题分析报告》 and mail it, each recipient once (R29)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio import activity

from activities.analysis.files import write_report
from activities.analysis.ledger import ReportLedger, report_key
from activities.analysis.mail import compose
from activities.analysis.period import Period
from activities.analysis.report import analyse
from activities.analysis.wording import company_name, report_wording
from activities.database.database import Database
from activities.delivery.sent_memory import SentMemory
from activities.delivery.transport import (
    PermanentDeliveryError,
    TemporaryDeliveryError,
    Transport,
    Transports,
    without_recipient,
)
from activities.heartbeat import heartbeats
from activities.organisation.directory import Directory
from activities.privacy.redaction import without_addresses
from workflows.domain.formats import Days
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.reports import days_name
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact, Locale
from workflows.ports import ReportMail, ReportMailed, WrittenReport

logger = logging.getLogger(__name__)

_BEAT = timedelta(seconds=3)
_TO_BEGIN = timedelta(seconds=5)
"""From the claim of a mail until it is being handed over."""
_LOOK_AGAIN = 0.2
"""Seconds between two looks at a mail that another one sends."""


@dataclass
class ReportActivities:
    """Reports as the policy wants them.

    Attributes:
        database: the record; also where it is kept who was sent what.
        directory: who works here.
        policy: its section `report`, and what types are called.
        folder: each report has a folder of its own in it.
        transports: the ways messages can go.
        now: the installation's time, UTC.
        send_timeout: wall clock; how long handing over one mail may take.
        unnoted: what was sent, and could not be noted yet.
    """

    database: Database
    directory: Directory
    policy: Policy
    folder: Path
    transports: Transports
    now: Callable[[], datetime]
    send_timeout: timedelta = timedelta(seconds=60)
    unnoted: SentMemory = field(default_factory=SentMemory, repr=False)

    @activity.defn
    async def write_report(self, days: Days) -> WrittenReport:
        """See `workflows.ports.write_report`.

        Raises:
            Problem: the folder cannot be written to.
        """
        async with heartbeats(_BEAT):
            page = await self._written(days)
        return WrittenReport(days=days, folder=str(page.parent), recipients=self.policy.report.recipients)

    @activity.defn
    async def mail_report(self, mail: ReportMail) -> ReportMailed:
        """See `workflows.ports.mail_report`. A report that this machine does not have is made again.

        Raises:
            TemporaryDeliveryError: it may go through later.
        """
        async with heartbeats(_BEAT):
            answer = await self._mailed(mail)
        if answer.status in {"refused", "unsent"}:
            logger.warning(
                "report %s for %s: %s", days_name(mail.days), without_addresses(mail.recipient), answer.reason
            )
        return answer

    async def _mailed(self, mail: ReportMail) -> ReportMailed:
        page = self.folder / days_name(mail.days) / "report.html"
        if not page.exists():
            page = await self._written(mail.days)
        return await self.send(mail.days, page, mail.recipient, self.policy.report.locale)

    async def send(self, days: Days, page: Path, recipient: str, locale: Locale) -> ReportMailed:
        """Send the report at that page, in its language, to one recipient, unless it was sent before.

        Raises:
            TemporaryDeliveryError: it may go through later.
        """
        name = days_name(days)
        ledger = ReportLedger(self.database)
        key = report_key(name, recipient)
        if key not in self.unnoted:
            transport = self.transports.get(Contact.EMAIL)
            if transport is None:
                reason = "no mail server is configured (BIHUAN_SMTP_URL); the report is only written"
                return ReportMailed(recipient=recipient, status="unsent", reason=reason)
            if not await self._claimed(ledger, name, recipient):
                return ReportMailed(
                    recipient=recipient,
                    status="known",
                    reason=f"sent before, at {await ledger.sent_at(name, recipient)}",
                )
            try:
                refusal = await self._post(transport, days, page, recipient, locale)
            except BaseException as error:
                reason = str(error) if isinstance(error, TemporaryDeliveryError) else "interrupted"
                await asyncio.shield(ledger.failed(name, recipient, self.now(), reason, final=False))
                raise
            if refusal is not None:
                await ledger.failed(name, recipient, self.now(), refusal.reason, final=True)
                return refusal
        at = self.now()
        await self.unnoted.note(key, lambda: ledger.sent(name, recipient, at))
        return ReportMailed(recipient=recipient, status="sent")

    async def _claimed(self, ledger: ReportLedger, name: str, recipient: str) -> bool:
        """Wait until the mail is this call's to send (True), or was sent by another (False)."""
        clock, lease = asyncio.get_running_loop().time, self.send_timeout + _TO_BEGIN
        last = clock() + lease.total_seconds() / 2
        while True:
            now = datetime.now(UTC)
            if await ledger.claim(name, recipient, now=now, until=now + lease):
                return True
            if await ledger.sent_at(name, recipient):
                return False
            if clock() > last:
                raise TemporaryDeliveryError("another process is sending it")
            await asyncio.sleep(_LOOK_AGAIN)

    async def _post(
        self, transport: Transport, days: Days, page: Path, recipient: str, locale: Locale
    ) -> ReportMailed | None:
        """Hand the mail over; answers why it never will be, None where it was."""
        organisation = await self.directory.current()
        person = organisation.person(recipient) if organisation else None
        address = person.email if person else recipient
        if "@" not in address:
            reason = "has no mail address" if person else "is nobody in the organisation"
            return ReportMailed(recipient=recipient, status="refused", reason=reason)
        envelope = compose(
            days,
            page,
            key=report_key(days_name(days), recipient),
            recipient=recipient,
            address=address,
            name=person.name if person else "",
            locale=locale,
            company=company_name(organisation),
        )
        try:
            async with asyncio.timeout(self.send_timeout.total_seconds()), transport.connect() as connection:
                await connection.send(envelope)
        except PermanentDeliveryError as error:
            return ReportMailed(recipient=recipient, status="refused", reason=without_recipient(error, address))
        except TimeoutError:
            raise TemporaryDeliveryError(
                f"the mail server gave no answer within {self.send_timeout.total_seconds():g} s"
            ) from None
        except TemporaryDeliveryError as error:
            raise TemporaryDeliveryError(without_recipient(error, address)) from None
        return None

    async def _written(self, days: Days) -> Path:
        rules = self.policy.report
        period = Period.asked(days.first, days.last, self.policy.calendar.zone)
        report = await analyse(self.database, period, now=self.now(), by=rules.by)
        organisation = await self.directory.current()
        wording = report_wording(self.policy, organisation, rules.locale)
        folder = self.folder / days_name(days)
        if folder.is_symlink():
            raise Problem(f"{folder}: is a link; allowed: a folder itself: remove the link")
        # Drawing takes a second of processor time, for which cases cannot wait.
        return await asyncio.to_thread(write_report, report, wording, folder, company=company_name(organisation))
