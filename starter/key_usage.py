"""Which keys are still needed: what open workflows and Schedules are encrypted with."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.service import RPCError, RPCStatusCode

from worker.encryption import key_id, key_ids_within

_AT_ONCE = 10
"""Histories read at the same time."""
_RPC_TIMEOUT = timedelta(seconds=20)


@dataclass
class KeyUsage:
    """Key id -> how many open workflows, and how many Schedules, cannot be read without it."""

    workflows: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)


async def find_usage(client: Client) -> KeyUsage:
    """Read the histories of everything that runs; one that ends meanwhile is not counted.

    Raises:
        RPCError: Temporal does not answer.
    """
    usage = KeyUsage()
    turn = asyncio.Semaphore(_AT_ONCE)

    async def read(workflow: str, run: str | None) -> None:
        async with turn:
            found: set[str] = set()
            handle = client.get_workflow_handle(workflow, run_id=run)
            try:
                async for event in handle.fetch_history_events(rpc_timeout=_RPC_TIMEOUT):
                    found |= key_ids_within(event.SerializeToString())
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            usage.workflows.update(found)

    async with asyncio.TaskGroup() as readers:
        async for execution in client.list_workflows("ExecutionStatus = 'Running'", rpc_timeout=_RPC_TIMEOUT):
            readers.create_task(read(execution.id, execution.run_id))
    async for listed in await client.list_schedules(rpc_timeout=_RPC_TIMEOUT):
        description = await client.get_schedule_handle(listed.id).describe(rpc_timeout=_RPC_TIMEOUT)
        action = description.schedule.action
        if isinstance(action, ScheduleActionStartWorkflow):
            usage.schedules.update({name for one in action.args if (name := key_id(one)) is not None})
    return usage
