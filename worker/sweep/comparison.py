"""The record held against Temporal, case by case, without waking any of them.

Temporal's lists say which workflows run and what their search attributes are; they lag, so nothing is reported
before the server has been asked for that very workflow and the record has been read again. A case is only asked
itself (a query costs no history, but a worker has to load it) where its attributes are not what the record says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.queries.inventory import CaseRow, Inventory
from activities.queries.sweeps import Drift, DriftReason
from worker.installation.installation import Installation
from worker.sweep.recovery import nothing
from workflows.domain.ids import CASE, COLLABORATION, case_number
from workflows.domain.review.view import ReviewRequest
from workflows.search_attributes import BLOCKED, DUE, OWNER, PRIORITY, STATUS

_SETTLED = timedelta(minutes=2)
"""What changed later is not held against a list."""
_ENDS_WITHIN = timedelta(minutes=15)
"""For a workflow to end after the record says that it is over."""
_DELIVERS_WITHIN = timedelta(days=4)
"""A message is given up after three."""
_ASKED = 20
"""Cases that are queried in one sweep."""
_AT_ONCE = 20
_PAGE = 200
"""A busy server on SQLite needed more than the five seconds of a call for a thousand."""
_RPC_TIMEOUT = timedelta(seconds=5)
_TOLERANCE = timedelta(seconds=1)
"""Between a due time in the record and the same in a list."""

_Ended = WorkflowExecutionStatus | None
"""How a workflow ended; None where there is none of that id."""


class _Suspect(NamedTuple):
    """What has to be asked for by itself before it is reported."""

    number: str
    workflow: str


@dataclass
class Comparison:
    """Compares once; a new one for every sweep.

    Attributes:
        client: of the server the cases are on.
        installation: whose record.
        beat: called while it goes on.
        settled: how long something has to have been as it is, before it counts.
        ends_within: how long a workflow may run on after the record says that it is over.
        delivers_within: how long a delivery may go on.
    """

    client: Client
    installation: Installation
    beat: Callable[[], None] = nothing
    settled: timedelta = _SETTLED
    ends_within: timedelta = _ENDS_WITHIN
    delivers_within: timedelta = _DELIVERS_WITHIN
    running: set[str] = field(default_factory=set, init=False)
    """Ids of the workflows of cases, parts and reviews that Temporal lists as running."""
    unknown: list[str] = field(default_factory=list, init=False)
    """Numbers of cases whose workflow was started once, of which nothing was ever recorded, and that Temporal does
    not know: they can be started as if for the first time."""
    unbegun: list[ReviewRequest] = field(default_factory=list, init=False)
    """Reviews that a closing called for, of which nothing was ever recorded, and that Temporal does not know."""
    _found: list[Drift] = field(default_factory=list, init=False)
    _differing: list[str] = field(default_factory=list, init=False)

    async def disagreements(self) -> list[Drift]:
        """Everything that does not fit together.

        Raises:
            RPCError: Temporal does not answer, or does not list workflows.
        """
        await self._from_lists()
        await self._from_record()
        await self._ask()
        await self._deliveries()
        return self._found

    # What Temporal lists

    async def _from_lists(self) -> None:
        kinds = "WorkflowType IN ('Case', 'Collaboration', 'Review')"
        query = f"{kinds} AND ExecutionStatus = 'Running' AND TaskQueue = '{self._queue}'"
        page: list[WorkflowExecution] = []
        async for execution in self.client.list_workflows(query, page_size=_PAGE, rpc_timeout=_RPC_TIMEOUT):
            self.running.add(execution.id)
            page.append(execution)
            if len(page) == _PAGE:
                await self._hold(page)
                page = []
        await self._hold(page)

    async def _hold(self, page: Sequence[WorkflowExecution]) -> None:
        """Those that run against the record, which may say that they are over, or never have heard of them."""
        self.beat()
        cases = {one.id: one for one in page if one.workflow_type == CASE}
        rows = await self._census.cases(list(cases))
        lost = [_Suspect(number, number) for number in cases if number not in rows]
        over = [
            _Suspect(number, number)
            for number, row in rows.items()
            if row.is_closed and row.updated_at is not None and row.updated_at < self._before(self.ends_within)
        ]
        self._differing += [
            number
            for number, row in rows.items()
            if row.updated_at is not None
            and not row.is_closed
            and row.updated_at < self._before(self.settled)
            and _differs(row, cases[number], self._before(self.settled))
        ]
        await self._report_running(lost, DriftReason.NOT_IN_RECORD, self._is_unregistered)
        await self._report_running(over, DriftReason.STILL_RUNNING, self._is_over)
        await self._hold_parts([one for one in page if one.workflow_type == COLLABORATION])

    async def _hold_parts(self, parts: Iterable[WorkflowExecution]) -> None:
        old = [one for one in parts if one.start_time < datetime.now(UTC) - self.ends_within]
        if not old:
            return
        numbers = {one.id: case_number(one.id) for one in old}
        open_ = await self._census.open_tasks(of=sorted(set(numbers.values())))
        over = [_Suspect(number, workflow) for workflow, number in numbers.items() if workflow not in open_]

        async def is_over(one: _Suspect) -> bool:
            return one.workflow not in await self._census.open_tasks(of=[one.number])

        await self._report_running(over, DriftReason.STILL_RUNNING, is_over)

    async def _report_running(
        self, suspects: Sequence[_Suspect], reason: DriftReason, holds: Callable[[_Suspect], Awaitable[bool]]
    ) -> None:
        for suspect, ended in await self._described(suspects):
            if ended is WorkflowExecutionStatus.RUNNING and await holds(suspect):
                self._say(suspect, reason)

    async def _is_unregistered(self, one: _Suspect) -> bool:
        return not await self._census.cases([one.number])

    async def _is_over(self, one: _Suspect) -> bool:
        row = (await self._census.cases([one.number])).get(one.number)
        return row is not None and row.is_closed

    # What the record says

    async def _from_record(self) -> None:
        census = self._census
        before = self._before(self.settled)
        async for numbers in census.open_cases(before):
            await self._miss([_Suspect(number, number) for number in numbers], self._is_open)
        async for numbers in census.unopened(datetime.now(UTC) - self.settled):
            await self._miss_unopened([number for number in numbers if number not in self.running])
        parts = await census.open_tasks()

        async def part_is_open(one: _Suspect) -> bool:
            return one.workflow in await census.open_tasks(of=[one.number])

        await self._miss([_Suspect(number, workflow) for workflow, number in parts.items()], part_is_open)
        reviews = await census.open_reviews(before)

        async def review_is_open(one: _Suspect) -> bool:
            return one.workflow in await census.open_reviews(before, of=[one.number])

        await self._miss_reviews([_Suspect(number, workflow) for workflow, number in reviews.items()], review_is_open)

    async def _miss(self, suspects: Sequence[_Suspect], holds: Callable[[_Suspect], Awaitable[bool]]) -> None:
        """Report those that do not run; the record is read again last: they may have ended in good order meanwhile."""
        self.beat()
        absent = [one for one in suspects if one.workflow not in self.running]
        for suspect, ended in await self._described(absent):
            if ended is not WorkflowExecutionStatus.RUNNING and await holds(suspect):
                self._say_gone(suspect, ended)

    async def _miss_reviews(self, suspects: Sequence[_Suspect], holds: Callable[[_Suspect], Awaitable[bool]]) -> None:
        """Those of which nothing was recorded can be begun as if for the first time, once their case cannot do it."""
        unbegun = {}
        for number in [one.number for one in suspects if not {one.workflow, one.number} & self.running]:
            if request := await self._census.unbegun_review(number):
                unbegun[number] = request
        for suspect, ended in await self._described([one for one in suspects if one.number in unbegun]):
            if ended is None:
                self.unbegun.append(unbegun[suspect.number])
        begin = {request.number for request in self.unbegun}
        await self._miss([one for one in suspects if one.number not in begin], holds)

    async def _miss_unopened(self, numbers: Sequence[str]) -> None:
        for suspect, ended in await self._described([_Suspect(number, number) for number in numbers]):
            if ended is None:
                self.unknown.append(suspect.number)
            elif ended is not WorkflowExecutionStatus.RUNNING:
                self._say_gone(suspect, ended)

    async def _is_open(self, one: _Suspect) -> bool:
        row = (await self._census.cases([one.number])).get(one.number)
        return row is not None and not row.is_closed

    # What has to be asked

    async def _ask(self) -> None:
        """Query the few whose search attributes are not what the record says."""
        self.beat()
        answers = await asyncio.gather(*map(self._sequence, self._differing[:_ASKED]))
        asked = {number: sequence for number, sequence in answers if sequence is not None}
        rows = await self._census.cases(list(asked))
        for number, sequence in asked.items():
            recorded = rows[number].sequence or 0
            if sequence != recorded:
                behind = recorded < sequence
                reason = DriftReason.RECORD_BEHIND if behind else DriftReason.RECORD_AHEAD
                self._say(_Suspect(number, number), reason, f"step {recorded} in the record, {sequence} in Temporal")

    async def _sequence(self, number: str) -> tuple[str, int | None]:
        """How far its workflow is; None where nobody answers, which other lists show."""
        try:
            view: Any = await self.client.get_workflow_handle(number).query("state", rpc_timeout=_RPC_TIMEOUT)
        except (RPCError, WorkflowQueryFailedError):
            return number, None
        return number, view["sequence"] if view else None

    async def _deliveries(self) -> None:
        """Those that the server has been trying for longer than any message is tried."""
        since = (datetime.now(UTC) - self.delivers_within).isoformat()
        ours = f"ActivityType = 'deliver' AND TaskQueue = '{self._queue}'"
        query = f"{ours} AND ExecutionStatus = 'Running' AND StartTime < '{since}'"
        try:
            async for one in self.client.list_activities(query, limit=_PAGE, rpc_timeout=_RPC_TIMEOUT):
                number = one.activity_id.removeprefix("deliver:").partition(":")[0]
                self._say(_Suspect(number, one.activity_id), DriftReason.DELIVERY_UNENDING)
        except RPCError as error:
            if error.status not in {RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.INVALID_ARGUMENT}:
                raise

    async def _described(self, suspects: Sequence[_Suspect]) -> list[tuple[_Suspect, _Ended]]:
        answers: list[tuple[_Suspect, _Ended]] = []
        for first in range(0, len(suspects), _AT_ONCE):
            self.beat()
            portion = suspects[first : first + _AT_ONCE]
            answers += zip(portion, await asyncio.gather(*map(self._status, portion)), strict=True)
        return answers

    async def _status(self, suspect: _Suspect) -> _Ended:
        try:
            found = await self.client.get_workflow_handle(suspect.workflow).describe(rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return found.status

    def _say_gone(self, suspect: _Suspect, ended: _Ended) -> None:
        if ended is None:
            self._say(suspect, DriftReason.WORKFLOW_MISSING)
        else:
            self._say(suspect, DriftReason.WORKFLOW_ENDED, ended.name.lower())

    def _say(self, suspect: _Suspect, reason: DriftReason, what: str | None = None) -> None:
        self._found.append(
            Drift(number=suspect.number, reason=reason, workflow=suspect.workflow, since=datetime.now(UTC), what=what)
        )

    def _before(self, span: timedelta) -> datetime:
        """So long ago, at the cases' time."""
        return self.installation.time.virtual(datetime.now(UTC) - span)

    @property
    def _queue(self) -> str:
        """The task queue, as a list filter quotes it; another installation may share the namespace."""
        return self.installation.settings.task_queue.replace("'", "")

    @property
    def _census(self) -> Inventory:
        return Inventory(self.installation.database)


def _differs(row: CaseRow, execution: WorkflowExecution, since: datetime) -> bool:
    """Whether a list has shown something else than the record since then; what it does not show is no difference."""
    shown = execution.typed_search_attributes
    if shown.get(STATUS) in {None, BLOCKED}:
        # Not open yet, or it cannot be recorded, which `bihuan stuck` shows by itself.
        return False
    plain = (shown.get(STATUS), shown.get(PRIORITY), shown.get(OWNER)) != (row.status, row.priority, row.owner)
    return plain or _due_differs(shown.get(DUE), row.due, since)


def _due_differs(shown: datetime | None, due: datetime | None, since: datetime) -> bool:
    """An earlier deadline that was met may still be shown (`Shell._may_keep_due`), until it has passed."""
    if shown is None or due is None:
        return shown != due
    kept = since < shown < due
    return abs(shown - due) > _TOLERANCE and not kept
