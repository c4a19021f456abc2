"""Whether the record is as new as Temporal. A record that was restored from an older backup, while Temporal was not,
lacks what its cases believe to be written, gives numbers out again, and would write one customer's case under another
one's name.

Both keep the record's generation, a number that grows whenever a worker starts or stops, every hour, and with each
backup: the record first, so that it is never behind by itself. In Temporal it is the memo of a workflow that never
runs. What happened since is seen by the newest cases and deliveries that Temporal has: the record has each of them
before Temporal does.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.database.installation import InstallationValues
from activities.delivery.outbox import Outbox
from worker.encryption.failures import MissingKeyError
from worker.installation.installation import Installation
from worker.temporal.rpc import HISTORY_RPC_TIMEOUT, RPC_TIMEOUT, found_or_none, is_unavailable
from worker.temporal.standalone_delivery import key_of_delivery
from worker.temporal.starting import intake_of, raise_serial
from workflows.domain.ids import CASE, RECORD_MARKER
from workflows.domain.model import Fact, Instant
from workflows.domain.problem import Problem

ACCEPT_LOSS = "--accept-loss"
"""Option of `bihuan up` and `bihuan worker`."""
_KEY = "generation"
_DORMANT = timedelta(days=3650)
"""Before it would begin, and need a worker; each start of a worker makes a new one."""
_EVERY = timedelta(hours=1)
_NEWEST = 200
"""Cases and deliveries that are looked at."""
WAY_OUT = (
    "bring the newest backup of the record back, or both stores of one backup (bihuan restore); "
    f"where there is none, start once with {ACCEPT_LOSS}"
)
_log = logging.getLogger("bihuan.generation")


class Generation(Fact):
    """`record` tells records apart; `at` is when it grew last; what Temporal had until `accepted` is known to lack."""

    record: str
    number: int = 0
    at: Instant | None = None
    accepted: Instant | None = None


async def hold_against(client: Client, installation: Installation, *, accept_loss: bool) -> None:
    """Refuse a record that is older than Temporal, or another one than Temporal was worked on with.

    With `accept_loss` it is taken as it is: no number that Temporal has is given out again.

    Raises:
        Problem: it is older, with the way out; or Temporal does not answer.
    """
    try:
        why = await older_than_temporal(client, installation)
        if why is None:
            return
        if not accept_loss:
            raise Problem(f"{why}; {WAY_OUT}")
        await _accept(client, installation)
    except RPCError as error:
        raise Problem(f"namespace {client.namespace} of Temporal cannot be used: {error.message}") from None
    _log.warning("served all the same (%s): %s", ACCEPT_LOSS, why)


async def older_than_temporal(client: Client, installation: Installation) -> str | None:
    """What shows that the record is older than Temporal, in one line; None where nothing does.

    Raises:
        RPCError: Temporal does not answer.
    """
    here, there = await _kept(installation), await _marked(client, installation)
    name, queue = installation.database.address.name, installation.settings.task_queue
    if there is not None and (here is None or here.record != there.record):
        which = "is new" if here is None else "is not the one"
        return (
            f"the record {name} {which}, and Temporal (namespace {client.namespace}, task queue {queue}) was worked on "
            "with another one: name that one (--data, BIHUAN_DATABASE_URL), or a task queue of your own "
            "(BIHUAN_TASK_QUEUE)"
        )
    if there is not None and here is not None and here.number < there.number:
        return (
            f"the record {name} is older than Temporal (generation {here.number}, Temporal has seen {there.number}): "
            "what was written down since is missing in it"
        )
    since = f" AND StartTime > '{here.accepted.isoformat()}'" if here is not None and here.accepted else ""
    missing = await _missing_case(client, installation, since) or await _missing_message(client, installation, since)
    return f"the record {name} is older than Temporal, or of another installation: {missing}" if missing else None


async def advance(client: Client, installation: Installation, *, rpc_timeout: timedelta = RPC_TIMEOUT) -> None:
    """Let the generation grow by one, in the record first; that Temporal does not take it is only logged."""
    grown = Generation.model_validate(await InstallationValues(installation.database).change(_KEY, _grown))
    queue = installation.settings.task_queue
    try:
        await client.start_workflow(
            RECORD_MARKER,
            id=_marker_id(queue),
            task_queue=queue,
            start_delay=_DORMANT,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
            memo={_KEY: grown.model_dump(mode="json")},
            static_summary=f"记录的代 generation {grown.number} of the record; never runs, do not delete",
            rpc_timeout=rpc_timeout,
        )
    except RPCError as error:
        _log.warning("Temporal did not take generation %d of the record: %s", grown.number, error.message)


async def advance_hourly(client: Client, installation: Installation) -> None:
    """Let the generation grow where it did not for an hour."""
    kept = await _kept(installation)
    if kept is None or kept.at is None or datetime.now(UTC) - kept.at >= _EVERY:
        await advance(client, installation)


def _grown(kept: JsonValue) -> JsonValue:
    known = Generation.model_validate(kept) if kept else Generation(record=uuid.uuid4().hex)
    return known.model_copy(update={"number": known.number + 1, "at": datetime.now(UTC)}).model_dump(mode="json")


async def _accept(client: Client, installation: Installation) -> None:
    there, now = await _marked(client, installation), installation.now()
    seen = there.number if there is not None else 0

    def accepted(kept: JsonValue) -> JsonValue:
        known = Generation.model_validate(kept) if kept else Generation(record=uuid.uuid4().hex)
        taken = {"number": max(known.number, seen), "accepted": datetime.now(UTC)}
        return known.model_copy(update=taken).model_dump(mode="json")

    await raise_serial(client, installation, installation.local(now).date())
    await InstallationValues(installation.database).change(_KEY, accepted)


async def _kept(installation: Installation) -> Generation | None:
    kept = await InstallationValues(installation.database).get(_KEY)
    return Generation.model_validate(kept) if kept else None


async def _marked(client: Client, installation: Installation) -> Generation | None:
    handle = client.get_workflow_handle(_marker_id(installation.settings.task_queue))
    found = await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT))
    if found is None:
        return None
    try:
        memo = (await found.memo()).get(_KEY)
    except MissingKeyError as missing:
        _log.warning("the generation of the record in Temporal cannot be read: %s", missing)
        return None
    return Generation.model_validate(memo) if memo else None


async def _missing_case(client: Client, installation: Installation, since: str) -> str | None:
    """A case that Temporal has and the record has not, by the server's own answer."""
    query = f"WorkflowType = '{CASE}' AND TaskQueue = '{_queue(installation)}'{since}"
    async with _listing("cases"):
        newest = [one async for one in client.list_workflows(query, limit=_NEWEST, rpc_timeout=HISTORY_RPC_TIMEOUT)]
        registered = await installation.register.registered([one.id for one in newest])
        for one in newest:
            if one.id in registered and await _may_be_of(one, registered[one.id]):
                continue
            handle = client.get_workflow_handle(one.id)
            if await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT)) is not None:
                what = "another submission" if one.id in registered else "nothing"
                return f"Temporal has a case {one.id} since {one.start_time:%Y-%m-%d %H:%M} UTC, the record has {what}"
    return None


