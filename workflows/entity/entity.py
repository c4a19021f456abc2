"""What every durable object here has in common: an inbox that loses nothing, one kept timer, a next run.

A subclass is the shell of one pure object (a case, a department's part, a review): its `run` is the story, this is
the machinery under it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from workflows import ports
from workflows.activity_calls import call
from workflows.domain.clock import Clock
from workflows.domain.commands.command import Command, Outcome
from workflows.domain.problem import Problem
from workflows.domain.terms import Consultation, Lookup
from workflows.entity.inbox import command_of, read_signal
from workflows.entity.input import NEWEST, CommandOutcome, EntityInput, ReceivedSignal
from workflows.search_attributes import BLOCKED, DUE, STATUS

TIMER_SLACK = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never wakes anything just before its deadline."""

_LONGEST_RUN = 4_000
"""Events, about; the server ends a run that has 51,200 of them, or 50 MB."""
PER_TURN = 8
"""Events from one wait to the next: a workflow task, a timer, a record, a change of search attributes."""
PER_LOOKUP = 16
"""What a lookup answers may be some kilobytes long."""
_PER_EVENT = 1_024
"""Bytes that count as one more event."""

STAMPS = "stamps"
"""Since the release after 0.1.0: a run that an earlier one began, without stamps (`workflows.entity.recorded`), ends with the
next signal, and one with stamps goes on. The number of the signal is in the patch's name: a name is answered once a
run, and those of signals from before the upgrade with no.
"""

_Said = TypeVar("_Said")


class Aggregate(Protocol[_Said]):
    """What a shell needs of the object in it."""

    outcomes: dict[str, Outcome]

    def needs(self, command: Command) -> Lookup | None:
        """What has to be looked up before the command can be judged."""

    def handle(self, command: Command, now: datetime, facts: Consultation = ...) -> list[_Said]:
        """Judge and carry out."""

    def reject(self, name: str, command_id: str, by: str, reason: str, now: datetime) -> list[_Said]:
        """Take note of a signal that could not be read."""

    def expire(self, now: datetime) -> list[_Said]:
        """Everything that has fallen due."""

    def earliest(self) -> Clock | None:
        """The clock that acts next."""


