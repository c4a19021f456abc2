"""The loop that every durable object lives by: a case, a department's task, a review.

The rules of an object are in its aggregate (`workflows.domain`), which knows nothing of Temporal. Its workflow adds
what is special to it: how a step is written down, which other workflows are told, what lists show, and how it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, TypedSearchAttributes
from temporalio.exceptions import FailureError

from workflows.activity_calls import call
from workflows.domain.aggregate_root import Fault, Snapshot, forged, refusal_of
from workflows.domain.clock import Clock
from workflows.domain.commands.command import Command, Outcome
from workflows.domain.problem import Problem
from workflows.domain.terms import Arrival, Consultation, Involved, Lookup
from workflows.entity.display import Display
from workflows.entity.inbox import LARGEST_PAYLOAD, UnreadSignal, command_of
from workflows.entity.input import CommandOutcome, EntityInput, ReceivedSignal
from workflows.ports import SignalsSought, StepMarker, consult, find_arrivals

TIMER_SLACK = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never wakes anything just before its deadline."""

_LONGEST_RUN = 4_000
"""Events, about; the server ends a run that has 51,200 of them, or 50 MB."""
PER_STEP = 8
"""Events from one step to the next: a workflow task, a timer, a record, a change of search attributes."""
_PER_LOOKUP = 16
"""What a lookup answers may be some kilobytes long."""
_PER_RENEWAL = 2
"""Mostly nothing has changed."""
_PER_EVENT = 1_024
"""Bytes that count as one more event."""
_MOST_SIGNALS, _MOST_BYTES = 200, 300_000
"""Judged in one step: what they come to, with its messages, has to fit into one payload, of which 2 MB are the most."""
_MOST_CARRIED = 400_000
"""Bytes of signals that a new run may begin with: they travel beside the aggregate in one payload."""
_PER_CARRIED = 700
"""Bytes of each, about, beside its payload."""
LONGEST_WAY = timedelta(minutes=2)
"""From the sender's clock to the server's: a connection that is tried again, and clocks that differ."""
_AFTER_FAULT = timedelta(minutes=1)
"""Until deadlines are tried again where they failed as a whole."""

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
        """Its present state, for `undo`."""

    def undo(self, before: Snapshot, error: Exception, what: str, now: datetime) -> str:
        """Be again as before something failed; the name of the fault."""

    def made_good(self, *what: str) -> None:
        """These work again."""

    def survive(self, error: Exception, what: str, now: datetime) -> str:
        """Take note of what a rule raised; the name of the fault."""

    def take_caught(self) -> list[Exception]:
        """What rules raised since the last call; it was survived."""

    def expire(self, now: datetime) -> list[_Entry]:
        """Everything that has fallen due."""

    def involved(self, at: datetime) -> Lookup | None:
        """Asks what has become of the people it knows; None where nobody is asked any more."""

    def renew(self, facts: Consultation, now: datetime) -> list[_Entry]:
        """Take up what has become of them."""

    def earliest(self) -> Clock | None:
        """The clock that acts next."""


_Aggregate = TypeVar("_Aggregate", bound=Aggregate[Any])


