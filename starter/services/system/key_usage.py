"""Which encryption keys are still needed: by open workflows, deliveries and Schedules."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field

from temporalio.api.workflowservice.v1 import DescribeActivityExecutionRequest
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.service import RPCError, RPCStatusCode

from worker.encryption.codec import key_id, key_ids_within
from worker.temporal.pausing import OPEN
from worker.temporal.rpc import HISTORY_RPC_TIMEOUT, found_or_none
from workflows.domain.ids import RECORD_MARKER

_WORKFLOWS = f"{OPEN} AND WorkflowType != '{RECORD_MARKER}'"
"""Without the one that each start of a worker makes anew."""
_AT_ONCE = 10
"""Histories and descriptions read at the same time."""


@dataclass
class KeyUsage:
    """Key id -> how many open workflows, running deliveries, and Schedules cannot be read without that key."""

    workflows: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)


async def find_usage(client: Client) -> KeyUsage:
    """Read all that is open; what ends meanwhile is not counted.

    Raises:
        RPCError: Temporal does not answer.
    """
    usage = KeyUsage()
    limit = asyncio.Semaphore(_AT_ONCE)

    async def count(counter: Counter[str], keys: Awaitable[set[str]]) -> None:
        async with limit:
            counter.update(await found_or_none(keys) or ())

    async with asyncio.TaskGroup() as readers:
        async for execution in client.list_workflows(_WORKFLOWS, rpc_timeout=HISTORY_RPC_TIMEOUT):
            keys = _of_workflow(client, execution.id, execution.run_id)
            readers.create_task(count(usage.workflows, keys))
        for activity in await _deliveries(client):
            readers.create_task(count(usage.deliveries, _of_activity(client, activity)))
        async for schedule in await client.list_schedules(rpc_timeout=HISTORY_RPC_TIMEOUT):
            readers.create_task(count(usage.schedules, _of_schedule(client, schedule.id)))
    return usage


async def _of_workflow(client: Client, workflow: str, run: str | None) -> set[str]:
    found: set[str] = set()
    handle = client.get_workflow_handle(workflow, run_id=run)
    async for event in handle.fetch_history_events(rpc_timeout=HISTORY_RPC_TIMEOUT):
        found |= key_ids_within(event.SerializeToString())
    return found


async def _deliveries(client: Client) -> list[str]:
    try:
        return [
            one.activity_id
            async for one in client.list_activities("ExecutionStatus = 'Running'", rpc_timeout=HISTORY_RPC_TIMEOUT)
        ]
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            return []
        raise


async def _of_activity(client: Client, activity: str) -> set[str]:
    request = DescribeActivityExecutionRequest(namespace=client.namespace, activity_id=activity, include_input=True)
    answer = await client.workflow_service.describe_activity_execution(request, timeout=HISTORY_RPC_TIMEOUT)
    return key_ids_within(answer.SerializeToString())


async def _of_schedule(client: Client, name: str) -> set[str]:
    action = (await client.get_schedule_handle(name).describe(rpc_timeout=HISTORY_RPC_TIMEOUT)).schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow):
        return set()
    return {known for one in action.args if (known := key_id(one)) is not None}
