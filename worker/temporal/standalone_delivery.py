"""Deliveries as standalone activities, so that no timer of a case waits for a mail server.

A row of the outbox becomes one activity, whose id is made of the row's key: the server retries it for as long as it
takes, whether or not the case is still open. What the server does not take is delivered by the case itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.common import ActivityIDConflictPolicy, ActivityIDReusePolicy, RetryPolicy
from temporalio.exceptions import ActivityAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.delivery.status import CAME_BACK, GIVEN_UP, MAY_HAVE_ARRIVED
from activities.messages.composition import NO_TEMPLATE
from worker.temporal.rpc import DELIVERY_RPC_TIMEOUT, is_not_found
from workflows.domain.vocabulary import SYSTEM
from workflows.ports import DELIVERY_HEARTBEAT, Delivery, deliver

ATTEMPT_TIMEOUT = timedelta(seconds=60)
"""For one attempt; longer than the mail transport's own timeout, whose error says more."""
RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=5),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=10),
    maximum_attempts=0,
)
_ID_LIMIT = 200
"""Characters; the server takes 1,000 bytes, and shows them in lists."""
_log = logging.getLogger("bihuan.hand_over")


def stable_id(purpose: str, key: str) -> str:
    """The same id for the same purpose and outbox key; a long key is replaced by its hash."""
    plain = f"{purpose}:{key}"
    return plain if len(plain) <= _ID_LIMIT else f"{purpose}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def case_of_delivery(activity_id: str) -> str:
    """The number of the case whose message a delivery is for: outbox keys begin with it."""
    return activity_id.removeprefix(stable_id("deliver", "")).partition(":")[0]


def key_of_delivery(activity_id: str) -> str | None:
    """The outbox key that a delivery is for; None where the id has only its hash."""
    plain = activity_id.removeprefix(stable_id("deliver", ""))
    return plain if plain != activity_id and not plain.startswith("sha256:") else None


@dataclass
class StandaloneDelivery:
    """A `StartDeliveries`: given a case's number and outbox keys, answers the keys whose delivery did not start."""

    client: Client
    task_queue: str
    _supported: bool = field(default=True, init=False)

    async def __call__(self, number: str, keys: Sequence[str]) -> Sequence[str]:
        """Start a delivery for each key, unless one runs already; never raises."""
        if not self._supported:
            return list(keys)
        taken = await asyncio.gather(*(self._start(number, key) for key in keys))
        return [key for key, was_taken in zip(keys, taken, strict=True) if not was_taken]

    async def _start(self, number: str, key: str) -> bool:
        try:
            # A key whose activity has ended may be delivered again: `deliver` skips what was sent.
            async with asyncio.timeout(DELIVERY_RPC_TIMEOUT.total_seconds()):
                await self.client.start_activity(
                    deliver,
                    Delivery(number=number, keys=(key,)),
                    id=stable_id("deliver", key),
                    task_queue=self.task_queue,
                    start_to_close_timeout=ATTEMPT_TIMEOUT,
                    heartbeat_timeout=DELIVERY_HEARTBEAT,
                    retry_policy=RETRY,
                    id_reuse_policy=ActivityIDReusePolicy.ALLOW_DUPLICATE,
                    id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
                    summary=_summary(key),
                    rpc_timeout=DELIVERY_RPC_TIMEOUT,
                )
        except ActivityAlreadyStartedError:
            return True
        except TimeoutError:
            _log.warning("delivery of %s stays with its case: Temporal does not answer", number)
            return False
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED and self._supported:
                self._supported = False
                _log.warning("this Temporal server has no standalone activities; each case delivers its own messages")
            elif error.status is not RPCStatusCode.UNIMPLEMENTED:
                _log.warning("delivery of %s stays with its case: %s", number, error.message)
            return False
        return True


@dataclass
class UndeliverableReport:
    """Tells a case, by signal, that one of its messages is undeliverable; a closed case does not need to know."""

    client: Client
    now: Callable[[], datetime]

    async def __call__(self, number: str, *, key: str, message: str, recipient: str, channel: str, error: str) -> None:
        """Send the signal; the same key again is the same command.

        Raises:
            RPCError: the server did not take it; the delivery is tried again.
        """
        came_back = error.startswith(CAME_BACK)
        command = {
            "command_id": stable_id("bounced" if came_back else "undeliverable", key),
            "by": SYSTEM,
            "at": self.now().isoformat(),
            "message": message,
            "recipient": recipient,
            "channel": channel,
            "error": error[:500],
            "key": key,
            "refused": not error.startswith((GIVEN_UP, MAY_HAVE_ARRIVED, NO_TEMPLATE)),
        }
        if not await _signal(self.client, number, "undeliverable", command):
            _log.warning("case %s is closed; %s to %s by %s was undeliverable", number, message, recipient, channel)


@dataclass
class SentAgainReport:
    """Tells a case, by signal, that a message to its customer that had failed was sent after all."""

    client: Client
    now: Callable[[], datetime]

    async def __call__(self, number: str, *, key: str, message: str) -> None:
        """Send the signal.

        Raises:
            RPCError: the server did not take it.
        """
        at = self.now().isoformat()
        command_id = stable_id("delivered", f"{key}:{at}")
        command = {"command_id": command_id, "by": SYSTEM, "at": at, "message": message, "key": key}
        await _signal(self.client, number, "delivered", command)


async def _signal(client: Client, number: str, name: str, command: Mapping[str, object]) -> bool:
    """Send a case a command of the system; False where there is no such open case."""
    try:
        await client.get_workflow_handle(number).signal(name, command, rpc_timeout=DELIVERY_RPC_TIMEOUT)
    except RPCError as refusal:
        if is_not_found(refusal):
            return False
        raise
    return True


def _summary(key: str) -> str:
    """Which message goes to whom, in the server's 200 bytes; keys hold ids, no names and no addresses."""
    parts = key.split(":")
    text = f"{parts[0]} {parts[1]} → {parts[-1]}" if len(parts) > 2 else key
    return text.encode()[:200].decode("utf-8", "ignore")
