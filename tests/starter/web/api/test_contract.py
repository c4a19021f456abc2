"""Schemathesis asks the real server what its document allows, and much that it does not: nothing is found (R47)."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.starter.web.api.conftest import Caller
from tests.starter.web.conftest import Portal

_COMMAND = "from schemathesis.cli import schemathesis; schemathesis()"
_NO_SCHEMA_TELLS = "positive_data_acceptance"
"""Whether well-formed data is taken: a form needs a contact of any kind, days have to have begun."""
_WITHOUT_END = "/events"
"""Held to the document in `test_events`."""


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("fuzzing", 2), pytest.param("coverage,fuzzing,stateful", 40, marks=pytest.mark.drill)],
    ids=["short", "long"],
)
async def test_whatever_is_asked_is_answered_as_the_document_says(
    portal: Portal, caller: Caller, phases: str, examples: int
) -> None:
    api = await caller("duty-001")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _COMMAND, "run", f"{portal.address}/api/v1/openapi.json",
        "--header", f"Authorization: {api.client.headers['Authorization']}",
        "--phases", phases, "--max-examples", str(examples), "--seed", "1", "--generation-deterministic",
        "--exclude-checks", _NO_SCHEMA_TELLS, "--exclude-path", _WITHOUT_END, "--request-timeout", "600",
        "--suppress-health-check", "all", "--no-color",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
