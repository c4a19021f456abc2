"""The durable shell of a case: one loop, one timer, every signal kept (see `workflows.domain.case` for the rules)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from workflows import ports
    from workflows.arrival import command_of, read_arrival
    from workflows.calling import call, deliver_in_background
    from workflows.case_input import Arrival, CaseInput, CommandOutcome
    from workflows.departments import begin_parts, end_parts, parts_pending
    from workflows.details import BLOCKED, STATUS, markdown, search_attributes, timer_summary
    from workflows.domain.case import Case
    from workflows.domain.event import Event
    from workflows.domain.problem import Problem
    from workflows.domain.view import CaseView

_TIMER_SLACK = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never wakes the case just before its deadline."""


@workflow.defn(name="Case")
class CaseWorkflow:
    """One customer issue, from acceptance until the customer is satisfied."""

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        self._start = start
        self._case = start.case
        self._signals = start.signals
        self._inbox: list[Arrival] = list(start.inbox)
        self._unrecorded: list[Event] = list(start.unrecorded)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._timer_at: datetime | None = None
        self._shown: TypedSearchAttributes | None = None

    @workflow.run
    async def run(self, start: CaseInput) -> str:
        """Live until closed; the answer is how it was resolved."""
        case = self._case or await self._open(start.number)
        while True:
            await self._work(case)
            # Begun before they are recorded: whoever reads of a part can answer it.
            await begin_parts(case, self._start)
            await self._record(case)
            await end_parts(case)
            if self._busy() or parts_pending(case):
                continue
            if case.is_closed:
                await workflow.wait_condition(lambda: not self._deliveries or self._busy())
                if not self._busy():
                    return str(case.resolution)
            elif self._should_continue_as_new():
                await self._continue_as_new(case)
            else:
                await self._wait(case)

    @workflow.signal(dynamic=True)
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Every command is a signal of its name with one JSON object; nothing that comes is dropped silently."""
        self._signals += 1
        self._inbox.append(read_arrival(name, args, f"signal-{self._signals}"))
        self._drain()

    @workflow.query
    def state(self) -> CaseView | None:
        """The case as it stands; None before it is open."""
        return self._case.view() if self._case is not None else None

    @workflow.query
    def outcome(self, command_id: str) -> CommandOutcome:
        """What became of a command sent before this query."""
        known = self._case.outcomes.get(command_id) if self._case is not None else None
        if known is not None:
            word = "accepted" if known.accepted else "rejected"
            return CommandOutcome(command_id=command_id, outcome=word, reason=known.reason)
        waiting = any(arrival.command_id == command_id for arrival in self._inbox)
        return CommandOutcome(command_id=command_id, outcome="pending" if waiting else "unknown")

    def _now(self) -> datetime:
        return self._start.time.virtual(workflow.now())

    def _busy(self) -> bool:
        return bool(self._inbox or self._unrecorded)

    async def _open(self, number: str) -> Case:
        settlement = await call(ports.settle, number, summary="分类派发 settle", on_trouble=self._show_trouble)
        case, events = Case.open(number, settlement, self._now())
        self._unrecorded += events
        self._case = case
        return case

    async def _work(self, case: Case) -> None:
        """Judge everything in the inbox, looking up what has to be known first, then let pass what has fallen due."""
        self._drain()
        while self._inbox:
            command = command_of(self._inbox[0])
            lookup = case.needs(command)
            if lookup is not None:
                facts = await call(ports.consult, lookup, summary=command.name, on_trouble=self._show_trouble)
                self._inbox.pop(0)
                self._unrecorded += case.handle(command, self._now(), facts)
            self._drain()
        self._unrecorded += case.expire(self._now())

    def _drain(self) -> None:
        """Judge what is in the inbox, in order, up to the first command that needs a lookup."""
        while self._case is not None and self._inbox:
            arrival = self._inbox[0]
            try:
                command = command_of(arrival)
            except Problem as problem:
                events = self._case.reject(arrival.name, arrival.command_id, arrival.by, str(problem), self._now())
            else:
                if self._case.needs(command) is not None:
                    return
                events = self._case.handle(command, self._now())
            self._inbox.pop(0)
            self._unrecorded += events

    async def _record(self, case: Case) -> None:
        """Everything since the last record, in one transaction and with one change of search attributes."""
        while self._unrecorded:
            events, self._unrecorded = tuple(self._unrecorded), []
            step = ports.Record(view=case.view(), events=events)
            summary = ", ".join(dict.fromkeys(event.kind.value for event in events))[:180]
            recorded = await call(ports.record, step, summary=summary, on_trouble=self._show_trouble)
            if recorded.undelivered:
                delivery = ports.Delivery(number=case.number, keys=recorded.undelivered)
                deliver_in_background(self._deliveries, delivery)
        self._show(case)

    def _show(self, case: Case) -> None:
        attributes = search_attributes(case.view())
        if attributes != self._shown:
            present = {pair.key for pair in attributes}
            gone = [pair.key.value_unset() for pair in self._shown or () if pair.key not in present]
            workflow.upsert_search_attributes([*(pair.key.value_set(pair.value) for pair in attributes), *gone])
            self._shown = attributes
        workflow.set_current_details(markdown(case))

    def _show_trouble(self, trouble: str) -> None:
        """The record or the directory cannot be reached: visible in lists and on the case, until it goes on."""
        workflow.upsert_search_attributes([STATUS.value_set(BLOCKED)])
        self._shown = None
        if self._case is not None:
            workflow.set_current_details(markdown(self._case, trouble=trouble))
        else:
            workflow.set_current_details(f"### {self._start.number}\n\n**故障 trouble:** {trouble}")

    async def _wait(self, case: Case) -> None:
        """Sleep until a signal or the earliest deadline; a timer is only replaced by an earlier one."""
        clock = case.earliest()
        if clock is not None and clock.next is not None and (self._timer_at is None or clock.next < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            wait = self._start.time.wait(clock.next, self._now()) + _TIMER_SLACK
            self._timer_at = clock.next
            self._timer = asyncio.create_task(workflow.sleep(wait, summary=timer_summary(case, clock)))
        timer = self._timer
        await workflow.wait_condition(lambda: self._busy() or (timer is not None and timer.done()))
        if timer is not None and timer.done():
            self._timer = self._timer_at = None

    def _should_continue_as_new(self) -> bool:
        if self._deliveries or not workflow.all_handlers_finished():
            return False
        limit = self._start.continue_after
        if limit is not None:
            return workflow.info().get_current_history_length() > limit
        return workflow.info().is_continue_as_new_suggested()

    async def _continue_as_new(self, case: Case) -> NoReturn:
        """Carry the case into a new run, and with it whatever came in meanwhile.

        The short timer lets every signal that the server has accepted be delivered first. Without it a signal can be
        lost: when a workflow task that wanted to continue as new is tried again because of that signal, the local
        activity before it is resolved first, and this loop would come here before it sees the signal. For the same
        reason nothing is awaited after the timer: what has not been recorded or judged travels along.
        """
        await workflow.sleep(_TIMER_SLACK, summary="新的一轮 continue as new")
        workflow.continue_as_new(
            self._start.model_copy(
                update={
                    "case": case,
                    "signals": self._signals,
                    "inbox": tuple(self._inbox),
                    "unrecorded": tuple(self._unrecorded),
                }
            )
        )