async def _may_be_of(execution: WorkflowExecution, intake: str) -> bool:
    """Whether a case began with that submission, or does not tell here: its key may have been retired since."""
    try:
        return await intake_of(execution) in {None, intake}
    except MissingKeyError:
        return True


async def _missing_message(client: Client, installation: Installation, since: str) -> str | None:
    query = f"ActivityType = 'deliver' AND TaskQueue = '{_queue(installation)}'{since}"
    async with _listing("deliveries"):
        deliveries = client.list_activities(query, limit=_NEWEST, rpc_timeout=HISTORY_RPC_TIMEOUT)
        ids = [one.activity_id async for one in deliveries]
        keys = [key for key in map(key_of_delivery, ids) if key is not None]
        if lacking := await Outbox(installation.database).unknown(keys):
            return f"Temporal has a delivery of {lacking[0]}, the record has no such message"
    return None


@asynccontextmanager
async def _listing(what: str) -> AsyncIterator[None]:
    try:
        yield
    except RPCError as error:
        if is_unavailable(error):
            raise
        _log.debug("%s are not listed here: %s", what, error.message)


def _marker_id(queue: str) -> str:
    return f"bihuan-record/{queue}"


def _queue(installation: Installation) -> str:
    return installation.settings.task_queue.replace("'", "")
