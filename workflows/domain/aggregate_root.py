"""The base of all aggregates: it remembers which commands were judged, and undoes what a failing rule did."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar

from pydantic import Field, PrivateAttr

from workflows.domain.commands.command import Command, Outcome, Refused
from workflows.domain.model import Fact, Instant, Model, one_line
from workflows.domain.provenance import VIA
from workflows.domain.terms import Arrival, Consultation, Member
from workflows.domain.vocabulary import SYSTEM, Via

_REMEMBERED_OUTCOMES: Final = 200
_LONGEST_REASON: Final = 1_000
_REMEMBERED_FAULTS: Final = 10
_FILTER_BITS: Final = 1 << 14
_FILTER_HASHES: Final = 2
"""Bits that stand for one forgotten command. Of 1,000 forgotten ones, 1 new command in 70 looks like one of them."""

LATE_TIMES: Final[tuple[str, str]] = ("sent_at", "arrived_at")
"""Keys of an event's detail that came of a late command: by its sender's clock, and by the server's."""

NOBODY: Final = Consultation()
"""What is known where nothing had to be looked up."""

Happening = TypeVar("Happening")
"""What an aggregate answers with: events, or a task's reports to its case."""
Snapshot = tuple[dict[str, Any], dict[str, Any]]


class Fault(Fact):
    """A rule failed where no rule may: at a command, which was refused, or at a clock, which was stopped."""

    at: Instant
    what: str
    """Name of the command or clock."""
    error: str
    """Class of the exception; its text may hold what a customer wrote."""


