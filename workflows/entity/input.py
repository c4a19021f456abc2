"""What every shell starts with, and how it answers about a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from workflows.domain.model import Fact, Json, Model
from workflows.domain.virtual_time import VirtualTime


class ReceivedSignal(Fact):
    """A signal as it came in: its object, or the reason why there is none."""

    name: str
    command_id: str
    by: str
    payload: Json | None = None
    problem: str | None = None


class EntityInput(Model):
    """The part of a workflow's input that its shell needs; all but the time belongs to later runs."""

    time: VirtualTime = Field(default_factory=VirtualTime)
    inbox: tuple[ReceivedSignal, ...] = ()
    """Signals that are not judged yet."""
    signals: int = 0
    """Signals received so far: names the ones that came without a `command_id`."""
    continue_after: int | None = None
    """Events after which a new run begins; None: as many as usual."""
    counted: bool = False
    """The run counts for itself how long it has become; False: one that a release before this began."""
    stamped: bool = False
    """The run judges by the stamps of its steps (`workflows.entity.recorded`), and lists hear of a later deadline when they hear
    of something else, or when the earlier one has passed; False: one that a release before this began."""


NEWEST: Final[Mapping[str, Any]] = {"counted": True, "stamped": True}
"""What every run that begins with this release does; runs that began before go on as they began."""


class CommandOutcome(Model):
    """Answer of the `outcome` query: `accepted`, `rejected` (with the reason), `pending`, or `unknown`."""

    command_id: str
    outcome: str
    reason: str | None = None
