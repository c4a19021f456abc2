"""What the workflow of a department's part starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.department_task import TaskReport, TaskRequest
from workflows.entity.input import EntityInput


class CollaborationInput(EntityInput):
    """`part` is None until somebody was picked; the rest belongs to later runs."""

    request: TaskRequest
    part: Collaboration | None = None
    unreported: tuple[TaskReport, ...] = ()
    """What the case has not been told yet."""
