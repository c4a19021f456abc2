"""What a case workflow starts with, and what it carries from one run to the next."""

from __future__ import annotations

from pydantic import Field

from workflows.domain.case import Case
from workflows.domain.event import Event
from workflows.domain.model import Fact, Json, Model
from workflows.domain.virtual_time import VirtualTime


class Arrival(Fact):
    """A signal as it came in: its object, or the reason why there is none."""

    name: str
    command_id: str
    by: str
    payload: Json | None = None
    problem: str | None = None


class CaseInput(Model):
    """`number` is also the workflow id. `case` is None until the case is open; the rest belongs to later runs."""

    number: str
    time: VirtualTime = Field(default_factory=VirtualTime)
    case: Case | None = None
    inbox: tuple[Arrival, ...] = ()
    """Signals that are not judged yet."""
    unrecorded: tuple[Event, ...] = ()
    """Events that are not in the database yet."""
    signals: int = 0
    """Signals received so far: names the ones that came without a `command_id`."""
    continue_after: int | None = None
    """History events after which a new run begins; None: when the server suggests it."""


class CommandOutcome(Model):
    """Answer of the `outcome` query: `accepted`, `rejected` (with the reason), `pending`, or `unknown`."""

    command_id: str
    outcome: str
    reason: str | None = None
