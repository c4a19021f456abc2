"""What a case workflow starts with, and what it carries from one run to the next."""

from __future__ import annotations

from pydantic import Field

from workflows.domain.case import Case
from workflows.domain.model import Model
from workflows.domain.virtual_time import VirtualTime


class CaseInput(Model):
    """`number` is also the workflow id. `case` is None until the case is open; the rest belongs to later runs."""

    number: str
    time: VirtualTime = Field(default_factory=VirtualTime)
    case: Case | None = None
    signals: int = 0
    """Signals received so far: names the ones that came without a `command_id`."""
    continue_after: int | None = None
    """History events after which a new run begins; None: when the server suggests it."""


class CommandOutcome(Model):
    """Answer of the `outcome` query: `accepted`, `rejected` (with the reason), `pending`, or `unknown`."""

    command_id: str
    outcome: str
    reason: str | None = None
