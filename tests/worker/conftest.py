"""One real Temporal server for the tests of this folder that do not restart it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from worker.embedded.server import find_binary


@pytest.fixture(scope="session")
async def local() -> AsyncIterator[WorkflowEnvironment]:
    """Without any search attribute of ours."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_binary()), data_converter=pydantic_data_converter
    ) as environment:
        yield environment
