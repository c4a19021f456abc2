"""Schemathesis asks the real server what its document allows, and much that it does not: nothing is found (R47)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.starter.web.api.conftest import Caller
from tests.starter.web.api.contract import DOCUMENT
from tests.starter.web.conftest import Portal

_COMMAND = "from schemathesis.cli import schemathesis; schemathesis()"
_NO_SCHEMA_TELLS = "positive_data_acceptance"
"""Whether well-formed data is taken: a form needs a contact of any kind, days have to have begun."""
_SENTENCE = 60
"""Characters from which on a text of the document is a sentence and no title."""
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


def test_no_line_of_the_document_breaks_off_in_the_middle_of_a_sentence() -> None:
    """Summaries and descriptions are the first lines of docstrings: a sentence that goes on below is cut there."""
    said = [text for text in _said(DOCUMENT) if len(text) > _SENTENCE]
    assert said
    assert [text for text in said if not text.endswith(".")] == []


def _said(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part[key] for key in ("summary", "description") if isinstance(part.get(key), str))
        for inner in part.values():
            yield from _said(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _said(inner)
