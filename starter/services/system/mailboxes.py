"""The mailboxes that are read: how each stands, what would become of its mails, and mails kept for a person (R42)."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from activities.mailbox.errors import MailboxError
from activities.mailbox.imap import ImapMailbox, claim_mailbox
from activities.mailbox.inbox import Inbox, identity_of
from activities.mailbox.settings import MailboxSettings
from worker.composition_root import mail_domain
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from worker.temporal.mailboxes import build_mail_intake
from workflows.domain.problem import Problem

_MOST: Final = 200
"""Mails that a check looks at."""


@dataclass(frozen=True)
class MailboxInfo:
    """A mailbox as people see it; times of the wall clock. `error` is what went wrong since `failed_since`."""

    name: str
    address: str
    server: str
    folder: str
    checked_at: datetime | None = None
    error: str | None = None
    failed_since: datetime | None = None


@dataclass(frozen=True)
class AsideMail:
    """A mail that a person has to see to, and why."""

    id: str
    mailbox: str
    sender: str
    number: str | None
    taken_at: datetime
    note: str


@dataclass(frozen=True)
class CheckedMail:
    """What would be done with a mail; `known`: it was taken in before."""

    uid: int
    line: str
    known: bool


async def list_mailboxes(settings: Settings) -> tuple[list[MailboxInfo], list[AsideMail]]:
    """The mailboxes in the settings, and the mails that were kept aside.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_installation(settings) as installation:
        inbox = Inbox(installation.database)
        states, aside = await inbox.states(), await inbox.aside()
    found = []
    for name, box in settings.mailboxes.items():
        state = states.get(name)
        told = (state.checked_at, state.error, state.failed_since) if state else ()
        found.append(MailboxInfo(name, box.address, f"{box.host}:{box.at_port}", box.folder, *told))
    return found, [AsideMail(one.id, one.mailbox, one.sender, one.number, one.taken_at, one.note) for one in aside]


async def check_mailbox(settings: Settings, name: str) -> tuple[list[CheckedMail], str | None]:
    """What would be done with each unread mail, and which other installation reads it; nothing is changed, neither
    there nor here.

    Raises:
        Problem: there is no such mailbox, or it cannot be read.
    """
    box = _named(settings, name)
    async with open_installation(settings) as installation:
        intake = build_mail_intake(
            installation, signal=_nothing, start=_nothing, deliver=_nothing, domain=mail_domain(settings)
        )
        reader = await intake.inbox.known_reader() or ""
        validity, mails, held_by = await asyncio.to_thread(_unread, box, reader)
        found = []
        for uid, raw in mails:
            known = await intake.inbox.find(identity_of(raw, name, f"{validity}:{uid}"))
            line = (await intake.look(raw)).line() if known is None else f"{known.kind} {known.number or ''}".strip()
            found.append(CheckedMail(uid, line, known is not None))
        return found, held_by


async def claim(settings: Settings, name: str) -> list[str]:
    """Let this installation read a mailbox from now on; answers which others did, in words.

    Raises:
        Problem: there is no such mailbox, or it cannot be opened.
    """
    box = _named(settings, name)
    async with open_installation(settings) as installation:
        reader = await Inbox(installation.database).reader()
    try:
        return await asyncio.to_thread(claim_mailbox, box, reader)
    except MailboxError as error:
        raise Problem(str(error)) from None


async def see_to(settings: Settings, id_: str) -> str:
    """A person has seen to a mail that was kept aside; answers its whole id.

    Raises:
        Problem: there is none such, or more than one begins like that.
    """
    async with open_installation(settings) as installation:
        inbox = Inbox(installation.database)
        ids = [one.id for one in await inbox.aside() if one.id.startswith(id_)]
        if len(ids) != 1:
            how = "no mail that was kept aside has this id" if not ids else f"{len(ids)} ids begin like that"
            raise Problem(f"{id_}: {how}; bihuan mailbox list shows them")
        await inbox.see_to(ids[0], datetime.now(UTC))
        return ids[0]


def try_login(box: MailboxSettings, reader: str | None) -> tuple[int, str | None]:
    """Connect, log in and open the folder; answers how many mails are unread, and which other installation reads it.
    Waits for the network.

    Raises:
        MailboxError, Problem: it cannot be read.
    """
    with closing(ImapMailbox(box, change=False, reader=reader)) as mailbox:
        return len(mailbox.waiting(None)), mailbox.held_by


def _named(settings: Settings, name: str) -> MailboxSettings:
    found = settings.mailboxes.get(name)
    if found is None:
        there = ", ".join(settings.mailboxes) or "none (docs/settings.md, Mailboxes)"
        raise Problem(f"mailbox {name}: there is none of that name; there are: {there}")
    return found


def _unread(box: MailboxSettings, reader: str) -> tuple[int, list[tuple[int, bytes]], str | None]:
    try:
        with closing(ImapMailbox(box, change=False, reader=reader)) as mailbox:
            fetched = ((uid, mailbox.fetch(uid)) for uid in mailbox.waiting(None)[:_MOST])
            return mailbox.validity, [(uid, raw) for uid, raw in fetched if raw is not None], mailbox.held_by
    except MailboxError as error:
        raise Problem(str(error)) from None


async def _nothing(*_: Any) -> Any:
    return False
