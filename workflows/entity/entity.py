"""The loop that every durable object lives by: a case, a department's task, a review.

The rules of an object are in its aggregate (`workflows.domain`), which knows nothing of Temporal. Its workflow adds
what is special to it: how a step is written down, which other workflows are told, what lists show, and how it ends.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, TypedSearchAttributes

from workflows.activity_calls import call
from workflows.domain.clock import Clock
from workflows.domain.terms import Consultation, Involved, Lookup
from workflows.entity.display import Display
from workflows.entity.inbox import LARGEST_PAYLOAD, UnreadSignal, read
from workflows.entity.input import CommandOutcome, EntityInput, ReceivedSignal
from workflows.entity.judge import MOST_SIGNALS, Aggregate, Judge
from workflows.ports import StepMarker, consult

TIMER_SLACK = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never wakes anything just before its deadline."""

_LONGEST_RUN = 4_000
"""Events, about; the server ends a run that has 51,200 of them, or 50 MB."""
PER_STEP = 8
"""Events from one step to the next: a workflow task, a timer, a record, a change of search attributes."""
_PER_RENEWAL = 2
"""Events of a look at who works here now; mostly nothing has changed."""
_MOST_CARRIED = 400_000
"""Bytes of signals that a new run may begin with: they travel beside the aggregate in one payload."""
_PER_CARRIED = 700
"""Bytes of each, about, beside its payload."""
_AFTER_FAULT = timedelta(minutes=1)
"""Until deadlines are tried again where they failed as a whole."""

_Entry = TypeVar("_Entry")
_Aggregate = TypeVar("_Aggregate", bound=Aggregate[Any])


class Entity(Judge[_Aggregate, _Entry]):
    """One durable object. A signal waits in the inbox until a step judges it; only steps change the aggregate."""

    def __init__(self, start: EntityInput[_Aggregate, _Entry]) -> None:
        super().__init__(start)
        self._aggregate = start.aggregate
        self._display = Display()
        self._over = False

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
        if known is not None and not _is_among(self._unsettled, command_id):
            word = "accepted" if known.accepted else "rejected"
            return CommandOutcome(command_id=command_id, outcome=word, reason=known.reason)
        # To read a long inbox takes longer than a query may: whoever asks for a command that never came waits in vain.
        waiting = len(self._inbox) > MOST_SIGNALS or _is_among([*self._unsettled, *self._inbox], command_id)
        if waiting and self._over:
            return CommandOutcome(command_id=command_id, outcome="rejected", reason="it was closed before this came")
        return CommandOutcome(command_id=command_id, outcome="pending" if waiting else "unknown")

    async def _live(self, aggregate: _Aggregate) -> str:
        """Run step after step until the object is over; the answer is how it ended."""
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

    @abstractmethod
    async def _step(self, aggregate: _Aggregate) -> StepMarker:
        """Judge what is there, and have the outcome recorded, however long that takes."""

    async def _tell_others(self, aggregate: _Aggregate, at: datetime) -> None:
        """Tell other workflows what a step that is written means for them. Most objects have nobody to tell."""

    @abstractmethod
    def _ending(self, aggregate: _Aggregate) -> str | None:
        """How the object ended; None while it lives."""

    @abstractmethod
    def _summary(self, aggregate: _Aggregate, clock: Clock) -> str:
        """Which deadline a timer stands for (at most 200 bytes)."""

    @abstractmethod
    def _attributes(self, aggregate: _Aggregate) -> TypedSearchAttributes:
        """The present search attributes of the object."""

    @abstractmethod
    def _markdown(self, aggregate: _Aggregate, trouble: str | None = None) -> str:
        """The present state for the Web UI."""

    # When it wakes

    async def _renew(self, aggregate: _Aggregate) -> None:
        """Look who works here now, since hours or months may have passed: those people are asked (R35)."""
        at = self._now()
        # Where the aggregate fails to name its people, ask about nobody: the history has the same activity.
        lookup: Lookup | None = Lookup(number=self._title(), at=at, involved=Involved(people={}))
        with self._guarded(aggregate, "people", again=True):
            lookup = aggregate.involved(at)
        if lookup is not None:
            self._spend(_PER_RENEWAL)
            facts = await self._people_now(lookup)
            with self._guarded(aggregate, "renewal", again=True):  # if that fails, the people stay as they were
                self._unwritten += aggregate.renew(facts, at)

    async def _people_now(self, lookup: Lookup) -> Consultation:
        local = self._looks_up_locally
        return await call(consult, lookup, summary="人员 people", on_trouble=self._show_trouble, local=local)

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


def _is_among(signals: Iterable[ReceivedSignal | UnreadSignal], command_id: str) -> bool:
    return any(read(one).command_id == command_id for one in signals)


def _carry(signal: ReceivedSignal | UnreadSignal) -> ReceivedSignal:
    """A signal as the next run is given it, with the run that received it."""
    known = read(signal)
    return known if known.run is not None else known.model_copy(update={"run": workflow.info().run_id})


def _carried(signal: ReceivedSignal | UnreadSignal) -> int:
    """Bytes, about, that a signal takes up in the input of a new run; what is too large to be read takes up none."""
    return _PER_CARRIED + (2 * signal.size if signal.size <= LARGEST_PAYLOAD else 0)