class AggregateRoot(Model, Generic[Happening]):
    """The base of case, department's task and review."""

    people: dict[str, Member]
    updated_at: Instant
    """When something last happened to it."""
    outcomes: dict[str, Outcome] = Field(default_factory=dict)
    """What became of the latest commands, by their ids."""
    forgotten: str = ""
    """The ids of all older commands: a Bloom filter, as a hexadecimal number."""
    faults: list[Fault] = Field(default_factory=list)
    """The latest ones."""
    _caught: list[Exception] = PrivateAttr(default_factory=list)
    _judging: str | None = PrivateAttr(default=None)
    """Id of the command whose rule is at work: what happens meanwhile came of it."""
    _circumstances: dict[str, str] = PrivateAttr(default_factory=dict)
    """How that command came, and of one that came late: when it was sent, by its sender's clock, and when the server
    took it.
    """

    # Judging commands

    def handle(self, command: Command, now: datetime, facts: Consultation = NOBODY) -> list[Happening]:
        """Judge and carry out a command; a refusal is told too, with its reason (R14).

        The same `command_id` again changes nothing. A command that was sent before `now` (the worker was away)
        counts from when it was sent, as long as nothing later has happened; deadlines that had passed by then come
        first. What comes at the very moment of a deadline is in time (R9).
        """
        if command.command_id in self.outcomes:
            return []
        if facts.judged is not None:
            self.remember(command.command_id, Outcome(accepted=facts.judged.reason is None, reason=facts.judged.reason))
            return []
        moment = _counted_from(command, facts.arrival, now, self.updated_at)
        happened = self.expire(moment, inclusive=False)
        self.people.update({key: member for key, member in facts.people.items() if key not in self.people})
        before, reason, fault = self.snapshot(), None, {}
        with self.came_of(command.command_id, _circumstances_of(command, facts.arrival)):
            try:
                self._carry_out(command, moment, facts)
                self.made_good(command.name)
            except Refused as refusal:
                reason = str(refusal)
            except Exception as error:  # noqa: BLE001 - whatever a rule raises, it is this one command that is refused
                fault = {"fault": self.undo(before, error, command.name, moment)}
                reason = refusal_of(fault["fault"])
            if reason is not None:
                given = {"command": command.name, "command_id": command.command_id, "reason": reason}
                self._tell_rejected(command.by, moment, **given, **fault)
                self._turned_away(command, reason, moment)
        self.remember(command.command_id, Outcome(accepted=reason is None, reason=reason))
        return happened + self.take_events()

    def reject(self, name: str, command_id: str, by: str, reason: str, now: datetime) -> list[Happening]:
        """Record the refusal of a signal that could not even be read."""
        if command_id in self.outcomes:
            return []
        given = {"command": one_line(name), "command_id": one_line(command_id), "reason": one_line(reason)}
        with self.came_of(one_line(command_id)):
            self._tell_rejected(one_line(by), max(now, self.updated_at), **given)
        self.remember(command_id, Outcome(accepted=False, reason=given["reason"]))
        return self.take_events()

    @abstractmethod
    def expire(self, now: datetime, *, inclusive: bool = True) -> list[Happening]:
        """Everything that has fallen due by `now`, in the order in which it did, each deadline once; not `inclusive`:
        before `now`.
        """

    @abstractmethod
    def take_events(self) -> list[Happening]:
        """What has happened since the last call."""

    @abstractmethod
    def _carry_out(self, command: Command, now: datetime, facts: Consultation) -> None:
        """Do what a command asks for.

        Raises:
            Refused: it may not be done.
        """

    @abstractmethod
    def _tell_rejected(self, by: str, now: datetime, **given: str) -> None:
        """`given` is what is known of the command: its name, its id, the reason, the class of a fault."""

    def _turned_away(self, command: Command, reason: str, now: datetime) -> None:
        """What else follows from a refusal."""

    # People

    def has_left(self, person: str | None) -> bool:
        """Whether they are no longer in the organisation."""
        member = self.people.get(person or "")
        return member is not None and member.left

    def is_at_work(self, person: str) -> bool:
        """Whether anybody may be asked of them: neither away today, nor gone from the organisation."""
        member = self.people.get(person)
        return member is None or member.at_work

    # Commands that were judged

    def remember(self, command_id: str, outcome: Outcome) -> None:
        """Keep what became of a command. Of the oldest only that they were judged is kept."""
        if outcome.reason is not None and len(outcome.reason) > _LONGEST_REASON:
            outcome = Outcome(accepted=outcome.accepted, reason=f"{outcome.reason[: _LONGEST_REASON - 1]}…")
        self.outcomes[command_id] = outcome
        while len(self.outcomes) > _REMEMBERED_OUTCOMES:
            oldest = next(iter(self.outcomes))
            del self.outcomes[oldest]
            self.forgotten = f"{int(self.forgotten or '0', 16) | _bits(oldest):x}"

    def may_have_forgotten(self, command_id: str) -> bool:
        """Whether a command of this id may have been judged so long ago that its outcome is known to the record only.

        Never False for one that was; rarely True for one that was not.
        """
        if not self.forgotten or command_id in self.outcomes:
            return False
        bits = _bits(command_id)
        return int(self.forgotten, 16) & bits == bits

    @contextmanager
    def came_of(self, command_id: str | None, circumstances: dict[str, str] | None = None) -> Iterator[None]:
        """Name this command as the cause of the events inside; None: the command that is being judged."""
        before = self._judging, self._circumstances
        self._judging = command_id or self._judging
        self._circumstances = self._circumstances if circumstances is None else circumstances
        try:
            yield
        finally:
            self._judging, self._circumstances = before

    def circumstances(self, by: str) -> dict[str, str]:
        """What an event by that person says of how their command came; events by rule (`system`) say no way."""
        found = self._circumstances
        if VIA in found and (by == SYSTEM or found[VIA] == Via.CONSOLE):
            return {key: value for key, value in found.items() if key != VIA}
        return found

    # Faults

    def snapshot(self) -> Snapshot:
        """The present state, for `restore`. What never changes (`Fact`) is shared, not copied."""
        private = (self.__pydantic_private__ or {}).items()
        untold = {key: value.copy() for key, value in private if isinstance(value, list) and key != "_caught"}
        return _fields_of(self), untold

    def restore(self, before: Snapshot) -> None:
        """Be as it was then."""
        fields, untold = before
        self.__dict__.update(fields)
        (self.__pydantic_private__ or {}).update(untold)

    def undo(self, before: Snapshot, error: Exception, what: str, now: datetime) -> str:
        """Restore the state from before a rule failed; answers the name of the fault."""
        self.restore(before)
        return self.survive(error, what, now)

    def survive(self, error: Exception, what: str, now: datetime) -> str:
        """Note the exception of a rule; answers the name of the fault, which repeats no text from outside."""
        self._caught.append(error)
        self.note_fault(what, type(error).__name__, now)
        return type(error).__name__

    def note_fault(self, what: str, error: str, now: datetime) -> None:
        """Keep a fault, for people to see."""
        self.faults = [*self.faults, Fault(at=now, what=one_line(what, 100), error=one_line(error, 100))]
        del self.faults[:-_REMEMBERED_FAULTS]

    def made_good(self, *what: str) -> None:
        """Drop these faults: what failed works now, or somebody has seen to it."""
        if self.faults:
            self.faults = [fault for fault in self.faults if fault.what not in what]

    def take_caught(self) -> list[Exception]:
        """The exceptions since the last call, for the log."""
        caught, self._caught = self._caught, []
        return caught


