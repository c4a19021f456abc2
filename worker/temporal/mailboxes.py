"""Mailboxes by this worker's settings: their intake, their mail threads, and the workflow that watches each."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from email.headerregistry import Address

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.delivery.threads import MailThreads
from activities.key_ring import Key
from activities.mailbox.interpretation.threading import OwnAddresses
from activities.mailbox.known_cases import RecordedCases
from activities.mailbox.taking_in import MailIntake
from activities.recording.activity import StartDeliveries
from worker.installation.installation import Installation
from worker.installation.settings import Settings
from worker.temporal.corrections import correct
from worker.temporal.rpc import RPC_TIMEOUT, is_not_found
from worker.temporal.starting import NumberTakenError, renumber, start_case
from workflows.domain.ids import MAILBOX, mailbox_id
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.ports import MailboxWatch

_AGAIN = timedelta(minutes=1)
_PURPOSE = b"bihuan mail threads"
_log = logging.getLogger("bihuan.mailbox")


def thread_secret(key: Key) -> bytes:
    """What the ids and reply addresses of mails are signed with: made of a link key, and no link can be made of it."""
    return hmac.digest(key.secret, _PURPOSE, "sha256")


def reply_mailbox(settings: Settings) -> Address | None:
    """Where answers to mails go: the mailbox that mails are sent from, else the first one; None without any."""
    if not settings.mailboxes:
        return None
    boxes = [box.address for box in settings.mailboxes.values()]
    own = [box for box in boxes if settings.mail_from and box.lower() in settings.mail_from.lower()]
    return Address(addr_spec=(own or boxes)[0])


def threads_of(settings: Settings, domain: str) -> tuple[MailThreads, ...]:
    """The mail threads, one for each link key, the present one first: what was signed with an earlier one is still
    known.

    Raises:
        Problem: there are mailboxes and no link keys, or those cannot be read.
    """
    ring, mailbox = settings.link_key_ring(), reply_mailbox(settings)
    if ring is None:
        if mailbox is None:
            return ()
        raise Problem(
            "mailboxes are set, and nothing to sign reply addresses with: set BIHUAN_LINK_KEYS, as `bihuan keys new` "
            "prints it (`bihuan up` makes it by itself)"
        )
    return tuple(MailThreads(domain, thread_secret(key), mailbox) for key in ring.keys)


def own_addresses(settings: Settings) -> OwnAddresses:
    """The addresses that customers write to, and the lists that lead there."""
    boxes = settings.mailboxes.values()
    return OwnAddresses(
        frozenset(box.address for box in boxes), frozenset(group for box in boxes for group in box.groups)
    )


def build_mail_intake(
    installation: Installation,
    *,
    signal: Callable[[str, str, Json], Awaitable[bool]],
    start: Callable[[str], Awaitable[None]],
    deliver: Callable[[str, Sequence[str]], Awaitable[object]],
    domain: str,
) -> MailIntake:
    """The way in for mails.

    Raises:
        Problem: there is nothing to sign reply addresses with.
    """
    settings, database = installation.settings, installation.database
    return MailIntake(
        database=database,
        cases=RecordedCases(database, installation.directory, threads_of(settings, domain)),
        own=own_addresses(settings),
        reception=installation.reception,
        policy=lambda: installation.policy,
        day=lambda moment: installation.local(moment).date(),
        case_time=installation.now,
        start=start,
        signal=signal,
        deliver=deliver,
    )


def connected_intake(
    client: Client, installation: Installation, start_deliveries: StartDeliveries, domain: str
) -> MailIntake:
    """The way in for mails, with a Temporal server behind it."""

    async def signal(number: str, name: str, payload: Json) -> bool:
        try:
            await client.get_workflow_handle(number).signal(name, payload, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if not is_not_found(error):
                raise
            if number in await installation.register.unstarted():
                await start(number)
                await client.get_workflow_handle(number).signal(name, payload, rpc_timeout=RPC_TIMEOUT)
                return True
            return await correct(client, installation, number, name, payload)
        return True

    async def start(number: str) -> None:
        try:
            await start_case(client, installation, number)
        except NumberTakenError as taken:
            number = await renumber(client, installation, taken)
            await start_case(client, installation, number)
        await installation.register.mark_started(number)

    return build_mail_intake(installation, signal=signal, start=start, deliver=start_deliveries, domain=domain)


async def keep_mailboxes(client: Client, settings: Settings) -> None:
    """Let each mailbox of the settings be watched; one that is stays as it is. Returns once all are."""
    left = list(settings.mailboxes)
    while left:
        for name in list(left):
            try:
                await client.start_workflow(
                    MAILBOX,
                    MailboxWatch(name=name),
                    id=mailbox_id(name),
                    task_queue=settings.task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    static_summary=f"邮箱 mailbox {name}"[:180],
                    rpc_timeout=RPC_TIMEOUT,
                )
                left.remove(name)
            except RPCError as error:
                _log.warning("mailbox %s is not watched yet: %s", name, error.message)
        if left:
            await asyncio.sleep(_AGAIN.total_seconds())
