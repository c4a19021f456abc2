"""The Temporal server, its search attributes, and whether workers poll its task queue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starter.doctor.check import Check, CheckResult
from starter.doctor.context import DoctorContext
from worker.temporal.connection import DEFAULT_ADDRESS, TemporalUnreachableError, find_target, web_ui
from worker.temporal.pausing import paused_workflows, unpause
from worker.temporal.rpc import RPC_TIMEOUT, found_or_none
from worker.temporal.search_attributes import REQUIRED, creation_commands
from worker.temporal.task_queue import describe_task_queue
from workflows.domain.formats import written_duration
from workflows.domain.problem import Problem

_LEAST_RETENTION = timedelta(days=1)
"""A case that was terminated by mistake can be brought back as long as its history is kept."""
_MOST_PAUSED = 500
_QUEUES = {"workflow": "workflows", "activity": "activities"}
"""Kind of tasks -> how it is called in a sentence."""


async def server(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether the server answers, and its namespace can do what is needed."""
    check = Check("server")
    try:
        client = await context.connected()
    except TemporalUnreachableError as error:
        return [check.fault(error.what, _start(context, error))]
    except Problem as problem:
        return check.problem(problem, "correct that setting")
    system = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=RPC_TIMEOUT)
    request = DescribeNamespaceRequest(namespace=client.namespace)
    space = await found_or_none(client.workflow_service.describe_namespace(request, timeout=RPC_TIMEOUT))
    if space is None:
        todo = f"name another with TEMPORAL_NAMESPACE, or: temporal operator namespace create -n {client.namespace}"
        return [check.fault(f"there is no namespace {client.namespace} at {_address(context)}", todo)]
    kept = space.config.workflow_execution_retention_ttl.ToTimedelta()
    ui = web_ui(context.settings)
    what = f"Temporal {system.server_version} at {_address(context)}, namespace {client.namespace}, "
    what += f"histories of ended cases are kept {written_duration(kept.total_seconds())}"
    results = [check.ok(f"{what}, Web UI {ui}" if ui else what)]
    if timedelta(0) < kept < _LEAST_RETENTION:
        todo = f"temporal operator namespace update -n {client.namespace} --retention 3d"
        results.append(check.warning(f"a case ended by mistake can be brought back for {kept} only", todo))
    if not space.namespace_info.supports_schedules:
        what = "this server or namespace has no Schedules: nothing is archived or reported by itself"
        results.append(
            check.warning(what, "have them turned on, or run `bihuan archive run` and `bihuan report` by cron")
        )
    if context.settings.delivery == "standalone" and not space.namespace_info.capabilities.standalone_activities:
        what = "this server has no standalone activities: each case delivers its own messages"
        results.append(check.warning(what, "set BIHUAN_DELIVERY=workflow, or update the server"))
    return results


async def paused(context: DoctorContext) -> Iterable[CheckResult]:
    """Workflows that somebody has paused: they do nothing until somebody lets them go on."""
    check = Check("paused")
    found = [one.id async for one in paused_workflows(await context.client(), limit=_MOST_PAUSED)]
    if not found:
        return [check.ok("no workflow is paused")]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    what = f"{found[0]}{more} paused: deadlines pass without anybody hearing of it"
    return [check.warning(what, unpause(found[0]))]


async def search_attributes(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether all of them are registered with the right types; without them every case stands still."""
    check = Check("search attributes")
    client = await context.client()
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), timeout=RPC_TIMEOUT
        )
    except RPCError as error:
        todo = f"if cases stand still: {creation_commands(REQUIRED, client.namespace)}"
        return [check.warning(f"cannot be seen with this key: {error.message}", todo)]
    present = {name: _kind(kind) for name, kind in {**listed.system_attributes, **listed.custom_attributes}.items()}
    missing = {name: kind for name, kind in REQUIRED.items() if name not in present}
    results = [
        check.fault(
            f"{name} is {present[name]}, needed is {kind}",
            f"where nothing else in this namespace uses it: temporal operator search-attribute remove --name {name}, "
            "then start a worker; else use a namespace of your own (TEMPORAL_NAMESPACE)",
        )
        for name, kind in REQUIRED.items()
        if name in present and present[name] != kind
    ]
    if missing:
        todo = f"start a worker, which registers them where it may, or: {creation_commands(missing, client.namespace)}"
        results.append(check.fault(f"missing: {', '.join(missing)}", todo))
    return results or [check.ok(f"all {len(REQUIRED)} are there")]


async def pollers(context: DoctorContext) -> Iterable[CheckResult]:
    """Whether workers poll for both kinds of tasks, and whether tasks wait."""
    client = await context.client()
    results: list[CheckResult] = []
    for kind, name in _QUEUES.items():
        results += await _polled(client, context.settings.task_queue, kind, name)
    return results


async def _polled(client: Client, queue: str, kind: str, name: str) -> Iterable[CheckResult]:
    check = Check("worker")
    start = "start one: bihuan up, or bihuan worker"
    state = await describe_task_queue(client, queue, kind, backlog=True)
    alive = state.alive()
    if not alive:
        last = max((poller.polled_at for poller in state.pollers), default=None)
        gone = f"; the last was {(datetime.now(UTC) - last).total_seconds():.0f} s ago" if last else ""
        return [check.fault(f"nobody asks task queue {queue} for {name}{gone}: nothing goes on", start)]
    builds = sorted({poller.build_id for poller in alive} - {""})
    of = f", of build {', '.join(builds)}" if builds else ""
    workers = sorted({poller.identity for poller in alive})
    results = [check.ok(f"{len(workers)} ask task queue {queue} for {name}{of}: {', '.join(workers)}")]
    if state.is_behind:
        waited = f"{state.backlog_age.total_seconds():.0f} s"
        what = f"{state.backlog} {name} wait in task queue {queue}, the first for {waited}"
        results.append(check.warning(what, f"look at the worker's log and load; another one helps ({start})"))
    return results


def _kind(of: IndexedValueType.ValueType) -> str:
    name = IndexedValueType.Name(of).removeprefix("INDEXED_VALUE_TYPE_")
    return name.replace("_", " ").title().replace(" ", "")


def _address(context: DoctorContext) -> str:
    return find_target(context.settings).address


def _start(context: DoctorContext, error: TemporalUnreachableError) -> str:
    """What to do: start the embedded server, unless the settings name another one."""
    target = error.target
    if target.embedded is None and target.address != DEFAULT_ADDRESS:
        return error.todo
    return f"bihuan up --data {context.settings.data}"
