"""Whether the server sees this very process ask for work: a poller that died is silent, and its process looks well."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_RPC_TIMEOUT = timedelta(seconds=3)
KINDS: Mapping[str, TaskQueueType.ValueType] = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}
"""What a worker asks for; each has pollers of its own, and one can die without the other."""


@dataclass(frozen=True)
class _Sight:
    """The server's time of the last poll, and when (monotonic) it was seen to be a new one."""

    polled: datetime
    noticed: float


@dataclass
class Pollers:
    """The pollers of `client`'s own identity on one task queue; `look`, then ask."""

    client: Client
    task_queue: str
    _seen: dict[str, _Sight] = field(default_factory=dict, init=False)

    @property
    def identity(self) -> str:
        """How the server knows this process: pid and host."""
        return self.client.service_client.config.identity

    async def look(self) -> None:
        """Ask the server.

        Raises:
            RPCError: it does not answer within three seconds.
        """
        for kind, number in KINDS.items():
            request = DescribeTaskQueueRequest(
                namespace=self.client.namespace,
                task_queue=TaskQueue(name=self.task_queue),
                task_queue_type=number,
            )
            answer = await self.client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
            times = [one.last_access_time.ToDatetime(UTC) for one in answer.pollers if one.identity == self.identity]
            if times:
                self._notice(kind, max(times))

    def silence(self, kind: str) -> float | None:
        """Seconds since the server was seen to be polled; None where it never was."""
        sight = self._seen.get(kind)
        return None if sight is None else time.monotonic() - sight.noticed

    def _notice(self, kind: str, polled: datetime) -> None:
        """By this machine's own clock, which may differ from the server's: only a first sight has to believe it."""
        known = self._seen.get(kind)
        if known is None:
            age = max((datetime.now(UTC) - polled).total_seconds(), 0.0)
            self._seen[kind] = _Sight(polled, time.monotonic() - age)
        elif polled > known.polled:
            self._seen[kind] = _Sight(polled, time.monotonic())
