"""What the workflow of a department's part starts with, and what it carries from one run to the next."""

from __future__ import annotations

from pydantic import Field

from workflows.case_input import Arrival
from workflows.domain.collaboration import Collaboration
from workflows.domain.model import Model
from workflows.domain.part import PartReport, PartRequest
from workflows.domain.virtual_time import VirtualTime


class CollaborationInput(Model):
    """`part` is None until somebody was picked; the rest belongs to later runs."""

    request: PartRequest
    time: VirtualTime = Field(default_factory=VirtualTime)
    part: Collaboration | None = None
    inbox: tuple[Arrival, ...] = ()
    """Signals that are not judged yet."""
    unreported: tuple[PartReport, ...] = ()
    """What the case has not been told yet."""
    signals: int = 0
    """Signals received so far: names the ones that came without a `command_id`."""
    continue_after: int | None = None
    """History events after which a new run begins; None: when the server suggests it."""
