"""The Temporal server, its search attributes, and whether workers take what it has to give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults
from worker.temporal.connection import find_target, web_ui
from worker.temporal.search_attributes import REQUIRED, creation_commands
from workflows.domain.formats import written_duration
from workflows.domain.problem import Problem

_RPC_TIMEOUT = timedelta(seconds=5)
_LEAST_RETENTION = timedelta(days=1)
"""A case that was terminated by mistake can be brought back as long as its history is kept."""
_POLLED_WITHIN = timedelta(seconds=90)
"""A worker that runs asks at least every minute."""
_TAKEN_WITHIN = timedelta(seconds=10)
_QUEUES = (
    ("workflows", TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    ("activities", TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
)


async def server(ward: DoctorContext) -> Iterable[CheckResult]:
    """Reachable, of which version, with a namespace that can do what is needed."""
    said = CheckResults("server")
    try:
        client = await ward.connected()
    except Problem as problem:
        what, _, hint = str(problem).partition("; ")
        return [said.fault(what, _start(ward, hint))]
    system = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=_RPC_TIMEOUT)
    try:
        space = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        todo = f"name another with TEMPORAL_NAMESPACE, or: temporal operator namespace create -n {client.namespace}"
        return [said.fault(f"there is no namespace {client.namespace} at {_address(ward)}", todo)]
    kept = space.config.workflow_execution_retention_ttl.ToTimedelta()
    ui = web_ui(ward.settings)
    what = f"Temporal {system.server_version} at {_address(ward)}, namespace {client.namespace}, "
    what += f"histories of ended cases are kept {written_duration(kept.total_seconds())}"
    lines = [said.ok(f"{what}, Web UI {ui}" if ui else what)]
    if timedelta(0) < kept < _LEAST_RETENTION:
        todo = f"temporal operator namespace update -n {client.namespace} --retention 3d"
        lines.append(said.warning(f"a case ended by mistake can be brought back for {kept} only", todo))
    if not space.namespace_info.supports_schedules:
        what = "this server or namespace has no Schedules: nothing is archived or reported by itself"
        lines.append(said.warning(what, "have them turned on, or run `bihuan archive run` and `bihuan report` by cron"))
    if ward.settings.delivery == "standalone" and not space.namespace_info.capabilities.standalone_activities:
        what = "this server has no standalone activities: each case delivers its own messages"
        lines.append(said.warning(what, "set BIHUAN_DELIVERY=workflow, or update the server"))
    return lines


async def search_attributes(ward: DoctorContext) -> Iterable[CheckResult]:
    """All of them, with the right types; without them every case stands still."""
    said = CheckResults("search attributes")
    client = await ward.client()
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
        )
    except RPCError as error:
        todo = f"if cases stand still: {creation_commands(REQUIRED, client.namespace)}"
        return [said.warning(f"cannot be seen with this key: {error.message}", todo)]
    present = {name: _kind(kind) for name, kind in {**listed.system_attributes, **listed.custom_attributes}.items()}
    missing = {name: kind for name, kind in REQUIRED.items() if name not in present}
    lines = [
        said.fault(
            f"{name} is {present[name]}, needed is {kind}",
            f"temporal operator search-attribute remove --name {name}, then start a worker",
        )
        for name, kind in REQUIRED.items()
        if name in present and present[name] != kind
    ]
    if missing:
        todo = f"start a worker, which registers them where it may, or: {creation_commands(missing, client.namespace)}"
        lines.append(said.fault(f"missing: {', '.join(missing)}", todo))
    return lines or [said.ok(f"all {len(REQUIRED)} are there")]


async def pollers(ward: DoctorContext) -> Iterable[CheckResult]:
    """Whether somebody asks each task queue for work, and whether work waits."""
    client = await ward.client()
    lines: list[CheckResult] = []
    for name, kind in _QUEUES:
        lines += await _polled(client, ward.settings.task_queue, name, kind)
    return lines


async def _polled(client: Client, queue: str, name: str, kind: TaskQueueType.ValueType) -> Iterable[CheckResult]:
    said = CheckResults("worker")
    start = "start one: bihuan up, or bihuan worker"
    answer: Any = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind, report_stats=True
        ),
        timeout=_RPC_TIMEOUT,
    )
    now = datetime.now(UTC)
    last = {one.identity: now - one.last_access_time.ToDatetime(UTC) for one in answer.pollers}
    alive = {identity: ago for identity, ago in last.items() if ago < _POLLED_WITHIN}
    if not alive:
        gone = f"; the last was {min(last.values()).total_seconds():.0f} s ago" if last else ""
        return [said.fault(f"nobody asks task queue {queue} for {name}{gone}: nothing goes on", start)]
    versions = sorted({one.deployment_options.build_id for one in answer.pollers if one.identity in alive} - {""})
    of = f", of build {', '.join(versions)}" if versions else ""
    lines = [said.ok(f"{len(alive)} ask task queue {queue} for {name}{of}: {', '.join(sorted(alive))}")]
    waited = answer.stats.approximate_backlog_age.ToTimedelta()
    if answer.stats.approximate_backlog_count and waited > _TAKEN_WITHIN:
        count = answer.stats.approximate_backlog_count
        what = f"{count} {name} wait in task queue {queue}, the first for {waited.total_seconds():.0f} s"
        lines.append(said.warning(what, f"look at the worker's log and load; another one helps ({start})"))
    return lines


def _kind(of: IndexedValueType.ValueType) -> str:
    name = IndexedValueType.Name(of).removeprefix("INDEXED_VALUE_TYPE_")
    return name.replace("_", " ").title().replace(" ", "")


def _address(ward: DoctorContext) -> str:
    return find_target(ward.settings).address


def _start(ward: DoctorContext, hint: str) -> str:
    try:
        target = find_target(ward.settings)
    except Problem:
        return hint
    if target.embedded is None and target.address != "localhost:7233":
        return hint if "TLS" in hint or "KEY" in hint or "certif" in hint else f"start that server, or {hint}"
    return f"bihuan up --data {ward.settings.data}"
