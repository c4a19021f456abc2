"""Servers for tests of workflows, found where their packages put them: nothing is downloaded."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.timeouts import TIMEOUT
from worker.embedded.server import find_binary
from workflows.search_attributes import SEARCH_ATTRIBUTES


async def start_real() -> WorkflowEnvironment:
    """The real server, in memory."""
    return await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(find_binary()),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_log_level="error",
    )


async def start_skipping() -> WorkflowEnvironment:
    """The Java test server: days pass in milliseconds."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=str(find_binary().with_name("temporal-test-server")),
    )
    environment.sleep = partial(_sleep, environment)  # type: ignore[method-assign]
    kinds = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    await environment.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=kinds)
    )
    return environment


async def _sleep(environment: WorkflowEnvironment, duration: timedelta | float) -> None:
    """As the environment sleeps, but however long the workers take meanwhile: a call has half a minute otherwise, and
    one that is given up leaves the server's time running for all tests after it.
    """
    wanted = SleepRequest()
    wanted.duration.FromTimedelta(duration if isinstance(duration, timedelta) else timedelta(seconds=duration))
    service = environment.client.test_service
    await service.unlock_time_skipping_with_sleep(wanted, timeout=timedelta(seconds=TIMEOUT))
