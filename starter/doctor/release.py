"""Whether the build that gets the cases has workers, where workers have a build id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults
from worker.temporal.deployments import Releases

_RPC_TIMEOUT = timedelta(seconds=5)
_POLLED_WITHIN = timedelta(seconds=90)


async def release(ward: DoctorContext) -> Iterable[CheckResult]:
    """Nothing where no worker ever had a build id."""
    said, name = CheckResults("release"), ward.settings.deployment
    client = await ward.client()
    try:
        builds = await Releases(client, name).list()
    except RPCError as error:
        return [said.ok(f"no build ids: {error.message}")]
    if not builds:
        return [said.ok("no build ids: every worker takes any case")]
    working = await _working(client, ward.settings.task_queue)
    current = next((one.build_id for one in builds if one.status == "current"), "")
    ramping = next((one.build_id for one in builds if one.status == "ramping"), current)
    lines = []
    for build_id in dict.fromkeys((current, ramping)):
        what = f"build {build_id} of {name}" if build_id else "workers without a build id"
        if build_id in working:
            lines.append(said.ok(f"{what} get the cases" if not build_id else f"{what} gets cases, and has workers"))
            continue
        others = sorted(working - {build_id, ""})
        todo = (
            f"start a worker with BIHUAN_BUILD_ID={build_id}" if build_id else "start a worker without BIHUAN_BUILD_ID"
        )
        if others:
            todo += f", or: bihuan release current {others[0]}"
        elif working:
            todo += ", or: bihuan release current --unversioned"
        lines.append(said.fault(f"the cases go to {what}, and none is there", todo))
    return lines


async def _working(client: Client, queue: str) -> set[str]:
    """Build ids of the workers that ask for work; empty for those without one."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=_RPC_TIMEOUT,
    )
    now = datetime.now(UTC)
    return {
        one.deployment_options.build_id
        for one in answer.pollers
        if now - one.last_access_time.ToDatetime(UTC) < _POLLED_WITHIN
    }
