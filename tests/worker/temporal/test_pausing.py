"""A workflow that somebody has paused can be read, and counts as running."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowExecutionStatus

import worker.temporal.connection  # noqa: F401 - whoever connects can read a paused workflow
from worker.temporal.pausing import unpause

PAUSED = 8
"""As the server says it; the SDK has no word for it."""


def test_the_status_of_a_paused_workflow_is_read_and_an_unknown_one_is_still_an_error() -> None:
    assert WorkflowExecutionStatus(PAUSED) is WorkflowExecutionStatus.RUNNING
    with pytest.raises(ValueError, match="99"):
        WorkflowExecutionStatus(99)
    assert unpause("FB1/sales") == "temporal workflow unpause --workflow-id FB1/sales"
