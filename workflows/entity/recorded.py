"""An object whose steps are written down by a local activity, and how a replay finds the same steps again.

The answer of a local activity is no event that has its place among the others. While a query is answered, or when a
workflow task ends because the activity takes long, it may reach the workflow together with signals, timers and
deliveries that come later in the history; a replay has it before them. Whatever would be decided then by what is in
the inbox, or by the time, would be decided otherwise in the replay, and the object could not go on.

So nothing is decided then. A step begins when there is something to do: it judges what is there, and the local
activity that writes it down takes along, and brings back, its `StepMarker`: how many signals were judged, and at which
time. From there to the end of the step nothing looks at inbox, clock or timers. A replay does not judge before it has
the marker: it calls the same activity, is answered from the history, waits until it has as many signals, and judges
those, at that time. Where the history has no answer (a worker was killed), the activity is really run: it writes
nothing, and the step begins again.

Who wakes up may have slept for months, and judges by the people that it knows. The record of that step looks whether
they are still so: mostly they are, and the look costs nothing more. Where they are not it writes nothing and answers
what has changed, and the step is judged again by that; a replay has judged nothing before it reads the same answer.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from temporalio import workflow

from workflows.activity_calls import deliver_in_background
from workflows.domain.event import Event
from workflows.domain.model import Model
from workflows.domain.terms import Lookup
from workflows.entity.entity import PER_STEP, TIMER_SLACK, Entity
from workflows.entity.input import EntityInput
from workflows.entity.judge import Aggregate, Unjudged
from workflows.ports import Delivery, Recorded, StepMarker

_PER_DELIVERY = 8
"""Events of history for each, about."""

_Aggregate = TypeVar("_Aggregate", bound=Aggregate[Any])
_View = TypeVar("_View", bound=Model)


class RecordedEntity(Entity[_Aggregate, Event]):
    """A durable object that keeps a timeline in the database."""

    _looks_up_locally: ClassVar[bool] = True

    def __init__(self, start: EntityInput[_Aggregate, Event]) -> None:
        super().__init__(start)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._idle = True
        """No delivery was under way when the last step was judged, and it left none."""
        self._woke = False
        """Since people were looked up last: the next record looks whether they are as they are known (R35)."""
        self._viewed: Any = None
        """The last view that could be made, for when making one fails."""

    @abstractmethod
    async def _record(
        self, aggregate: _Aggregate, events: Sequence[Event], marker: StepMarker, lookup: Lookup | None
    ) -> Recorded:
        """Write a step down, however long that takes; `lookup`: unless these people have changed."""

    @abstractmethod
    async def _follow(self, aggregate: _Aggregate, recorded: Recorded) -> None:
        """Do what the answer of the record calls for."""

    def _seen(self, aggregate: _Aggregate, view: Callable[[], _View]) -> _View:
        """The view to record: where making it fails, the last one with the fault in it, and the events are still
        written.

        Raises:
            Exception: it was never seen in this run; without a view nothing can be recorded.
        """
        seen: _View | None = None
        with self._guarded(aggregate, "view", again=True):
            seen = self._viewed = view()
        if seen is None and self._viewed is not None:
            seen = self._viewed.model_copy(update={"faults": tuple(aggregate.faults)})
        return seen or view()

    def _deliver(self, number: str, recorded: Recorded) -> None:
        """Deliver, meanwhile, the messages of a step that nobody else delivers."""
        if recorded.undelivered:
            self._spend(_PER_DELIVERY)
            deliver_in_background(self._deliveries, Delivery(number=number, keys=recorded.undelivered))

    async def _step(self, aggregate: _Aggregate) -> StepMarker:
        while True:
            lookup = self._known_people(aggregate) if self._woke else None
            recorded = await self._judge_and_record(aggregate, lookup)
            if recorded.marker.judged or recorded.people is not None:
                self._woke = False
            if recorded.people is None:
                break
            with self._guarded(aggregate, "renewal", again=True):  # if that fails, the people stay as they were
                self._unwritten += aggregate.renew(recorded.people, recorded.marker.at)
        self._idle = recorded.marker.idle and not recorded.undelivered
        with self._guarded(aggregate, "following"):
            await self._follow(aggregate, recorded)
        return recorded.marker

    async def _judge_and_record(self, aggregate: _Aggregate, lookup: Lookup | None) -> Recorded:
        """A step. Where the people that `lookup` names have changed, all is as before, and the answer says how."""
        self._spend(PER_STEP)
        replayed = workflow.unsafe.is_replaying()
        events: tuple[Event, ...] = ()
        before: Unjudged[Event] | None = None
        if replayed:
            marker = StepMarker(signals=self._judged, at=self._now(), idle=False, judged=False)
        else:
            before = self._unjudged(aggregate) if lookup is not None else None
            marker = self._judge(aggregate).model_copy(update={"idle": not self._deliveries})
            events = self._take_unwritten()
        if before is not None:
            self._unsettled = before.inbox[: len(before.inbox) - len(self._inbox)]
        recorded = await self._record(aggregate, events, marker, lookup)
        self._unsettled = ()
        if recorded.people is None:
            if replayed and recorded.marker.judged:
                await self._judge_again(aggregate, recorded.marker)
        elif before is not None:
            self._judge_anew(aggregate, before)
        return recorded

    def _known_people(self, aggregate: _Aggregate) -> Lookup | None:
        """The question whether they have changed; None where nobody is asked any more."""
        with self._guarded(aggregate, "people", again=True):
            return aggregate.involved(self._now())
        return None

    async def _renew(self, aggregate: _Aggregate) -> None:  # noqa: ARG002 - the record names them
        """Leave it to the record of the next step to look who works here now: an activity less at each waking."""
        self._woke = True

    async def _judge_again(self, aggregate: _Aggregate, marker: StepMarker) -> Sequence[Event]:
        """In a replay: judge what was judged the first time; answers the events that were written then."""
        if self._signals < marker.signals:
            await workflow.wait_condition(lambda: self._signals >= marker.signals)
        self._judge_signals(aggregate, marker.signals, marker.at)
        if not marker.lookup and not marker.more:
            self._expire(aggregate, marker.at)
        return self._take_unwritten()

    async def _look_up(self, aggregate: _Aggregate, marker: StepMarker) -> None:
        if not self._inbox:  # a replay may be here before the signal is
            await workflow.wait_condition(lambda: bool(self._inbox))
        await super()._look_up(aggregate, marker)

    def _is_long(self) -> bool:
        return self._idle and super()._is_long()

    def _takes_more(self) -> bool:
        """Whether a closed object may still be told something that counts: then none of it is lost at the end."""
        return False

    async def _may_end(self) -> bool:
        """Whether an object that is closed may end now: every delivery is done, and no signal is left.

        Without deliveries it ends with the step that closed it. The server lets no workflow task end a workflow that
        has a signal more; a signal that came in while that step was being written is refused, and `outcome` says so,
        but it is not written down: what is in the inbox then is no reason for anything. One that `_takes_more` pays for
        the timer.
        """
        if self._idle and not self._takes_more():
            return True
        # A timer is an event with its place among the others: what is there when it fires is there in a replay, too.
        await workflow.sleep(TIMER_SLACK, summary="结束 the end")
        await workflow.wait_condition(lambda: not self._deliveries or bool(self._inbox))
        return not self._inbox


def summary_of(events: Sequence[Event]) -> str:
    """A step in the Web UI: the kinds of its events."""
    return ", ".join(dict.fromkeys(event.kind.value for event in events))[:180]
