"""Worker Versioning: which release's workers get the cases, once workers have a `BIHUAN_BUILD_ID`.

A case lives for months and across releases, so it is never pinned to one: its next workflow task goes to whichever
build is current then (AUTO_UPGRADE). A case may therefore be replayed by the new release's code, as it is without build
ids, and by the old one's after a roll-back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from worker.installation.settings import Settings
from worker.temporal.rpc import ADMIN_RPC_TIMEOUT, found_or_none
from worker.temporal.task_queue import describe_task_queue
from workflows.domain.problem import Problem

_LOOKS = 30
"""Seconds in which the server should have heard of a build that has just started to poll."""
_TRIES = 9
_REFUSALS = frozenset({
    RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.INVALID_ARGUMENT,
})  # fmt: skip
_SPREADING = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
_log = logging.getLogger("bihuan.release")
_PREFIX = "WORKER_DEPLOYMENT_VERSION_STATUS_"


@dataclass(frozen=True)
class Build:
    """`status`: inactive, current, ramping, draining or drained; `percent` of new work while it is ramping."""

    build_id: str
    status: str
    percent: float
    since: datetime | None


def deployment_config(settings: Settings) -> WorkerDeploymentConfig | None:
    """The Worker Versioning of a worker: None where no build id is set, and every worker takes any work."""
    if settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def warn_if_idle(client: Client, settings: Settings) -> None:
    """Log a warning where no case will come to this worker before its build is made current; never raises."""
    build_id = settings.build_id
    if build_id is None:
        return
    with suppress(RPCError):
        for _ in range(_LOOKS):
            build = next(
                (one for one in await WorkerDeployment(client, settings.deployment).list() if one.build_id == build_id),
                None,
            )
            if build is not None:
                if build.status not in {"current", "ramping"}:
                    _log.warning(
                        "build %s is not current in deployment %s: no case comes to this worker; "
                        "`bihuan release current %s` makes it so",
                        build_id, settings.deployment, build_id,
                    )  # fmt: skip
                return
            # The server hears of a build with the first poll.
            await asyncio.sleep(1)


async def builds_at_work(client: Client, task_queue: str) -> frozenset[str]:
    """The builds whose workers poll the task queue now; empty text stands for workers without a build id.

    Raises:
        RPCError: the server does not answer.
    """
    queue = await describe_task_queue(client, task_queue)
    return frozenset(poller.build_id for poller in queue.alive())


@dataclass(frozen=True)
class WorkerDeployment:
    """A Worker Deployment by its name: the builds that the server has seen workers of, and which of them get work."""

    client: Client
    name: str

    async def list(self) -> Sequence[Build]:
        """All builds, the newest first; empty before the first worker with a build id.

        Raises:
            RPCError: the server does not answer, or knows no deployments.
        """
        info = await found_or_none(self._describe())
        if info is None:
            return ()
        ramping = info.routing_config.ramping_deployment_version.build_id
        percent = info.routing_config.ramping_version_percentage
        builds = [
            Build(
                build_id=one.deployment_version.build_id,
                status=WorkerDeploymentVersionStatus.Name(one.status).removeprefix(_PREFIX).lower(),
                percent=percent if one.deployment_version.build_id == ramping else 0.0,
                since=one.create_time.ToDatetime(UTC),
            )
            for one in info.version_summaries
        ]
        return sorted(builds, key=lambda build: build.since or datetime.min.replace(tzinfo=UTC), reverse=True)

    async def make_current(self, build_id: str | None) -> None:
        """Give all work to this build, which a worker may come up for later; None: to workers without one. No build
        ramps any more.

        Raises:
            Problem: no worker of that build has been seen, or one of its task queues has none.
            RPCError: the server does not answer.
        """
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self.client.namespace,
            deployment_name=self.name,
            build_id=build_id or "",
            identity=self.client.service_client.config.identity,
        )
        service = self.client.workflow_service
        if build_id is None and await found_or_none(self._describe()) is None:
            raise Problem(f"no worker of deployment {self.name} was seen: workers without a build id have all cases")
        await self._retried(
            build_id, lambda: service.set_worker_deployment_current_version(request, timeout=ADMIN_RPC_TIMEOUT)
        )
        await self.ramp(None, 0)
        await self._wait_until_routed()

    async def ramp(self, build_id: str | None, percent: float) -> None:
        """Give this share of the cases to this build, the rest to the current one; None and 0 end a ramp.

        Raises:
            Problem: no worker of that build has been seen.
            RPCError: the server does not answer.
        """
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=self.client.namespace,
            deployment_name=self.name,
            build_id=build_id or "",
            percentage=percent,
            identity=self.client.service_client.config.identity,
        )
        service = self.client.workflow_service
        if build_id is None:
            # There may be no ramp to end.
            with suppress(RPCError):
                await service.set_worker_deployment_ramping_version(request, timeout=ADMIN_RPC_TIMEOUT)
            return
        await self._retried(
            build_id, lambda: service.set_worker_deployment_ramping_version(request, timeout=ADMIN_RPC_TIMEOUT)
        )

    async def _retried(self, build_id: str | None, ask: Callable[[], Awaitable[object]]) -> None:
        """Ask up to ten times: a worker that has just started is not seen on each of its task queues at once."""
        for last in [*[False] * _TRIES, True]:
            try:
                await ask()
            except RPCError as error:
                if error.status not in _REFUSALS:
                    raise
                known = [build.build_id for build in await self.list()]
                if last or build_id not in known or error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise self._refused(error, build_id, known) from None
                await asyncio.sleep(1)
            else:
                return

    async def _wait_until_routed(self) -> None:
        """Wait until every task queue goes by it, ten seconds at most: the server finishes it in any case."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ADMIN_RPC_TIMEOUT.total_seconds()):
                while (await self._describe()).routing_config_update_state == _SPREADING:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)

    async def _describe(self) -> WorkerDeploymentInfo:
        answer = await self.client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=self.client.namespace, deployment_name=self.name),
            timeout=ADMIN_RPC_TIMEOUT,
        )
        return answer.worker_deployment_info

    def _refused(self, error: RPCError, build_id: str | None, known: Sequence[str]) -> Problem:
        if build_id is None:
            return Problem(f"workers without a build id cannot be given the cases of {self.name}: {error.message}")
        todo = f"start a worker with BIHUAN_BUILD_ID={build_id} first (seen so far: {', '.join(known) or 'none'})"
        if build_id in known:
            todo = "see that its workers are up, and try again"
        return Problem(f"build {build_id} of {self.name}: {error.message}; {todo}")
