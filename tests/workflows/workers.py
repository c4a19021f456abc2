"""Workers for tests: workflows run as in production, without the SDK's sandbox (`worker.process.RUNNER`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from worker.process import RUNNER
from workflows.case.workflow import CaseWorkflow
from workflows.collaboration.workflow import CollaborationWorkflow
from workflows.review.workflow import ReviewWorkflow

DURABLE_OBJECTS = (CaseWorkflow, CollaborationWorkflow, ReviewWorkflow)


def worker_of(
    client: Client,
    queue: str,
    activities: Sequence[Callable[..., Any]],
    workflows: Sequence[type] = DURABLE_OBJECTS,
    **options: Any,
) -> Worker:
    """A worker of that task queue."""
    return Worker(
        client, task_queue=queue, workflows=workflows, activities=activities, workflow_runner=RUNNER, **options
    )