class Entity(Generic[_Said]):
    """`_core` is None until the object is open; `_said` is what it said and nobody has written down or passed on."""

    _commands: ClassVar[Mapping[str, type[Command]]]

    def __init__(self, start: EntityInput, core: Aggregate[_Said] | None, said: Sequence[_Said]) -> None:
        self._time = start.time
        self._continue_after = start.continue_after
        self._signals = start.signals
        self._counted = start.counted
        self._stamped = start.stamped
        self._spent = 0
        self._outdated = False
        self._over = False
        self._inbox: list[ReceivedSignal] = list(start.inbox)
        self._core = core
        self._said: list[_Said] = list(said)
        self._timer: asyncio.Task[None] | None = None
        self._timer_at: datetime | None = None
        self._shown: TypedSearchAttributes | None = None

    @workflow.signal(dynamic=True)
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Every command is a signal of its name with one JSON object; nothing that comes is dropped silently."""
        self._signals += 1
        self._inbox.append(read_signal(name, args, f"signal-{self._signals}"))
        if not self._stamped and workflow.patched(f"{STAMPS}-{self._signals}"):
            self._outdated = True
        self._received(sum(len(arg.payload.data) for arg in args))

    @workflow.query
    def outcome(self, command_id: str) -> CommandOutcome:
        """What became of a command sent before this query."""
        known = self._core.outcomes.get(command_id) if self._core is not None else None
        if known is not None:
            word = "accepted" if known.accepted else "rejected"
            return CommandOutcome(command_id=command_id, outcome=word, reason=known.reason)
        waiting = any(arrival.command_id == command_id for arrival in self._inbox)
        if waiting and self._over:
            return CommandOutcome(command_id=command_id, outcome="rejected", reason="it was closed before this came")
        return CommandOutcome(command_id=command_id, outcome="pending" if waiting else "unknown")

    # What a subclass says of itself

    def _summary(self, clock: Clock) -> str:
        """Which deadline a timer stands for (at most 200 bytes)."""
        raise NotImplementedError

    def _markdown(self, trouble: str | None = None) -> str:
        """The present state for the Web UI, also before the object is open."""
        raise NotImplementedError

    def _attributes(self) -> TypedSearchAttributes:
        """The present search attributes."""
        raise NotImplementedError

    def _carried(self) -> EntityInput:
        """What the next run begins with, but for what the shell itself carries."""
        raise NotImplementedError

    # What it is given

    def _now(self) -> datetime:
        return self._time.virtual(workflow.now())

    def _busy(self) -> bool:
        return bool(self._inbox or self._said)

    def _received(self, size: int) -> None:
        """A signal of so many bytes is in the inbox."""
        self._spend(1, size)
        if not self._outdated:
            self._drain()

    async def _work(self, core: Aggregate[_Said]) -> None:
        """Judge everything in the inbox, looking up what has to be known first, then let pass what has fallen due."""
        self._drain()
        while self._inbox:
            command = command_of(self._inbox[0], self._commands)
            lookup = core.needs(command)
            if lookup is not None:
                facts = await self._consult(lookup, command.name)
                self._inbox.pop(0)
                self._said += core.handle(command, self._now(), facts)
            self._drain()
        self._said += core.expire(self._now())

    async def _consult(self, lookup: Lookup, summary: str) -> Consultation:
        self._spend(PER_LOOKUP)
        return await call(ports.consult, lookup, summary=summary, on_trouble=self._show_trouble)

    def _drain(self) -> None:
        """Judge what is in the inbox, in order, up to the first command that needs a lookup."""
        while self._core is not None and self._inbox:
            arrival = self._inbox[0]
            try:
                command = command_of(arrival, self._commands)
            except Problem as problem:
                said = self._core.reject(arrival.name, arrival.command_id, arrival.by, str(problem), self._now())
            else:
                if self._core.needs(command) is not None:
                    return
                said = self._core.handle(command, self._now())
            self._inbox.pop(0)
            self._said += said

    def _show(self) -> None:
        """Search attributes where they changed (one event of history), and the details, which cost nothing."""
        attributes = self._attributes()
        if attributes != self._shown and not self._may_keep_due(attributes):
            workflow.upsert_search_attributes(_changes(self._shown, attributes))
            self._shown = attributes
        workflow.set_current_details(self._markdown())

    def _may_keep_due(self, attributes: TypedSearchAttributes) -> bool:
        """Whether lists may go on showing a deadline that was met, as the timer is kept that wakes for it.

        Nothing but the deadline has changed, it is later than before, and the timer will have it shown before the old
        one has passed. So a deadline in a list is never later than the true one, and never in the past.
        """
        shown, due, wakes_at = self._shown, attributes.get(DUE), self._wakes_at()
        if not self._stamped or shown is None or due is None or wakes_at is None:
            return False
        kept = shown.get(DUE)
        if kept is None or not wakes_at <= kept < due:
            return False
        return shown.updated(SearchAttributePair(DUE, due)) == attributes

    def _wakes_at(self) -> datetime | None:
        """When the earliest timer fires that is set."""
        return self._timer_at

    def _show_trouble(self, trouble: str) -> None:
        """The record or the directory cannot be reached: visible in lists and here, until it goes on."""
        workflow.upsert_search_attributes([STATUS.value_set(BLOCKED)])
        self._shown = None
        workflow.set_current_details(self._markdown(trouble))

    async def _wait(self, core: Aggregate[_Said]) -> None:
        """Sleep until a signal or the earliest deadline; a timer is only replaced by an earlier one."""
        self._spend(PER_TURN)
        clock = core.earliest()
        if clock is not None and clock.next is not None and (self._timer_at is None or clock.next < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            wait = self._time.wait(clock.next, self._now()) + TIMER_SLACK
            self._timer_at = clock.next
            self._timer = asyncio.create_task(workflow.sleep(wait, summary=self._summary(clock)))
        timer = self._timer
        await workflow.wait_condition(lambda: self._woken() or (timer is not None and timer.done()))
        if timer is not None and timer.done():
            self._timer = self._timer_at = None

    def _woken(self) -> bool:
        """What ends a wait before its deadline."""
        return self._busy()

    def _spend(self, events: int, size: int = 0) -> None:
        """Something was added to the history of this run: about so many events and bytes."""
        self._spent += events + size // _PER_EVENT

    def _should_continue_as_new(self) -> bool:
        """Whether this run has become long.

        It counts for itself. The length of the history, and whether the server suggests to go on in a new run, are
        known by workflow task; when a question is answered in the middle of a step, the step's local activity may end
        in a later task than the one a replay ends it in, and a decision by either of them then fails the replay.
        """
        if not workflow.all_handlers_finished():
            return False
        if self._counted:
            return self._spent > (self._continue_after or _LONGEST_RUN)
        if self._continue_after is not None:
            return workflow.info().get_current_history_length() > self._continue_after
        return workflow.info().is_continue_as_new_suggested()

    async def _continue_as_new(self) -> NoReturn:
        """Carry everything into a new run, and with it whatever came in meanwhile.

        The short timer lets every signal that the server has accepted be delivered first. Without it a signal can be
        lost: when a workflow task that wanted to continue as new is tried again because of that signal, the local
        activity before it is resolved first, and the loop would come here before it sees the signal. For the same
        reason nothing is awaited after the timer: what has not been recorded or judged travels along.
        """
        await workflow.sleep(TIMER_SLACK, summary="新的一轮 continue as new")
        update: dict[str, Any] = {"signals": self._signals, "inbox": tuple(self._inbox), **NEWEST}
        workflow.continue_as_new(self._carried().model_copy(update=update))


def _changes(shown: TypedSearchAttributes | None, present: TypedSearchAttributes) -> list[SearchAttributeUpdate[Any]]:
    """What has to be said to those who saw `shown`."""
    seen = {pair.key: pair.value for pair in shown or ()}
    told = [pair.key.value_set(pair.value) for pair in present if seen.pop(pair.key, None) != pair.value]
    return [*told, *(key.value_unset() for key in seen)]
