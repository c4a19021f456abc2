"""Where workers have a build id (Worker Versioning): whether the build that gets the cases has workers."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.service import RPCError

from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from worker.temporal.deployments import WorkerDeployment, builds_at_work


async def release(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the current build, and the one that is ramping, have workers that poll."""
    check, name = Check("release"), context.settings.deployment
    client = await context.client()
    try:
        builds = await WorkerDeployment(client, name).list()
    except RPCError as error:
        return [check.ok(f"no build ids: {error.message}")]
    if not builds:
        return [check.ok("no build ids: every worker takes any case")]
    working = await builds_at_work(client, context.settings.task_queue)
    current = next((one.build_id for one in builds if one.status == "current"), "")
    ramping = next((one.build_id for one in builds if one.status == "ramping"), current)
    results = []
    for build_id in dict.fromkeys((current, ramping)):
        what = f"build {build_id} of {name}" if build_id else "workers without a build id"
        if build_id in working:
            results.append(check.ok(f"{what} get the cases" if not build_id else f"{what} gets cases, and has workers"))
            continue
        others = sorted(working - {build_id, ""})
        todo = (
            f"start a worker with BIHUAN_BUILD_ID={build_id}" if build_id else "start a worker without BIHUAN_BUILD_ID"
        )
        if others:
            todo += f", or: bihuan release current {others[0]}"
        elif working:
            todo += ", or: bihuan release current --unversioned"
        results.append(check.fault(f"the cases go to {what}, and none is there", todo))
    return results
