"""The activity that watches one mailbox: it takes in what is there and what comes (R42)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeat import heartbeat, heartbeats
from activities.mailbox.errors import MailboxError, MailboxHeldError, MailboxLoginError
from activities.mailbox.imap import ImapMailbox
from activities.mailbox.settings import MailboxSettings
from activities.mailbox.taking_in import MailIntake
from workflows.domain.problem import Problem
from workflows.ports import MAILBOX_HEARTBEAT, MAILBOX_WATCH, MailboxWatch, MailboxWatched

_log = logging.getLogger("bihuan.mailbox")
_T = TypeVar("_T")
_STEP: Final = 5.0
"""Seconds between two looks whether the worker is stopping."""
_FORGET_EVERY: Final = timedelta(hours=1)
_KEPT_FOR: Final = timedelta(days=30)
"""How long a mail of no case is kept as it came."""
_LOGIN_AGAIN: Final = timedelta(minutes=1)
_ANEW: Final = timedelta(days=2)
"""Servers tell days apart by a zone of their own."""


@dataclass
class MailboxActivities:
    """Reads mailboxes.

    Attributes:
        mailboxes: by name, as this worker has them set.
        intake: takes mails in.
        span: how long one call watches; the workflow calls again.
    """

    mailboxes: Mapping[str, MailboxSettings]
    intake: MailIntake
    span: timedelta = MAILBOX_WATCH
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def watch_mailbox(self, watch: MailboxWatch) -> MailboxWatched:
        """Watch a mailbox for some time; answers how many mails were taken in. Without it in the settings: none.

        Raises:
            ApplicationError: retryable; it cannot be read now. The record has the reason.
        """
        settings = self.mailboxes.get(watch.name)
        if settings is None:
            return MailboxWatched(configured=False)
        await self.intake.inbox.watch(watch.name, self.now())
        ends = self.now() + self.span
        async with heartbeats(MAILBOX_HEARTBEAT / 3):
            try:
                return MailboxWatched(taken=await self._watch(watch.name, settings, ends))
            except (MailboxError, Problem) as error:
                await self.intake.inbox.failed(watch.name, str(error), self.now())
                later = _LOGIN_AGAIN if isinstance(error, MailboxLoginError | MailboxHeldError) else None
                raise ApplicationError(str(error), type="Mailbox", next_retry_delay=later) from None

    async def _watch(self, name: str, settings: MailboxSettings, ends: datetime) -> int:
        reader = await self.intake.inbox.reader()
        mailbox = await _in_thread(lambda: ImapMailbox(settings, reader=reader))
        if not mailbox.is_marked:
            _log.warning("%s takes no message: another installation that reads it would not be noticed", name)
        taken, forgotten = 0, None
        try:
            while True:
                taken += await self.take_all(name, mailbox)
                await self.intake.settle()
                if forgotten is None or self.now() - forgotten > _FORGET_EVERY:
                    forgotten = self.now()
                    old = await self.intake.inbox.forget_before(forgotten - _KEPT_FOR)
                    await self.intake.reception.discard(old)
                if self.now() >= ends or not await self._wait(mailbox, settings, ends):
                    return taken
        finally:
            await asyncio.shield(_in_thread(mailbox.close))

    async def take_all(self, name: str, mailbox: ImapMailbox) -> int:
        """Take in what is there; answers how many mails were looked at. Each is marked as read once it is written.

        One that cannot be written now is left for later, and everything behind it is taken all the same.

        Raises:
            MailboxError: the connection is gone, or record or file store are away.
        """
        await _in_thread(mailbox.check_readers)
        inbox, validity = self.intake.inbox, mailbox.validity
        state = await inbox.state(name)
        after = state.last_uid if state and state.validity == validity else None
        # Numbered anew by the server: only the date tells which mails a person has read since.
        since = state.heard_at - _ANEW if state and state.validity not in {None, validity} else None
        uids = await _in_thread(lambda: mailbox.waiting(after, since))
        again = [uid for uid in uids if after is not None and uid <= after]
        taken = await inbox.taken_at(name, [f"{validity}:{uid}" for uid in again])
        last = after if after is not None else max(mailbox.next_uid - 1, 0)
        fault: Exception | None = None
        unmarked: MailboxError | None = None
        for uid in uids:
            place = f"{validity}:{uid}"
            try:
                there = place in taken or await self._take(mailbox, name, uid)
            except MailboxError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the mails behind it are taken in
                _log.exception("mail %s of %s is not taken in yet", place, name)
                fault = fault or error
                continue
            if there:
                try:
                    await _in_thread(lambda uid=uid: mailbox.mark([uid]))  # type: ignore[misc]
                except (
                    MailboxError
                ) as error:  # a full mailbox may take no mark; where it is gone, the next step says so
                    unmarked = unmarked or error
            heartbeat(f"{name}: {uid}")
            if fault is None:
                last = max(last, uid)
        if fault is not None:
            raise MailboxError(f"a mail could not be taken in: {str(fault) or type(fault).__name__}")
        await inbox.read_to(name, validity, last, self.now(), well=unmarked is None)
        if unmarked is not None:
            raise unmarked
        return len(uids)

    async def _take(self, mailbox: ImapMailbox, name: str, uid: int) -> bool:
        """Whether it was still there."""
        raw = await _in_thread(lambda: mailbox.fetch(uid))
        if raw is not None:
            await self.intake.take(raw, name, f"{mailbox.validity}:{uid}")
        return raw is not None

    async def _wait(self, mailbox: ImapMailbox, settings: MailboxSettings, ends: datetime) -> bool:
        """Until something comes, or it is time to look; False where the worker is stopping."""
        until = min(self.now() + timedelta(seconds=settings.poll), ends)
        while (left := (until - self.now()).total_seconds()) > 0:
            if activity.in_activity() and activity.is_worker_shutdown():
                return False
            step = min(left, _STEP)
            if mailbox.tells:
                if await _in_thread(lambda step=step: mailbox.wait(step)):  # type: ignore[misc]
                    return True
            else:
                await asyncio.sleep(step)
        if not mailbox.tells:
            await _in_thread(mailbox.refresh)
        return True


async def _in_thread(step: Callable[[], _T]) -> _T:
    """Done in a thread, whose end is awaited also where the activity is cancelled: nobody else uses the connection."""
    task = asyncio.create_task(asyncio.to_thread(step))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
