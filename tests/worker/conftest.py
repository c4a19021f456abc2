"""One real Temporal server for the tests of this folder that do not restart it, and folders of installations."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

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


@pytest.fixture
def installed(tmp_path: Path, migrated_file: Path) -> Path:
    """A folder whose `data` has a record with all tables and nothing in them, for an installation to begin with."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_file, tmp_path / "data")
    return tmp_path
