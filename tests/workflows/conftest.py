"""One real server for all tests of workflows, and a time-skipping one for each test that lets days pass."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.workflows import servers
from tests.workflows.fake_activities import FakeActivities
from tests.workflows.workers import worker_of
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow

Starter = Callable[..., Awaitable[WorkflowHandle[CaseWorkflow, str]]]


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The Java test server: days pass in milliseconds.

    One for each test, in a tenth of a second: a workflow that is terminated in the middle of a task may leave a server
    that skips no more, and the next test would wait for ever.
    """
    async with await servers.start_skipping() as environment:
        yield environment


@pytest.fixture(scope="session")
async def real() -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory."""
    async with await servers.start_real() as environment:
        yield environment


@pytest.fixture
async def start_skipping(skipping: WorkflowEnvironment) -> AsyncIterator[Starter]:
    """Start a case in a world of its own; its worker runs until the test ends."""
    async with _starter(skipping) as begin:
        yield begin


@pytest.fixture
async def start(real: WorkflowEnvironment) -> AsyncIterator[Starter]:
    """The same on the real server."""
    async with _starter(real) as begin:
        yield begin


@asynccontextmanager
async def _starter(environment: WorkflowEnvironment) -> AsyncIterator[Starter]:
    async with AsyncExitStack() as stack:

        async def begin(world: FakeActivities, **start: Any) -> WorkflowHandle[CaseWorkflow, str]:
            number = f"FB{uuid.uuid4().hex[:12]}"
            world.forgetful = environment.supports_time_skipping
            await stack.enter_async_context(worker_of(environment.client, number, world.activities))
            handle = await environment.client.start_workflow(
                CaseWorkflow.run, CaseInput(number=number, **start), id=number, task_queue=number
            )
            stack.push_async_callback(_end, handle)
            return handle

        yield begin


async def _end(handle: WorkflowHandle[CaseWorkflow, str]) -> None:
    """A case left behind without its worker would keep the time-skipping server from skipping."""
    with suppress(RPCError):
        await handle.terminate()
