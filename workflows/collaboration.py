"""The durable shell of a department's part in a case (see `workflows.domain.collaboration` for the rules)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue, TypedSearchAttributes
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows import ports
    from workflows.arrival import command_of, read_arrival
    from workflows.calling import call
    from workflows.case_input import Arrival, CommandOutcome
    from workflows.collaboration_details import (
        first_attributes,
        part_attributes,
        part_markdown,
        part_timer_summary,
    )
    from workflows.collaboration_input import CollaborationInput
    from workflows.details import BLOCKED, STATUS
    from workflows.domain.collaboration import Collaboration
    from workflows.domain.commands import PART_COMMANDS, PartReported
    from workflows.domain.part import PartReport, PartRequest, PartView, workflow_id
    from workflows.domain.problem import Problem
    from workflows.domain.vocabulary import SYSTEM

_TIMER_SLACK = timedelta(milliseconds=1)
"""Added to every wait, so that rounding never wakes the part just before its deadline."""


@workflow.defn(name="Collaboration")
class CollaborationWorkflow:
    """One department's part, from being asked until it answers or the case needs it no more."""

    @workflow.init
    def __init__(self, start: CollaborationInput) -> None:
        self._start = start
        self._part = start.part
        self._signals = start.signals
        self._inbox: list[Arrival] = list(start.inbox)
        self._unreported: list[PartReport] = list(start.unreported)
        self._timer: asyncio.Task[None] | None = None
        self._timer_at: datetime | None = None
        self._shown: TypedSearchAttributes | None = None
        self._deserted = False

    @workflow.run
    async def run(self, start: CollaborationInput) -> str:
        """Live until answered or ended; the answer is how."""
        part = self._part or await self._open(start.request)
        while True:
            await self._work(part)
            await self._report(part)
            if self._deserted or (not part.is_open and not self._busy()):
                return "deserted" if part.is_open else str(part.status)
            if self._should_continue_as_new():
                # Also with signals in hand: they travel along, and steady ones must not keep a run going for ever.
                await self._continue_as_new(part)
            if not self._busy():
                await self._wait(part)

    @workflow.signal(dynamic=True)
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """`claim`, `contribute` or `end`, with one JSON object; nothing that comes is dropped silently."""
        self._signals += 1
        self._inbox.append(read_arrival(name, args, f"signal-{self._signals}"))
        self._drain()

    @workflow.query
    def state(self) -> PartView | None:
        """The part as it stands; None before somebody was picked."""
        return self._part.view() if self._part is not None else None

    @workflow.query
    def outcome(self, command_id: str) -> CommandOutcome:
        """What became of a command sent before this query."""
        known = self._part.outcomes.get(command_id) if self._part is not None else None
        if known is not None:
            word = "accepted" if known.accepted else "rejected"
            return CommandOutcome(command_id=command_id, outcome=word, reason=known.reason)
        waiting = any(arrival.command_id == command_id for arrival in self._inbox)
        return CommandOutcome(command_id=command_id, outcome="pending" if waiting else "unknown")

    def _now(self) -> datetime:
        return self._start.time.virtual(workflow.now())

    def _busy(self) -> bool:
        return bool(self._inbox or self._unreported)

    async def _open(self, request: PartRequest) -> Collaboration:
        # Set by the case that started it: the first change is against these.
        self._shown = first_attributes(request)
        lookup = Collaboration.pick(request)
        facts = await call(ports.consult, lookup, summary="分派 pick", on_trouble=self._show_trouble)
        part, reports = Collaboration.open(request, facts, self._now())
        self._unreported += reports
        self._part = part
        return part

    async def _work(self, part: Collaboration) -> None:
        """Judge everything in the inbox, looking up unknown senders first, then let pass what has fallen due."""
        self._drain()
        while self._inbox:
            command = command_of(self._inbox[0], PART_COMMANDS)
            lookup = part.needs(command)
            if lookup is not None:
                facts = await call(ports.consult, lookup, summary=command.name, on_trouble=self._show_trouble)
                self._inbox.pop(0)
                self._unreported += part.handle(command, self._now(), facts)
            self._drain()
        self._unreported += part.expire(self._now())

    def _drain(self) -> None:
        """Judge what is in the inbox, in order, up to the first command that needs a lookup."""
        while self._part is not None and self._inbox:
            arrival = self._inbox[0]
            try:
                command = command_of(arrival, PART_COMMANDS)
            except Problem as problem:
                reports = self._part.reject(arrival.name, arrival.command_id, arrival.by, str(problem), self._now())
            else:
                if self._part.needs(command) is not None:
                    return
                reports = self._part.handle(command, self._now())
            self._inbox.pop(0)
            self._unreported += reports

    async def _report(self, part: Collaboration) -> None:
        """Tell the case everything since the last report, in one signal; the case writes it down."""
        self._show(part)
        request = part.request
        case = workflow.get_external_workflow_handle(request.number)
        while self._unreported and not self._deserted:
            reports, self._unreported = tuple(self._unreported), []
            name = workflow_id(request.number, request.department, request.round)
            told = PartReported(
                command_id=f"{name}:{reports[-1].sequence}",
                by=SYSTEM,
                at=reports[-1].at,
                department=request.department,
                round=request.round,
                reports=reports,
            )
            try:
                await case.signal(PartReported.name, told.model_dump(mode="json"))
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                # The case is over, or was terminated by hand: nobody is left to work for.
                workflow.logger.warning("%s: its case takes no report any more: %s", name, error)
                self._deserted = True
        self._show(part)

    def _show(self, part: Collaboration) -> None:
        attributes = part_attributes(part)
        if attributes != self._shown:
            present = {pair.key for pair in attributes}
            gone = [pair.key.value_unset() for pair in self._shown or () if pair.key not in present]
            workflow.upsert_search_attributes([*(pair.key.value_set(pair.value) for pair in attributes), *gone])
            self._shown = attributes
        workflow.set_current_details(part_markdown(part))

    def _show_trouble(self, trouble: str) -> None:
        """The directory cannot be reached: visible in lists and on the part, until it goes on."""
        workflow.upsert_search_attributes([STATUS.value_set(BLOCKED)])
        self._shown = None
        if self._part is not None:
            workflow.set_current_details(part_markdown(self._part, trouble=trouble))
        else:
            request = self._start.request
            workflow.set_current_details(f"### {request.number} · {request.department}\n\n**故障 trouble:** {trouble}")

    async def _wait(self, part: Collaboration) -> None:
        """Sleep until a signal or the earliest deadline; a timer is only replaced by an earlier one."""
        clock = part.earliest()
        if clock is not None and clock.next is not None and (self._timer_at is None or clock.next < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            wait = self._start.time.wait(clock.next, self._now()) + _TIMER_SLACK
            self._timer_at = clock.next
            self._timer = asyncio.create_task(workflow.sleep(wait, summary=part_timer_summary(part, clock)))
        timer = self._timer
        await workflow.wait_condition(lambda: self._busy() or not part.is_open or (timer is not None and timer.done()))
        if timer is not None and timer.done():
            self._timer = self._timer_at = None

    def _should_continue_as_new(self) -> bool:
        if not workflow.all_handlers_finished():
            return False
        limit = self._start.continue_after
        if limit is not None:
            return workflow.info().get_current_history_length() > limit
        return workflow.info().is_continue_as_new_suggested()

    async def _continue_as_new(self, part: Collaboration) -> NoReturn:
        """Carry the part into a new run; the short timer lets every accepted signal be delivered first (as a case)."""
        await workflow.sleep(_TIMER_SLACK, summary="新的一轮 continue as new")
        workflow.continue_as_new(
            self._start.model_copy(
                update={
                    "part": part,
                    "signals": self._signals,
                    "inbox": tuple(self._inbox),
                    "unreported": tuple(self._unreported),
                }
            )
        )
