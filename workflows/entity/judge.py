"""How signals and deadlines are judged: a step takes what is there, in order, and a failure costs only what failed.

Signals wait in an inbox until a step judges them; one that cannot be judged before something is looked up ends the step
(`StepMarker.lookup`). The loop around it is in `workflows.entity.entity`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

from workflows.activity_calls import call
from workflows.domain.aggregate_root import Fault, Snapshot, forged, refusal_of
from workflows.domain.clock import Clock
from workflows.domain.commands.command import Command, Outcome
from workflows.domain.problem import Problem
from workflows.domain.terms import Arrival, Consultation, Lookup
from workflows.entity.inbox import UnreadSignal, command_of, read
from workflows.entity.input import EntityInput, ReceivedSignal
from workflows.ports import SignalsSought, StepMarker, consult, find_arrivals

MOST_SIGNALS, _MOST_BYTES = 200, 300_000
"""Judged in one step: what they come to, with its messages, has to fit into one payload, of which 2 MB are the most."""
_PER_LOOKUP = 16
"""What a lookup answers may be some kilobytes long."""
_PER_EVENT = 1_024
"""Bytes that count as one more event."""
LONGEST_WAY = timedelta(minutes=2)
"""From the sender's clock to the server's: a connection that is tried again, and clocks that differ."""

_Entry = TypeVar("_Entry")


class Aggregate(Protocol[_Entry]):
    """What the loop needs of the object in it; what has happened is answered as entries of its timeline or report."""

    outcomes: dict[str, Outcome]
    faults: list[Fault]

    def needs(self, command: Command) -> Lookup | None:
        """What has to be looked up before the command can be judged."""

    def handle(self, command: Command, now: datetime, facts: Consultation = ...) -> list[_Entry]:
        """Judge and carry out."""

    def reject(self, name: str, command_id: str, by: str, reason: str, now: datetime) -> list[_Entry]:
        """Take note of a signal that could not be read."""

    def remember(self, command_id: str, outcome: Outcome) -> None:
        """Keep what became of a command."""

    def snapshot(self) -> Snapshot:
        """The present state, for `restore`."""

    def restore(self, before: Snapshot) -> None:
        """Be as it was then."""

    def undo(self, before: Snapshot, error: Exception, what: str, now: datetime) -> str:
        """Restore the state from before something failed; answers the name of the fault."""

    def made_good(self, *what: str) -> None:
        """These work again."""

    def survive(self, error: Exception, what: str, now: datetime) -> str:
        """Note the exception of a rule; answers the name of the fault."""

    def take_caught(self) -> list[Exception]:
        """What rules raised since the last call; it was survived."""

    def expire(self, now: datetime) -> list[_Entry]:
        """Everything that has fallen due."""

    def involved(self, at: datetime) -> Lookup | None:
        """The question what has become of the people it knows; None where nobody is asked any more."""

    def renew(self, facts: Consultation, now: datetime) -> list[_Entry]:
        """Take up what has become of them."""

    def earliest(self) -> Clock | None:
        """The clock that acts next."""


_Aggregate = TypeVar("_Aggregate", bound=Aggregate[Any])


@dataclass(frozen=True)
class Unjudged(Generic[_Entry]):
    """All that judging changes, as it was before."""

    aggregate: Snapshot
    signals: int
    inbox: tuple[ReceivedSignal | UnreadSignal, ...]
    unwritten: tuple[_Entry, ...]
    timers: dict[datetime, asyncio.Task[None]]
    spent: int
    stalled: bool


class Judge(ABC, Generic[_Aggregate, _Entry]):
    """What is there to be judged, and what it comes to."""

    _commands: ClassVar[Mapping[str, type[Command]]]
    _looks_up_locally: ClassVar[bool] = False
    """Only where a record says what was judged with the answer (`workflows.entity.recorded`)."""

    def __init__(self, start: EntityInput[_Aggregate, _Entry]) -> None:
        self._start = start
        self._unwritten: list[_Entry] = list(start.unwritten)
        self._inbox: list[ReceivedSignal | UnreadSignal] = list(start.inbox)
        self._signals = start.signals
        self._unsettled: tuple[ReceivedSignal | UnreadSignal, ...] = ()
        """Signals that are judged and may have to be judged again: what becomes of them is not known yet."""
        self._arrivals: dict[tuple[str | None, int], Arrival] = {}
        """What the server said of signals in the inbox, by run and place."""
        self._timers: dict[datetime, asyncio.Task[None]] = {}
        """By the deadline they stand for."""
        self._spent = 0
        self._stalled = False
        """Deadlines failed as a whole the last time."""

    @abstractmethod
    def _title(self) -> str:
        """What the Web UI calls it while it is not open yet."""

    @abstractmethod
    def _show_trouble(self, trouble: str) -> None:
        """Say in lists and details that something is waited for."""

    def _judge(self, aggregate: _Aggregate) -> StepMarker:
        """Everything that is there, up to the first signal that needs a lookup."""
        at = max([self._now(), *(due for due, timer in self._timers.items() if timer.done())])
        batch = self._judged + self._batch()
        lookup = self._judge_signals(aggregate, batch, at)
        more = not lookup and batch < self._signals
        if not lookup and not more:
            self._expire(aggregate, at)
        return StepMarker(signals=self._judged, at=at, lookup=lookup, more=more)

    def _unjudged(self, aggregate: _Aggregate) -> Unjudged[_Entry]:
        """The present state, for `_judge_anew`."""
        return Unjudged(
            aggregate=aggregate.snapshot(),
            signals=self._signals,
            inbox=tuple(self._inbox),
            unwritten=tuple(self._unwritten),
            timers=self._timers,
            spent=self._spent,
            stalled=self._stalled,
        )

    def _judge_anew(self, aggregate: _Aggregate, before: Unjudged[_Entry]) -> None:
        """Forget what was judged since: nobody was told. Signals that came since stay, behind the others."""
        aggregate.restore(before.aggregate)
        came = self._inbox[len(self._inbox) - (self._signals - before.signals) :]
        self._inbox = [*before.inbox, *came]
        self._unwritten, self._timers = list(before.unwritten), before.timers
        self._spent, self._stalled = before.spent, before.stalled

    def _batch(self) -> int:
        """How many of the signals in the inbox one step judges: at least one, where there is one."""
        size = 0
        for count, signal in enumerate(self._inbox[:MOST_SIGNALS]):
            size += signal.size
            if size > _MOST_BYTES:
                return max(count, 1)
        return min(len(self._inbox), MOST_SIGNALS)

    def _judge_signals(self, aggregate: _Aggregate, signals: int, at: datetime) -> bool:
        """Judge signals, in order, until so many of all are judged; whether one that needs a lookup came before."""
        self._timers = {due: timer for due, timer in self._timers.items() if due > at}
        while self._judged < signals:
            signal = read(self._inbox[0])
            try:
                command = command_of(signal, self._commands)
                arrival = self._arrivals.get((signal.run, signal.place))
                if aggregate.needs(command) is not None or (arrival is None and self._must_find(command, at)):
                    return True
            except Problem as problem:
                self._refuse_first(aggregate, str(problem), at)
            except Exception as error:  # noqa: BLE001 - whatever a rule raises, it is this one signal that is refused
                fault = aggregate.survive(error, signal.name, at)
                self._refuse_first(aggregate, refusal_of(fault), at)
            else:
                self._handle_first(aggregate, command, at, Consultation(arrival=arrival))
            self._tell_faults(aggregate)
        return False

    def _refuse_first(self, aggregate: _Aggregate, reason: str, at: datetime) -> None:
        signal, before = read(self._inbox[0]), aggregate.snapshot()
        entries: list[_Entry] = []
        try:
            entries = aggregate.reject(signal.name, signal.command_id, signal.by, reason, at)
        except Exception as error:  # noqa: BLE001 - not even its refusal can be written down: its sender is told
            aggregate.undo(before, error, signal.name, at)
            aggregate.remember(signal.command_id, Outcome(accepted=False, reason=reason))
        self._take_first(entries)

    def _expire(self, aggregate: _Aggregate, at: datetime) -> None:
        before = aggregate.snapshot()
        try:
            self._unwritten += aggregate.expire(at)
            self._stalled = False
        except Exception as error:  # noqa: BLE001 - commands go on, and the deadlines are tried again
            self._stalled = True
            aggregate.undo(before, error, "deadlines", at)
        self._tell_faults(aggregate)

    @contextmanager
    def _guarded(self, aggregate: _Aggregate, what: str, *, again: bool = False) -> Iterator[None]:
        """Log whatever fails inside and note it for the operator; the object goes on (R14, R17).

        The next record has it. No step is made for it alone: one that knows no fault, after the program was mended,
        has to come to the same history. `again`: it is done again and again, so that the fault is over once it works.
        What Temporal itself raises, such as a cancellation, passes.
        """
        try:
            yield
        except FailureError:
            raise
        except Exception as error:  # noqa: BLE001 - a workflow task that fails would stand still for ever
            aggregate.made_good(what)  # kept once: repetitions would push out other faults
            aggregate.survive(error, what, self._now())
            self._tell_faults(aggregate)
        else:
            if again:
                aggregate.made_good(what)

    def _tell_faults(self, aggregate: _Aggregate) -> None:
        """Log what rules raised, for whoever has to mend it; a replay does not."""
        for error in aggregate.take_caught():
            what = aggregate.faults[-1].what if aggregate.faults else "?"
            workflow.logger.error("%s: a rule failed at %s", self._title(), what, exc_info=error)

    async def _look_up(self, aggregate: _Aggregate, marker: StepMarker) -> None:
        """Judge the signal that a step stopped at."""
        signal = read(self._inbox[0])
        command, place = command_of(signal, self._commands), (signal.run, signal.place)
        lookup = aggregate.needs(command)
        if place not in self._arrivals and self._must_find(command, marker.at):
            await self._find_arrivals(signal)
        facts = await self._consult(lookup, command.name) if lookup is not None else Consultation()
        facts = facts.model_copy(update={"arrival": self._arrivals.get(place)})
        self._handle_first(aggregate, command, marker.at, facts)
        self._tell_faults(aggregate)

    def _handle_first(self, aggregate: _Aggregate, command: Command, at: datetime, facts: Consultation) -> None:
        before = aggregate.snapshot()
        try:
            reason = forged(command, facts.arrival, workflow.info().workflow_id)
            if reason is None:
                entries = aggregate.handle(command, at, facts)
            else:
                # Under another id: the true one, which may still come, is no repetition of it.
                aside = f"forged:{command.command_id}"
                entries = aggregate.reject(command.name, aside, command.by, reason, at)
        except Exception as error:  # noqa: BLE001 - rules are guarded in the aggregate; this is whatever is around them
            fault = aggregate.undo(before, error, command.name, at)
            self._refuse_first(aggregate, refusal_of(fault), at)
        else:
            self._take_first(entries)

    def _must_find(self, command: Command, at: datetime) -> bool:
        """Whether the server has to be asked about a command before it is judged.

        So it is with commands that only one of our workflows may send, and with those that claim to have been sent long
        ago: that happens when no worker was up, and is believed as far as the server bears it out.
        """
        if command.sent_by_workflow(workflow.info().workflow_id) is not None:
            return True
        return command.at is not None and command.at < self._sent_at_the_earliest(self._start.time.real(at))

    def _sent_at_the_earliest(self, arrived: datetime) -> datetime:
        return self._start.time.virtual(arrived - LONGEST_WAY)

    async def _find_arrivals(self, signal: ReceivedSignal) -> None:
        """Ask the server about this signal, and those after it."""
        self._spend(_PER_LOOKUP)
        sought, place = SignalsSought(run=signal.run, first=max(signal.place, 1)), signal.place
        found = await call(
            find_arrivals, sought, summary="到达 arrivals", on_trouble=self._show_trouble, local=self._looks_up_locally
        )
        self._arrivals = {(signal.run, place): Arrival()}
        for offset, one in enumerate(found.signals):
            self._arrivals[signal.run, place + offset] = self._in_own_time(one)

    def _in_own_time(self, arrival: Arrival) -> Arrival:
        if arrival.at is None:
            return arrival
        earliest = self._sent_at_the_earliest(arrival.at) if arrival.workflow is None else None
        at = self._start.time.virtual(arrival.at)
        return arrival.model_copy(update={"at": at, "earliest": earliest})

    async def _consult(self, lookup: Lookup, summary: str) -> Consultation:
        self._spend(_PER_LOOKUP)
        local = self._looks_up_locally
        return await call(consult, lookup, summary=summary, on_trouble=self._show_trouble, local=local)

    @property
    def _judged(self) -> int:
        """How many of all signals that ever came are judged."""
        return self._signals - len(self._inbox)

    def _take_first(self, entries: Sequence[_Entry]) -> None:
        """Remove the first signal of the inbox: it is judged, and these are its events."""
        self._spend(1, self._inbox.pop(0).size)
        self._unwritten += entries

    def _take_unwritten(self) -> tuple[_Entry, ...]:
        entries, self._unwritten = tuple(self._unwritten), []
        return entries

    def _spend(self, events: int, size: int = 0) -> None:
        """Count what was added to the history of this run: about so many events and bytes."""
        self._spent += events + size // _PER_EVENT

    def _now(self) -> datetime:
        return self._start.time.virtual(workflow.now())
