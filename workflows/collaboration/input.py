"""What the workflow of a department's task starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.department_task import TaskReport, TaskRequest
from workflows.entity.input import EntityInput


class CollaborationInput(EntityInput[Collaboration, TaskReport]):
    """`request` is what the case asked for; the task is open when somebody in the department was picked for it."""

    request: TaskRequest
