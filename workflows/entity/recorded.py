"""A life in steps, each of which says in its record what it judged: lived once, it is replayed in the same steps.

The answer of a local activity is no event that has its place among the others. While a question (a query) is answered,
or when a workflow task ends because the activity takes long, it may reach the workflow together with signals, timers
and deliveries that come later in the history; a replay has it before them. Whatever would be decided then by what is
in the inbox, or by the time, would be decided otherwise in the replay, and the case could not go on.

So nothing is decided then. A step begins when there is something to do: it judges what is there, and the local
activity that writes it down takes along, and brings back, its `StepMarker`: how many signals were judged, and at which
time. From there to the end of the step nothing looks at inbox, clock or timers. A replay does not judge before it has
the stamp: it asks the same activity, is answered from the history, waits until it has as many signals, and judges
those, at that time. Where the history has no answer (a worker was killed), the activity is really asked: it writes
nothing, and the step begins again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow

from workflows.domain.event import Event
from workflows.domain.problem import Problem
from workflows.domain.terms import Consultation
from workflows.entity.entity import PER_TURN, TIMER_SLACK, Aggregate, Entity
from workflows.entity.inbox import command_of
from workflows.entity.input import EntityInput
from workflows.ports import Recorded, StepMarker


class RecordedEntity(Entity[Event]):
    """A shell whose steps are written down by a local activity. A run without stamps lives as `Entity` does."""

    def __init__(self, start: EntityInput, core: Aggregate[Event] | None, said: Sequence[Event]) -> None:
        super().__init__(start, core, said)
        self._sizes = [0] * len(self._inbox)
        self._timers: dict[datetime, asyncio.Task[None]] = {}
        """By the deadline they stand for. None is ever cancelled: it may have fired already where it is lived."""
        self._deliveries: set[asyncio.Task[None]] = set()
        self._idle = True

    async def _write(self, events: Sequence[Event], stamp: StepMarker | None) -> Recorded:
        """Write it down, however long that takes."""
        raise NotImplementedError

    def _received(self, size: int) -> None:
        if not self._stamped:
            super()._received(size)
        else:
            self._sizes.append(size)

    def _wakes_at(self) -> datetime | None:
        return min(self._timers, default=None)

    def _born(self) -> datetime:
        """When the run began, the same for whoever asks."""
        return self._time.virtual(workflow.info().workflow_start_time)

    async def _step(self, core: Aggregate[Event]) -> tuple[Recorded, StepMarker]:
        """Judge what there is to judge, and have it written."""
        self._spend(PER_TURN)
        replayed = workflow.unsafe.is_replaying()
        events: tuple[Event, ...] = ()
        if replayed:
            asked = StepMarker(signals=self._signals - len(self._inbox), at=self._now(), idle=False, judged=False)
        else:
            asked = self._judge(core)
            events, self._said = tuple(self._said), []
        recorded = await self._write(events, asked)
        stamp = recorded.stamp
        assert stamp is not None, "whoever writes a step answers with its stamp"  # noqa: S101 - the activities are ours
        if stamp.judged:
            if replayed:
                await self._judge_again(core, stamp)
            self._timers = {due: timer for due, timer in self._timers.items() if due > stamp.at}
        self._idle = stamp.idle and not recorded.undelivered
        return recorded, stamp

    def _judge(self, core: Aggregate[Event]) -> StepMarker:
        """All that is there, up to the first signal that needs a lookup."""
        at = max([self._now(), *(due for due, timer in self._timers.items() if timer.done())])
        lookup = self._take(core, self._signals, at)
        if not lookup:
            self._said += core.expire(at)
        signals = self._signals - len(self._inbox)
        return StepMarker(signals=signals, at=at, lookup=lookup, idle=not self._deliveries)

    async def _judge_again(self, core: Aggregate[Event], stamp: StepMarker) -> Sequence[Event]:
        """What was judged when this was lived, and written then; answers what was said."""
        if self._signals < stamp.signals:
            await workflow.wait_condition(lambda: self._signals >= stamp.signals)
        self._take(core, stamp.signals, stamp.at)
        if not stamp.lookup:
            self._said += core.expire(stamp.at)
        said, self._said = self._said, []
        return said

    def _take(self, core: Aggregate[Event], signals: int, at: datetime) -> bool:
        """Judge signals, in order, until so many of all are judged; whether one that needs a lookup came before."""
        while self._signals - len(self._inbox) < signals:
            arrival = self._inbox[0]
            try:
                command = command_of(arrival, self._commands)
            except Problem as problem:
                said = core.reject(arrival.name, arrival.command_id, arrival.by, str(problem), at)
            else:
                if core.needs(command) is not None:
                    return True
                said = core.handle(command, at)
            self._taken(said)
        return False

    async def _look_up(self, core: Aggregate[Event], stamp: StepMarker) -> None:
        """Judge the signal that a step stopped at."""
        if not self._inbox:
            await workflow.wait_condition(lambda: bool(self._inbox))
        command = command_of(self._inbox[0], self._commands)
        lookup = core.needs(command)
        facts = await self._consult(lookup, command.name) if lookup is not None else Consultation()
        self._taken(core.handle(command, stamp.at, facts))

    def _taken(self, said: Sequence[Event]) -> None:
        """The first of the inbox is judged."""
        self._inbox.pop(0)
        self._spend(1, self._sizes.pop(0))
        self._said += said

    async def _rest(self, core: Aggregate[Event]) -> None:
        """Sleep until a signal or the earliest deadline; there is a new timer only where none comes before it."""
        clock = core.earliest()
        if clock is not None and clock.next is not None and all(due > clock.next for due in self._timers):
            wait = self._time.wait(clock.next, self._now()) + TIMER_SLACK
            self._timers[clock.next] = asyncio.create_task(workflow.sleep(wait, summary=self._summary(clock)))
        await workflow.wait_condition(lambda: bool(self._inbox) or any(one.done() for one in self._timers.values()))

    async def _ends(self) -> bool:
        """Whether a life that is closed may end now: every delivery is done, and no signal is left.

        Without deliveries it ends with the step that closed it. The server lets no workflow task end a workflow that
        has a signal more; a signal that came in while that step was being written is refused, and its sender told so,
        but it is not written down: what is in the inbox then is no reason for anything.
        """
        if self._idle:
            self._over = True
            return True
        # A timer is an event with its place among the others: what is there when it fires is there in a replay, too.
        await workflow.sleep(TIMER_SLACK, summary="结束 the end")
        await workflow.wait_condition(lambda: not self._deliveries or bool(self._inbox))
        return not self._inbox


def summary_of(events: Sequence[Event]) -> str:
    """A step in the Web UI."""
    return ", ".join(dict.fromkeys(event.kind.value for event in events))[:180]
