"""What the workflow of a department's part starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.department_task import PartReport, PartRequest
from workflows.entity.input import ShellInput


class CollaborationInput(ShellInput):
    """`part` is None until somebody was picked; the rest belongs to later runs."""

    request: PartRequest
    part: Collaboration | None = None
    unreported: tuple[PartReport, ...] = ()
    """What the case has not been told yet."""
