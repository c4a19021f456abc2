"""Missing search attributes are registered; where that is not allowed, the command that does it is named."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from worker.temporal.search_attributes import REQUIRED, creation_commands, ensure_search_attributes
from workflows.domain.problem import Problem


@pytest.fixture
async def client(local: WorkflowEnvironment) -> Client:
    """In a namespace of its own."""
    namespace = f"n{uuid.uuid4().hex[:8]}"
    await local.client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=namespace,
            workflow_execution_retention_period=Duration(seconds=86_400),
        )
    )
    config: dict[str, Any] = {**local.client.config(), "namespace": namespace}
    return Client(**config)


class _Forbidding:
    """The operator service as a client sees it that may look (or not even that) but not add."""

    def __init__(self, real: Any, *, may_look: bool) -> None:
        self._real, self._may_look = real, may_look

    async def list_search_attributes(self, request: ListSearchAttributesRequest) -> Any:
        if not self._may_look:
            raise RPCError("not allowed", RPCStatusCode.PERMISSION_DENIED, b"")
        return await self._real.list_search_attributes(request)

    async def add_search_attributes(self, request: AddSearchAttributesRequest) -> Any:
        raise RPCError("not allowed", RPCStatusCode.PERMISSION_DENIED, b"")


class _Restricted:
    def __init__(self, client: Client, *, may_look: bool) -> None:
        self.namespace = client.namespace
        self.operator_service = _Forbidding(client.operator_service, may_look=may_look)


async def test_a_new_server_learns_what_cases_are_found_by_and_the_second_start_adds_nothing(client: Client) -> None:
    assert set(await ensure_search_attributes(client)) == set(REQUIRED)
    assert await ensure_search_attributes(client) == ()


async def test_an_administrator_gets_the_exact_command_where_the_worker_may_not_register(client: Client) -> None:
    restricted: Any = _Restricted(client, may_look=True)
    with pytest.raises(Problem) as caught:
        await ensure_search_attributes(restricted)
    assert "\n" not in str(caught.value)
    assert creation_commands(REQUIRED, client.namespace) in str(caught.value)
    assert (
        f"temporal operator search-attribute create --namespace {client.namespace} --type Int --name CaseEscalation"
    ) in str(caught.value)


async def test_a_key_that_may_not_even_look_can_still_work(client: Client) -> None:
    restricted: Any = _Restricted(client, may_look=False)
    assert await ensure_search_attributes(restricted) == ()


async def test_an_attribute_of_another_type_is_named_before_any_case_hangs_on_it(client: Client) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={"CaseEscalation": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD},
        )
    )
    with pytest.raises(Problem, match=r"search attribute CaseEscalation is Keyword .*, needed is Int"):
        await ensure_search_attributes(client)
