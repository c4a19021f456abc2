"""What every durable object starts with and hands to its next run, and how it answers about a command."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from workflows.domain.model import Fact, Json, Model
from workflows.domain.time.virtual_time import VirtualTime

_Aggregate = TypeVar("_Aggregate")
_Entry = TypeVar("_Entry")


class ReceivedSignal(Fact):
    """A signal as it came in: its JSON object, or the reason why there is none."""

    name: str
    command_id: str
    by: str
    payload: Json | None = None
    problem: str | None = None
    size: int = 0
    """Bytes of its payload."""
    place: int = 0
    """Its place among the signals of its run, counted from 1."""
    run: str | None = None
    """The run that received it; None: the one that has it."""


class EntityInput(Model, Generic[_Aggregate, _Entry]):
    """The input of an object's workflow. The first two fields are given at the start, the others by the run before."""

    time: VirtualTime = Field(default_factory=VirtualTime)
    continue_after: int | None = None
    """Events of history after which a new run begins; None: as many as usual."""
    aggregate: _Aggregate | None = None
    """The object itself; None until it is open."""
    unwritten: tuple[_Entry, ...] = ()
    """What has happened to it and is not written down yet."""
    inbox: tuple[ReceivedSignal, ...] = ()
    """Signals that are not judged yet."""
    signals: int = 0
    """Signals received by all runs so far: names the ones that came without a `command_id`."""


class CommandOutcome(Model):
    """Answer of the `outcome` query: `accepted`, `rejected` (with the reason), `pending`, or `unknown`."""

    command_id: str
    outcome: str
    reason: str | None = None
