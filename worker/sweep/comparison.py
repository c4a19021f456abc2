"""Compares the record with Temporal, case by case: workflows that are missing, ended or still running, and drift.

Temporal's lists say which workflows run and what their search attributes are. They lag behind, so nothing is reported
before the server has been asked for that very workflow (describe) and the record has been read again. The workflow
itself is queried only where its attributes differ from the record: a query adds nothing to the history, but a worker
has to load the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.batches import batched
from activities.heartbeat import heartbeat
from activities.queries.monitoring.inventory import CaseRow, Inventory
from activities.queries.monitoring.sweeps import Drift, DriftReason
from worker.installation.installation import Installation
from worker.temporal.pausing import OPEN
from worker.temporal.rpc import RPC_TIMEOUT, found_or_none
from worker.temporal.standalone_delivery import case_of_delivery
from workflows.domain.ids import CASE, COLLABORATION, case_number
from workflows.domain.review.view import ReviewRequest
from workflows.search_attributes import BLOCKED, DUE, OWNER, PRIORITY, STATUS

_SETTLED = timedelta(minutes=2)
"""What changed later than so long ago is not compared with a list."""
_ENDS_WITHIN = timedelta(minutes=15)
"""So long a workflow may run on after the record says that it is over."""
_DELIVERS_WITHIN = timedelta(days=4)
"""So long a delivery may go on; a message is given up after three days."""
_QUERIED = 20
"""Cases that are queried in one sweep."""
_AT_ONCE = 20
"""Workflows described at the same time."""
_PAGE = 200
"""Workflows of one page of a list; for a thousand a busy server on SQLite needed more than a call may take."""
_TOLERANCE = timedelta(seconds=1)
"""Difference between a due time in the record and in a list that is none."""

_Ended = WorkflowExecutionStatus | None
"""How a workflow ended; None where there is none of that id."""


class _Suspect(NamedTuple):
    """A workflow that has to be described before it is reported; `number` is that of its case."""

    number: str
    workflow: str


@dataclass
class Comparison:
    """One comparison; make a new one for every sweep.

    Attributes:
        client: of the server the cases are on.
        installation: whose record is compared.
        settled: what changed later than so long ago does not count.
        ends_within: how long a workflow may run on after the record says that it is over.
        delivers_within: how long a delivery may go on.
    """

    client: Client
    installation: Installation
    settled: timedelta = _SETTLED
    ends_within: timedelta = _ENDS_WITHIN
    delivers_within: timedelta = _DELIVERS_WITHIN
    running: set[str] = field(default_factory=set, init=False)
    """Ids of the workflows of cases, departments' tasks and reviews that Temporal lists as running."""
    unknown: list[str] = field(default_factory=list, init=False)
    """Numbers of cases that were started once, of which nothing was ever recorded, and that Temporal does not know:
    they can be started as if for the first time."""
    unbegun: list[ReviewRequest] = field(default_factory=list, init=False)
    """Reviews that a closing called for, of which nothing was ever recorded, and that Temporal does not know."""
    _found: list[Drift] = field(default_factory=list, init=False)
    _differing: list[str] = field(default_factory=list, init=False)

    async def find_drift(self) -> list[Drift]:
        """Every workflow that is not as the record says.

        Raises:
            RPCError: Temporal does not answer, or does not list workflows.
        """
        await self._compare_running()
        await self._compare_recorded()
        await self._query_differing()
        await self._find_unending_deliveries()
        return self._found

    # What Temporal lists

    async def _compare_running(self) -> None:
        types = "WorkflowType IN ('Case', 'Collaboration', 'Review')"
        query = f"{types} AND {OPEN} AND TaskQueue = '{self._queue}'"
        page: list[WorkflowExecution] = []
        async for execution in self.client.list_workflows(query, page_size=_PAGE, rpc_timeout=RPC_TIMEOUT):
            self.running.add(execution.id)
            page.append(execution)
            if len(page) == _PAGE:
                await self._compare_page(page)
                page = []
        await self._compare_page(page)

    async def _compare_page(self, page: Sequence[WorkflowExecution]) -> None:
        """Running workflows of which the record says that they are over, or which it does not know."""
        heartbeat()
        cases = {one.id: one for one in page if one.workflow_type == CASE}
        rows = await self._inventory.cases(list(cases))
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
        await self._compare_tasks([one for one in page if one.workflow_type == COLLABORATION])

    async def _compare_tasks(self, tasks: Iterable[WorkflowExecution]) -> None:
        old = [one for one in tasks if one.start_time < datetime.now(UTC) - self.ends_within]
        if not old:
            return
        numbers = {one.id: case_number(one.id) for one in old}
        open_ = await self._inventory.open_tasks(of=sorted(set(numbers.values())))
        over = [_Suspect(number, workflow) for workflow, number in numbers.items() if workflow not in open_]

        async def is_over(one: _Suspect) -> bool:
            return one.workflow not in await self._inventory.open_tasks(of=[one.number])

        await self._report_running(over, DriftReason.STILL_RUNNING, is_over)

    async def _report_running(
        self, suspects: Sequence[_Suspect], reason: DriftReason, holds: Callable[[_Suspect], Awaitable[bool]]
    ) -> None:
        for suspect, ended in await self._described(suspects):
            if ended is WorkflowExecutionStatus.RUNNING and await holds(suspect):
                self._report(suspect, reason)

    async def _is_unregistered(self, one: _Suspect) -> bool:
        return not await self._inventory.cases([one.number])

    async def _is_over(self, one: _Suspect) -> bool:
        row = (await self._inventory.cases([one.number])).get(one.number)
        return row is not None and row.is_closed

    # What the record says

    async def _compare_recorded(self) -> None:
        inventory = self._inventory
        before = self._before(self.settled)
        async for numbers in inventory.open_cases(before):
            await self._report_missing([_Suspect(number, number) for number in numbers], self._is_open)
        async for numbers in inventory.unopened(datetime.now(UTC) - self.settled):
            await self._report_missing_unopened([number for number in numbers if number not in self.running])
        tasks = await inventory.open_tasks()

        async def task_is_open(one: _Suspect) -> bool:
            return one.workflow in await inventory.open_tasks(of=[one.number])

        await self._report_missing([_Suspect(number, workflow) for workflow, number in tasks.items()], task_is_open)
        reviews = await inventory.open_reviews(before)

        async def review_is_open(one: _Suspect) -> bool:
            return one.workflow in await inventory.open_reviews(before, of=[one.number])

        await self._report_missing_reviews(
            [_Suspect(number, workflow) for workflow, number in reviews.items()], review_is_open
        )

    async def _report_missing(self, suspects: Sequence[_Suspect], holds: Callable[[_Suspect], Awaitable[bool]]) -> None:
        """Report those that do not run, and (`holds`) still should by the record: some end in good order meanwhile."""
        heartbeat()
        absent = [one for one in suspects if one.workflow not in self.running]
        for suspect, ended in await self._described(absent):
            if ended is not WorkflowExecutionStatus.RUNNING and await holds(suspect):
                self._report_gone(suspect, ended)

    async def _report_missing_reviews(
        self, suspects: Sequence[_Suspect], holds: Callable[[_Suspect], Awaitable[bool]]
    ) -> None:
        """Report missing reviews; one of which nothing was recorded, and whose case has ended, can still be begun."""
        unbegun = {}
        for number in [one.number for one in suspects if not {one.workflow, one.number} & self.running]:
            if request := await self._inventory.unbegun_review(number):
                unbegun[number] = request
        for suspect, ended in await self._described([one for one in suspects if one.number in unbegun]):
            if ended is None:
                self.unbegun.append(unbegun[suspect.number])
        begin = {request.number for request in self.unbegun}
        await self._report_missing([one for one in suspects if one.number not in begin], holds)

    async def _report_missing_unopened(self, numbers: Sequence[str]) -> None:
        for suspect, ended in await self._described([_Suspect(number, number) for number in numbers]):
            if ended is None:
                self.unknown.append(suspect.number)
            elif ended is not WorkflowExecutionStatus.RUNNING:
                self._report_gone(suspect, ended)

    async def _is_open(self, one: _Suspect) -> bool:
        row = (await self._inventory.cases([one.number])).get(one.number)
        return row is not None and not row.is_closed

    # What has to be asked

    async def _query_differing(self) -> None:
        """Query the cases whose search attributes differ from the record, and report those whose steps differ."""
        heartbeat()
        answers = await asyncio.gather(*map(self._sequence, self._differing[:_QUERIED]))
        asked = {number: sequence for number, sequence in answers if sequence is not None}
        rows = await self._inventory.cases(list(asked))
        for number, sequence in asked.items():
            recorded = rows[number].sequence or 0
            if sequence != recorded:
                behind = recorded < sequence
                reason = DriftReason.RECORD_BEHIND if behind else DriftReason.RECORD_AHEAD
                self._report(_Suspect(number, number), reason, f"step {recorded} in the record, {sequence} in Temporal")

    async def _sequence(self, number: str) -> tuple[str, int | None]:
        """The workflow's own count of its steps; None where no worker answers, which `bihuan stuck` shows."""
        try:
            view: Any = await self.client.get_workflow_handle(number).query("state", rpc_timeout=RPC_TIMEOUT)
        except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return number, None
        return number, view["sequence"] if view else None

    async def _find_unending_deliveries(self) -> None:
        """Standalone deliveries that the server has been trying for longer than any message is tried."""
        since = (datetime.now(UTC) - self.delivers_within).isoformat()
        deliveries = f"ActivityType = 'deliver' AND TaskQueue = '{self._queue}'"
        query = f"{deliveries} AND ExecutionStatus = 'Running' AND StartTime < '{since}'"
        try:
            async for one in self.client.list_activities(query, limit=_PAGE, rpc_timeout=RPC_TIMEOUT):
                self._report(
                    _Suspect(case_of_delivery(one.activity_id), one.activity_id), DriftReason.DELIVERY_UNENDING
                )
        except RPCError as error:
            if error.status not in {RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.INVALID_ARGUMENT}:
                raise

    async def _described(self, suspects: Sequence[_Suspect]) -> list[tuple[_Suspect, _Ended]]:
        """Each suspect with how its workflow ended, by the server's own answer."""
        answers: list[tuple[_Suspect, _Ended]] = []
        for batch in batched(suspects, _AT_ONCE):
            heartbeat()
            answers += zip(batch, await asyncio.gather(*map(self._status, batch)), strict=True)
        return answers

    async def _status(self, suspect: _Suspect) -> _Ended:
        handle = self.client.get_workflow_handle(suspect.workflow)
        found = await found_or_none(handle.describe(rpc_timeout=RPC_TIMEOUT))
        return found.status if found is not None else None

    def _report_gone(self, suspect: _Suspect, ended: _Ended) -> None:
        if ended is None:
            self._report(suspect, DriftReason.WORKFLOW_MISSING)
        else:
            self._report(suspect, DriftReason.WORKFLOW_ENDED, ended.name.lower())

    def _report(self, suspect: _Suspect, reason: DriftReason, what: str | None = None) -> None:
        self._found.append(
            Drift(number=suspect.number, reason=reason, workflow=suspect.workflow, since=datetime.now(UTC), what=what)
        )

    def _before(self, span: timedelta) -> datetime:
        """The moment so long ago, in the cases' time."""
        return self.installation.time.virtual(datetime.now(UTC) - span)

    @property
    def _queue(self) -> str:
        """The task queue, for a list filter: another installation may share the namespace."""
        return self.installation.settings.task_queue.replace("'", "")

    @property
    def _inventory(self) -> Inventory:
        return Inventory(self.installation.database)


def _differs(row: CaseRow, execution: WorkflowExecution, since: datetime) -> bool:
    """Whether a list shows something else than the record, which has not changed since then."""
    shown = execution.typed_search_attributes
    if shown.get(STATUS) in {None, BLOCKED}:
        # Not open yet, or it cannot be recorded, which `bihuan stuck` shows by itself.
        return False
    plain = (shown.get(STATUS), shown.get(PRIORITY), shown.get(OWNER)) != (row.status, row.priority, row.owner)
    return plain or _due_differs(shown.get(DUE), row.due, since)


def _due_differs(shown: datetime | None, due: datetime | None, since: datetime) -> bool:
    """A case may still show an earlier deadline that was met, until it has passed: that saves an update."""
    if shown is None or due is None:
        return shown != due
    kept = since < shown < due
    return abs(shown - due) > _TOLERANCE and not kept
