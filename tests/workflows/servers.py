"""Servers for tests of workflows, found where their packages put them: nothing is downloaded."""

from __future__ import annotations

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

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
    kinds = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    await environment.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=kinds)
    )
    return environment