class Entity(Generic[_Aggregate, _Entry]):
    """One durable object. A signal waits in the inbox until a step judges it; only steps change the aggregate."""

    _commands: ClassVar[Mapping[str, type[Command]]]
    _looks_up_locally: ClassVar[bool] = False
    """Only where a record says what was judged with the answer (`workflows.entity.recorded`)."""

    def __init__(self, start: EntityInput[_Aggregate, _Entry]) -> None:
        self._start = start
        self._aggregate = start.aggregate
        self._unwritten: list[_Entry] = list(start.unwritten)
        self._inbox: list[ReceivedSignal | UnreadSignal] = list(start.inbox)
        self._signals = start.signals
        self._arrivals: dict[tuple[str | None, int], Arrival] = {}
        """What was found out of signals in the inbox, by run and place."""
        self._timers: dict[datetime, asyncio.Task[None]] = {}
        """By the deadline they stand for."""
        self._display = Display()
        self._spent = 0
        self._over = False
        self._stalled = False
        """Deadlines failed as a whole the last time."""

    @workflow.signal(dynamic=True)
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Every command is a signal of its name with one JSON object; nothing that comes is dropped silently."""
        self._signals += 1
        place = self._signals - self._start.signals
        self._inbox.append(UnreadSignal(name, args, f"signal-{self._signals}", place))

    @workflow.query
    def outcome(self, command_id: str) -> CommandOutcome:
        """What became of a command sent before this query."""
        known = self._aggregate.outcomes.get(command_id) if self._aggregate is not None else None
        if known is not None:
            word = "accepted" if known.accepted else "rejected"
            return CommandOutcome(command_id=command_id, outcome=word, reason=known.reason)
        # To read a long inbox takes longer than a query may: whoever asks for a command that never came waits in vain.
        waiting = len(self._inbox) > _MOST_SIGNALS or any(_read(one).command_id == command_id for one in self._inbox)
        if waiting and self._over:
            return CommandOutcome(command_id=command_id, outcome="rejected", reason="it was closed before this came")
        return CommandOutcome(command_id=command_id, outcome="pending" if waiting else "unknown")

    async def _live(self, aggregate: _Aggregate) -> str:
        """From step to step until the object is over; the answer is how it ended."""
        while True:
            marker = await self._step(aggregate)
            if marker.lookup:
                await self._look_up(aggregate, marker)
                continue
            self._show(aggregate)
            with self._guarded(aggregate, "others"):
                await self._tell_others(aggregate, marker.at)
            if self._unwritten:
                continue
            ending = self._ending(aggregate)
            if ending is not None:
                if await self._may_end():
                    self._over = True
                    return ending
            elif self._is_long():
                await self._continue_unless_flooded()
            else:
                await self._rest(aggregate)
                await self._renew(aggregate)

    # What is special to an object

    async def _write(self, aggregate: _Aggregate, entries: Sequence[_Entry]) -> None:
        """Write down what a step came to, however long that takes."""
        raise NotImplementedError

    async def _tell_others(self, aggregate: _Aggregate, at: datetime) -> None:
        """Tell other workflows what a step that is written means for them. Most objects have nobody to tell."""

    def _ending(self, aggregate: _Aggregate) -> str | None:
        """How it ended; None while it lives."""
        raise NotImplementedError

    def _summary(self, aggregate: _Aggregate, clock: Clock) -> str:
        """Which deadline a timer stands for (at most 200 bytes)."""
        raise NotImplementedError

    def _attributes(self, aggregate: _Aggregate) -> TypedSearchAttributes:
        """Its present search attributes."""
        raise NotImplementedError

    def _markdown(self, aggregate: _Aggregate, trouble: str | None = None) -> str:
        """Its present state for the Web UI."""
        raise NotImplementedError

    def _title(self) -> str:
        """What the Web UI calls it while it is not open yet."""
        raise NotImplementedError

    # A step

    async def _step(self, aggregate: _Aggregate) -> StepMarker:
        """Judge what there is to judge, and have it written; `workflows.entity.recorded` has another way."""
        self._spend(PER_STEP)
        marker = self._judge(aggregate)
        if entries := self._take_unwritten():
            await self._write(aggregate, entries)
        return marker

    def _judge(self, aggregate: _Aggregate) -> StepMarker:
        """Everything that is there, up to the first signal that needs a lookup."""
        at = max([self._now(), *(due for due, timer in self._timers.items() if timer.done())])
        batch = self._judged + self._batch()
        lookup = self._judge_signals(aggregate, batch, at)
        more = not lookup and batch < self._signals
        if not lookup and not more:
            self._expire(aggregate, at)
        return StepMarker(signals=self._judged, at=at, lookup=lookup, more=more)

    def _batch(self) -> int:
        """How many of the signals in the inbox one step judges: at least one, where there is one."""
        size = 0
        for count, signal in enumerate(self._inbox[:_MOST_SIGNALS]):
            size += signal.size
            if size > _MOST_BYTES:
                return max(count, 1)
        return min(len(self._inbox), _MOST_SIGNALS)

    def _judge_signals(self, aggregate: _Aggregate, signals: int, at: datetime) -> bool:
        """Judge signals, in order, until so many of all are judged; whether one that needs a lookup came before."""
        self._timers = {due: timer for due, timer in self._timers.items() if due > at}
        while self._judged < signals:
            signal = _read(self._inbox[0])
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
        signal, before = _read(self._inbox[0]), aggregate.snapshot()
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
        """Whatever fails here is logged and noted for the operator, and the object goes on (R14, R17).

        The next record has it. No step is made for it alone: one that knows no fault, after the program was mended,
        has to come to the same history. `again`: it is done again and again, so that the fault is over once it works.
        What Temporal itself raises, such as a cancellation, passes.
        """
        try:
            yield
        except FailureError:
            raise
        except Exception as error:  # noqa: BLE001 - a workflow task that fails would stand still for ever
            aggregate.made_good(what)  # once is enough: it would take the place of others
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
        signal = _read(self._inbox[0])
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
        """Whether a command is judged by what the server knows of it.

        It is what only one of our workflows can say; or its sender says that it was sent long before it is judged,
        which is so when no worker was up, and is believed as far as the server bears it out.
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

    async def _renew(self, aggregate: _Aggregate) -> None:
        """Whoever wakes up after hours or months looks first who works here now: they are the ones it asks (R35)."""
        at = self._now()
        # Asked about nobody where it cannot say about whom: the same activity, for the history's sake.
        lookup: Lookup | None = Lookup(number=self._title(), at=at, involved=Involved(people={}))
        with self._guarded(aggregate, "people", again=True):
            lookup = aggregate.involved(at)
        if lookup is not None:
            self._spend(_PER_RENEWAL)
            facts = await self._people_now(lookup)
            with self._guarded(aggregate, "renewal", again=True):  # it goes on with the people it knew
                self._unwritten += aggregate.renew(facts, at)

    async def _people_now(self, lookup: Lookup) -> Consultation:
        local = self._looks_up_locally
        return await call(consult, lookup, summary="人员 people", on_trouble=self._show_trouble, local=local)

    @property
    def _judged(self) -> int:
        """Signals that are judged, of all that ever came."""
        return self._signals - len(self._inbox)

    def _take_first(self, entries: Sequence[_Entry]) -> None:
        """The first signal of the inbox is judged, and came to this."""
        self._spend(1, self._inbox.pop(0).size)
        self._unwritten += entries

    def _take_unwritten(self) -> tuple[_Entry, ...]:
        entries, self._unwritten = tuple(self._unwritten), []
        return entries

    # Between steps

    async def _rest(self, aggregate: _Aggregate) -> None:
        """Sleep until a signal or the earliest deadline; there is a new timer only where none comes before it.

        No timer is ever cancelled: to arm it again at every signal would cost two events each, and it may have fired
        already where this is no replay (`workflows.entity.recorded`).
        """
        clock: Clock | None = None
        with self._guarded(aggregate, "next deadline", again=True):
            clock = aggregate.earliest()
        if clock is not None and clock.next is not None and all(due > clock.next for due in self._timers):
            wait = self._start.time.wait(clock.next, self._now()) + TIMER_SLACK
            summary = str(clock.name)
            with self._guarded(aggregate, "summary", again=True):
                summary = self._summary(aggregate, clock)
            sleep = workflow.sleep(max(wait, _AFTER_FAULT) if self._stalled else wait, summary=summary)
            self._timers[clock.next] = asyncio.create_task(sleep)
        await workflow.wait_condition(lambda: bool(self._inbox) or any(one.done() for one in self._timers.values()))

    async def _may_end(self) -> bool:
        """Whether an object that is closed may end now: no signal is left."""
        return not self._inbox

    def _is_long(self) -> bool:
        """Whether this run has become long.

        It counts for itself. The length of the history, and whether the server suggests to go on in a new run, are
        known by workflow task; when a query is answered in the middle of a step, the step's local activity may end in
        a later task than the one a replay ends it in, and a decision by either of them then fails the replay.
        """
        return self._spent > (self._start.continue_after or _LONGEST_RUN)

    def _spend(self, events: int, size: int = 0) -> None:
        """Something was added to the history of this run: about so many events and bytes."""
        self._spent += events + size // _PER_EVENT

    async def _continue_unless_flooded(self) -> None:
        """Carry everything into a new run, and with it whatever came in meanwhile.

        Where more came in than a new run can begin with, this one goes on until less is left: the server takes 2 MB
        at most, and a run that cannot go on in a new one is at an end.

        The short timer lets every signal that the server has accepted be delivered first. Without it a signal can be
        lost: when a workflow task that wanted to continue as new is tried again because of that signal, the local
        activity before it is resolved first, and the loop would come here before it sees the signal. For the same
        reason nothing is awaited after the timer: what has not been written or judged travels along.
        """
        await workflow.sleep(TIMER_SLACK, summary="新的一轮 continue as new")
        if sum(_carried(signal) for signal in self._inbox) > _MOST_CARRIED:
            return
        workflow.continue_as_new(self._next_input(tuple(self._unwritten), tuple(map(_carry, self._inbox))))

    def _next_input(
        self, unwritten: tuple[_Entry, ...] = (), inbox: tuple[ReceivedSignal, ...] = ()
    ) -> EntityInput[_Aggregate, _Entry]:
        """What another run begins with."""
        carried: dict[str, Any] = {
            "aggregate": self._aggregate,
            "unwritten": unwritten,
            "inbox": inbox,
            "signals": self._signals,
        }
        return self._start.model_copy(update=carried)

    # Time and display

    def _now(self) -> datetime:
        return self._start.time.virtual(workflow.now())

    def _began_at(self) -> datetime:
        """When this run began, the same for whoever asks."""
        return self._start.time.virtual(workflow.info().workflow_start_time)

    def _show(self, aggregate: _Aggregate) -> None:
        with self._guarded(aggregate, "display", again=True):
            attributes, details = self._attributes(aggregate), self._markdown(aggregate)
            self._display.show(attributes, details, wakes_at=min(self._timers, default=None))

    def _show_trouble(self, trouble: str) -> None:
        details = f"### {self._title()}\n\n**故障 trouble:** {trouble}"
        if self._aggregate is not None:
            with self._guarded(self._aggregate, "display", again=True):
                details = self._markdown(self._aggregate, trouble)
        self._display.show_trouble(details)


def _read(signal: ReceivedSignal | UnreadSignal) -> ReceivedSignal:
    return signal.read() if isinstance(signal, UnreadSignal) else signal


def _carry(signal: ReceivedSignal | UnreadSignal) -> ReceivedSignal:
    """As it goes into the next run, with the run it came to."""
    read = _read(signal)
    return read if read.run is not None else read.model_copy(update={"run": workflow.info().run_id})


def _carried(signal: ReceivedSignal | UnreadSignal) -> int:
    """Bytes, about, that a signal takes up in the input of a new run; what is too large to be read takes up none."""
    return _PER_CARRIED + (2 * signal.size if signal.size <= LARGEST_PAYLOAD else 0)
