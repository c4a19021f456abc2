"""Mailboxes: whether each can be logged in to now, and whether it is really read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from activities.mailbox.errors import MailboxError
from activities.mailbox.inbox import SILENT_AFTER, Inbox
from activities.mailbox.settings import MailboxSettings
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import DoctorContext
from starter.services.system.mailboxes import try_login
from worker.temporal.mailboxes import threads_of
from workflows.domain.problem import Problem


async def mailboxes(context: DoctorContext) -> Iterable[CheckResult]:
    """Log in to each, open its folder and change nothing."""
    check = Check("mailboxes")
    named = context.settings.mailboxes
    if not named:
        return [check.ok("none is set up: mails of customers are not read")]
    inbox: Inbox | None = None
    reader: str | None = None
    try:
        inbox = Inbox(await context.database())
        reader = await inbox.known_reader() or ""
    except CheckSkippedError:
        inbox = None
    results = list(await asyncio.gather(*(_tried(check, name, box, reader) for name, box in named.items())))
    try:
        threads_of(context.settings, "example.com")
    except Problem as problem:
        results.append(check.fault(str(problem), "set link keys (docs/settings.md)"))
    if inbox is None:
        return results
    states = await inbox.states()
    for name in named:
        state = states.get(name)
        if state is None or datetime.now(UTC) - state.heard_at > SILENT_AFTER:
            since = f"since {state.heard_at:%Y-%m-%d %H:%M}Z" if state else "yet"
            what = f"{name}: no worker has read it {since}"
            results.append(check.warning(what, "see that a worker with these settings runs: bihuan worker, bihuan up"))
    return results


async def _tried(check: Check, name: str, box: MailboxSettings, reader: str | None) -> CheckResult:
    try:
        unread, held_by = await asyncio.to_thread(try_login, box, reader)
    except (MailboxError, Problem) as error:
        return check.fault(f"{name}: {error}", "correct it (docs/settings.md, Mailboxes)")
    if held_by is not None:
        what = f"{name}: another installation of bihuan reads {box.address}: {held_by}"
        return check.fault(what, f"let one alone read it; where that one is gone: bihuan mailbox claim {name}")
    return check.ok(f"{name}: {box.address} can be read, {unread} unread")
