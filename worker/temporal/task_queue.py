"""What the server knows of a task queue: which workers poll it, and how many tasks wait in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentOptions
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from worker.temporal.rpc import RPC_TIMEOUT

KINDS: Mapping[str, TaskQueueType.ValueType] = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}
"""The two kinds of tasks; a worker has pollers of its own for each, and those of one kind can die alone."""
POLLED_WITHIN = timedelta(seconds=90)
"""A poll waits up to a minute at the server, so a poller that lives is silent for no longer than this."""
_TAKEN_WITHIN = timedelta(seconds=10)
"""A worker with room takes a task sooner."""


@dataclass(frozen=True)
class Poller:
    """One process that polls: `identity` as the server knows it, `build_id` empty where it has none."""

    identity: str
    build_id: str
    polled_at: datetime


@dataclass(frozen=True)
class TaskQueueState:
    """Everybody who polled in the last minutes, and the backlog: its size, and the age of its first task."""

    pollers: tuple[Poller, ...]
    backlog: int
    backlog_age: timedelta

    @property
    def is_behind(self) -> bool:
        """Whether tasks wait for longer than a worker with room would let them."""
        return self.backlog > 0 and self.backlog_age > _TAKEN_WITHIN

    def alive(self) -> list[Poller]:
        """The pollers that still poll."""
        since = datetime.now(UTC) - POLLED_WITHIN
        return [poller for poller in self.pollers if poller.polled_at > since]


async def describe_task_queue(
    client: Client, name: str, kind: str = "workflow", *, backlog: bool = False, rpc_timeout: timedelta = RPC_TIMEOUT
) -> TaskQueueState:
    """Ask the server about one kind of tasks (a key of `KINDS`); without `backlog` it does not count what waits.

    Raises:
        RPCError: it does not answer within `rpc_timeout`.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=name),
        task_queue_type=KINDS[kind],
        report_stats=backlog,
    )
    answer = await client.workflow_service.describe_task_queue(request, timeout=rpc_timeout)
    return TaskQueueState(
        pollers=tuple(
            Poller(one.identity, _build_id(one.deployment_options), one.last_access_time.ToDatetime(UTC))
            for one in answer.pollers
        ),
        backlog=answer.stats.approximate_backlog_count,
        backlog_age=answer.stats.approximate_backlog_age.ToTimedelta(),
    )


def _build_id(options: WorkerDeploymentOptions) -> str:
    """Empty for a worker that any case goes to, whatever the release is called that it runs."""
    versioned = options.worker_versioning_mode == WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    return options.build_id if versioned else ""
