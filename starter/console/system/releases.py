"""`bihuan release`: says which build's workers get the cases, where workers have a `BIHUAN_BUILD_ID`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.temporal.deployments import WorkerDeployment

_MISUSED = 2

BuildId = Annotated[str, Parameter(help="The BIHUAN_BUILD_ID its workers were started with.")]


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Builds that workers were seen of, the newest first: inactive (no work yet), ramping, current, draining, drained.

    Example: bihuan release list
    """
    from worker.installation.company_time import CompanyTime
    from worker.installation.settings import load_settings

    company = await CompanyTime.read(load_settings(data=data))
    async with _deployment(data) as (deployment, _):
        builds = await deployment.list()
    if as_json:
        print_json([asdict(build) | {"since": build.since and build.since.isoformat()} for build in builds])
        return
    rows = [
        [
            build.build_id,
            build.status + (f" {build.percent:g} %" if build.percent else ""),
            company.text(build.since),
        ]
        for build in builds
    ]
    print_table(["Build", "Status", "First seen"], rows)


async def current(
    build_id: Annotated[str | None, Parameter(help="Leave it out with --unversioned.")] = None,
    /,
    *,
    unversioned: Annotated[
        bool, Parameter(negative=(), help="Give the work back to workers without a build id.")
    ] = False,
    data: DataFolder = None,
) -> int:
    """Give all cases, open and new, to the workers of this build. Back to the build before: the same, with its id.

    Example: bihuan release current 1.4.0
    """
    if (build_id is None) is not unversioned:
        say("which build? allowed: its id, or --unversioned")
        return _MISUSED
    async with _deployment(data) as (deployment, working):
        if build_id is None and "" not in working:
            raise Problem(
                "no worker without a build id is up, so no case would go on; start one without BIHUAN_BUILD_ID first"
            )
        await deployment.make_current(build_id)
        say(f"{build_id or 'workers without a build id'}: current in deployment {deployment.name}")
        _name_idle(build_id, working)
    return 0


async def ramp(
    build_id: BuildId,
    /,
    *,
    percent: Annotated[float, Parameter(help="Share of the cases, 0 to 100; 0 ends the ramp.")],
    data: DataFolder = None,
) -> int:
    """Give some of the cases to this build and the rest to the current one, to see how it does.

    Example: bihuan release ramp 1.4.0 --percent 5
    """
    if not 0 <= percent <= 100:
        say(f"--percent {percent:g}: allowed: 0 to 100")
        return _MISUSED
    async with _deployment(data) as (deployment, working):
        await deployment.ramp(build_id if percent else None, percent)
        say(f"{build_id}: {percent:g} % of the cases of deployment {deployment.name}")
        _name_idle(build_id if percent else None, working)
    return 0


def _name_idle(build_id: str | None, working: frozenset[str]) -> None:
    if build_id is not None and build_id not in working:
        say(f"no worker of build {build_id} is up: its cases wait until one starts with BIHUAN_BUILD_ID={build_id}")


@asynccontextmanager
async def _deployment(data: str | None) -> AsyncIterator[tuple[WorkerDeployment, frozenset[str]]]:
    """The deployment of the settings, and the builds whose workers are up."""
    from temporalio.service import RPCError

    from worker.installation.settings import load_settings
    from worker.temporal.connection import connect
    from worker.temporal.deployments import WorkerDeployment, builds_at_work

    settings = load_settings(data=data)
    try:
        client = await connect(settings)
        yield WorkerDeployment(client, settings.deployment), await builds_at_work(client, settings.task_queue)
    except RPCError as error:
        raise Problem(f"deployment {settings.deployment}: {error.message}") from None