def clock_fault(name: str) -> str:
    """What a `Fault` calls a clock: some commands have the same name."""
    return f"clock {name}"


def _counted_from(command: Command, arrival: Arrival | None, now: datetime, updated_at: datetime) -> datetime:
    """The time at which a command counts: when it was sent, as far as its sender can be believed, but not before the
    last thing that happened.
    """
    sent = command.at or now
    if arrival is not None and arrival.earliest is not None:
        sent = max(sent, arrival.earliest)
    return min(max(sent, updated_at), now)


def _circumstances_of(command: Command, arrival: Arrival | None) -> dict[str, str]:
    """How a command came, for the timeline (R39), and both times of one that came late."""
    came = {VIA: command.via.value}
    if command.at is None or arrival is None or arrival.at is None or arrival.earliest is None:
        return came
    return came | dict(zip(LATE_TIMES, (command.at.isoformat(), arrival.at.isoformat()), strict=True))


def forged(command: Command, arrival: Arrival | None, to: str) -> str | None:
    """Why a command is refused that only one of our workflows may send and that came from elsewhere; else None."""
    sender = command.sent_by_workflow(to)
    if sender is None or arrival is None or arrival.at is None or arrival.workflow == sender:
        return None
    return f"{command.name}: only {one_line(sender)} itself can say so"


def refusal_of(fault: str) -> str:
    """Why a command was refused whose rule failed; `fault` is the class of the exception."""
    return f"it could not be judged because of a fault in the program ({fault}); nothing was changed: tell the operator"


def _bits(command_id: str) -> int:
    digest = blake2b(command_id.encode("utf-8", "surrogatepass"), digest_size=2 * _FILTER_HASHES).digest()
    parts = (int.from_bytes(digest[index : index + 2]) for index in range(0, len(digest), 2))
    found = 0
    for part in parts:
        found |= 1 << part % _FILTER_BITS
    return found


def _copied(value: Any) -> Any:
    """A copy of what may change; the values of one list or dictionary are all of one kind."""
    if isinstance(value, list):
        return [_copied(one) for one in value] if value and _may_change(value[0]) else value.copy()
    if isinstance(value, dict):
        changing = bool(value) and _may_change(next(iter(value.values())))
        return {key: _copied(one) for key, one in value.items()} if changing else value.copy()
    if _may_change(value):
        copy = value.model_copy()
        copy.__dict__.update(_fields_of(value))
        return copy
    return value


def _fields_of(model: Model) -> dict[str, Any]:
    return {
        key: _copied(one) if type(one) in _CHANGING or isinstance(one, Model) else one
        for key, one in model.__dict__.items()
    }


def _may_change(value: Any) -> bool:
    return type(value) in _CHANGING or (isinstance(value, Model) and not isinstance(value, Fact))


_CHANGING = frozenset({list, dict})
