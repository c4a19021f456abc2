"""The mail server (nothing is sent to it), and the templates of messages and pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from activities.delivery.mail import Smtp
from activities.delivery.transport import DeliveryError
from activities.messages.template_check import check_templates
from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from starter.web.rendering.pages import page_faults
from worker.composition_root import build_transports
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Contact


async def mail(context: DoctorContext) -> Iterable[CheckResult]:
    """Connect, greet and log in; no mail is sent."""
    check = Check("mail")
    try:
        transport = build_transports(context.settings).get(Contact.EMAIL)
    except Problem as problem:
        return check.problem(problem, "correct BIHUAN_SMTP_URL and BIHUAN_MAIL_FROM")
    if not isinstance(transport, Smtp):
        todo = "set BIHUAN_SMTP_URL and BIHUAN_MAIL_FROM"
        nobody = (
            "no mail server is set: messages stay in the outbox, nobody gets them, and no case asks anybody to call"
        )
        if context.settings.channels:
            nobody = "no mail server is set: only the other channels carry messages"
        return [check.warning(nobody, todo)]
    try:
        await transport.check()
    except DeliveryError as error:
        todo = "see that it runs and can be reached from here, and check BIHUAN_SMTP_URL (user, password, TLS)"
        return [check.fault(str(error), todo)]
    how = {"smtp": "without TLS", "smtp+starttls": "with STARTTLS", "smtps": "with TLS"}[transport.scheme]
    user = f", logged in as {transport.user}" if transport.user else ""
    lines = [check.ok(f"{transport.host}:{transport.port} {how}{user}, sender {transport.sender.addr_spec}")]
    if transport.user and transport.scheme == "smtp":
        todo = "use smtp+starttls:// or smtps://"
        lines.append(check.warning("the password goes to the mail server unencrypted", todo))
    return lines


async def templates(context: DoctorContext) -> Iterable[CheckResult]:
    """A company's own templates: each message is rendered in both languages, with all facts and with the fewest.

    Of the pages: what the company has of its own is read, and each template looked at.
    """
    check = Check("templates")
    folder = context.settings.templates
    if folder is None:
        return [check.ok("the shipped ones")]
    try:
        faults = await asyncio.to_thread(check_templates, folder, links=context.settings.web.url is not None)
        faults += await asyncio.to_thread(page_faults, folder)
    except Problem as problem:
        return check.problem(problem, "make that folder, or correct BIHUAN_TEMPLATES")
    todo = "correct the file; until then the shipped template is used"
    return [check.warning(fault, todo) for fault in faults] or [check.ok(f"{folder}: all of them can be rendered")]
