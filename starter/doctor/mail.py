"""The mail server, as far as one can go without sending anything, and the templates of what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from activities.delivery.mail import Smtp
from activities.delivery.transport import DeliveryError
from activities.messages.template_check import check_templates
from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults
from worker.process import build_transports
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact


async def mail(ward: DoctorContext) -> Iterable[CheckResult]:
    """Connected to, spoken to, logged in; nothing is sent."""
    said = CheckResults("mail")
    try:
        transport = build_transports(ward.settings).get(Contact.EMAIL)
    except Problem as problem:
        return said.problem(problem, "correct BIHUAN_SMTP_URL and BIHUAN_MAIL_FROM")
    if not isinstance(transport, Smtp):
        todo = "set BIHUAN_SMTP_URL and BIHUAN_MAIL_FROM"
        return [said.warning("no mail server is set: messages stay in the outbox, nobody gets them", todo)]
    try:
        await transport.check()
    except DeliveryError as error:
        todo = "see that it runs and can be reached from here, and check BIHUAN_SMTP_URL (user, password, TLS)"
        return [said.fault(str(error), todo)]
    how = {"smtp": "without TLS", "smtp+starttls": "with STARTTLS", "smtps": "with TLS"}[transport.scheme]
    user = f", logged in as {transport.user}" if transport.user else ""
    lines = [said.ok(f"{transport.host}:{transport.port} {how}{user}, sender {transport.sender.addr_spec}")]
    if transport.user and transport.scheme == "smtp":
        todo = "use smtp+starttls:// or smtps://"
        lines.append(said.warning("the password goes to the mail server unencrypted", todo))
    return lines


async def templates(ward: DoctorContext) -> Iterable[CheckResult]:
    """Each message rendered in both languages, with full and with sparse facts."""
    said = CheckResults("templates")
    folder = ward.settings.templates
    if folder is None:
        return [said.ok("the shipped ones")]
    try:
        faults = await asyncio.to_thread(check_templates, folder)
    except Problem as problem:
        return said.problem(problem, "make that folder, or correct BIHUAN_TEMPLATES")
    todo = "correct the file; until then the shipped template is used"
    return [said.warning(fault, todo) for fault in faults] or [said.ok(f"{folder}: all of them can be rendered")]
