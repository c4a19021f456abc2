"""Which mailboxes are not read, and which mails wait for a person, by the record (R42)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import incoming_mail, mailbox_state
from activities.mailbox.inbox import SILENT_AFTER, MailboxState, MailState
from activities.mailbox.interpretation.meaning import MailKind


@dataclass(frozen=True)
class FailingMailbox:
    """A mailbox that is not read, since when, and why."""

    name: str
    since: datetime
    error: str


async def find_failing_mailboxes(connection: AsyncConnection, now: datetime) -> list[FailingMailbox]:
    """Mailboxes with an error that stands, and those that nobody has read for long; `now` is the wall clock's."""
    found = []
    for row in await connection.execute(select(mailbox_state).order_by(mailbox_state.c.name)):
        state = MailboxState(**row._mapping)
        if state.failed_since is not None:
            found.append(FailingMailbox(state.name, state.failed_since, state.error or ""))
        elif now - state.heard_at > SILENT_AFTER:
            found.append(FailingMailbox(state.name, state.heard_at, "nobody has read it since"))
    return found


async def count_mails(connection: AsyncConnection) -> dict[str, int]:
    """How many mails were taken in, by kind."""
    kind = incoming_mail.c.kind
    rows = await connection.execute(select(kind, func.count()).group_by(kind))
    return {one.value: 0 for one in MailKind} | {row[0]: row[1] for row in rows}


async def count_waiting(connection: AsyncConnection) -> dict[str, int]:
    """How many mails are not done: whose case has not judged them yet, or that a person has to see to."""
    state = incoming_mail.c.state
    rows = await connection.execute(select(state, func.count()).where(state != MailState.DONE.value).group_by(state))
    return {MailState.OPEN.value: 0, MailState.ASIDE.value: 0} | {row[0]: row[1] for row in rows}
