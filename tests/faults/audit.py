"""Audits an installation after a run of faults: histories against record, outbox and mails, and what does not agree.

Nothing here looks at how the run went: what is lost or doubled has to show in the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from itertools import pairwise
from time import monotonic
from typing import Any

from sqlalchemy import select
from temporalio.client import Client, WorkflowExecutionStatus

from activities.analysis.ledger import REPORT_MAIL
from activities.database.database import Database
from activities.database.tables import (
    case_record,
    installation,
    outbox,
    registration,
    review,
    review_timeline,
    timeline,
)
from activities.delivery.mail import Smtp
from activities.delivery.status import OutboxStatus
from tests.faults.histories import ReplayedWorkflow, replay_workflows
from tests.faults.messages import BY_PERSON, check_mails, check_outbox
from tests.faults.tally import Tally, count_deadlines
from worker.installation.company_time import TIME_KEY
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import key_of
from workflows.domain.ids import task_workflow_id
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import ONE_TIME_CODE

_AT_REST = 120.0
"""Seconds to wait for everything that follows from the last step; reached only by a test that fails."""
_POLL = 0.2


@dataclass(frozen=True)
class Audit:
    """The figures of a run, times in seconds of the wall clock. `discrepancies` is empty when all sides agree."""

    accepted: int
    ended: int
    events_recorded: int
    events_in_histories: int
    notifications_due: int
    notifications_sent: int
    notifications_kept: int
    """No way to send them here: they stay in the outbox, readable."""
    notifications_failed: int
    notifications_by_person: int
    """That no channel brought to a customer, and a person told, or has to."""
    notifications_superseded: int
    """Of steps whose worker died before the server heard of them; such a step is judged again, with another result."""
    mails_doubled: int
    """Second copies under the same Message-ID."""
    deadlines_due: int
    deadlines_seen: int
    escalations_due: int
    escalations_came: int
    greatest_lateness: float
    """Between a due time and the record of its lapse, reminder or escalation."""
    latest: str
    """Which one that was."""
    continued: int
    """Runs that a workflow began anew."""
    discrepancies: tuple[str, ...] = ()


async def audit_at_rest(database: Database, client: Client, **known: Any) -> Audit:
    """Audit, again while something is still under way: a review begins after its case has ended."""
    deadline = monotonic() + _AT_REST
    while True:
        audit = await run_audit(database, client, **known)
        if not audit.discrepancies or monotonic() > deadline:
            return audit
        await asyncio.sleep(_POLL)


async def run_audit(
    database: Database,
    client: Client,
    *,
    mails: Sequence[EmailMessage] | None = None,
    sender: str = "support@example.com",
    acknowledged: Mapping[str, Iterable[str]] | None = None,
    answers_lost: Collection[str] = (),
    refused: Collection[str] = (),
    open_cases: Collection[str] = (),
    case: type[CaseWorkflow] = CaseWorkflow,
    message_id: Callable[[str, str], str] | None = None,
    unsure: Collection[str] = (),
) -> Audit:
    """Hold the histories, the record and the mails against each other, once everything has come to rest.

    Args:
        database: the record.
        client: of the Temporal that the cases live on.
        mails: everything the mail server took; None where no mail is sent at all.
        sender: the installation's, which the Message-IDs are made with.
        acknowledged: workflow id -> command ids whose signals the server has acknowledged to their sender.
        answers_lost: outbox keys whose mails may have come twice, because the server's answer did not arrive.
        refused: addresses that the mail server refuses for good.
        open_cases: numbers that are not expected to have ended.
        case: the release of cases that is the newest among those that worked on them.
        message_id: (key, number) -> the Message-ID, where it is not made with the sender's domain alone.
        unsure: channels by which a message may come to a bad end.
    """
    async with database.read() as connection:
        numbers = list(await connection.scalars(select(registration.c.number).order_by(registration.c.number)))
        rows = {row.number: row for row in await connection.execute(select(case_record))}
        reviews = {row.id: row for row in await connection.execute(select(review))}
        entries = _by_owner(await connection.execute(select(timeline)), "number")
        review_entries = _by_owner(await connection.execute(select(review_timeline)), "review")
        messages = {row.key: row for row in await connection.execute(select(outbox))}
        memory = {row.key: row.value for row in await connection.execute(select(installation))}
    time = VirtualTime.model_validate(memory.get(TIME_KEY) or {})
    found = await replay_workflows(client, [*numbers, *reviews], case=case)
    tasks = await replay_workflows(client, [task for number in numbers for task in _tasks_of(found[number])])
    tally = Tally()
    ended = 0
    for number in numbers:
        replayed = found[number]
        ended += _check_ended(replayed, rows.get(number), tally, expected=number not in open_cases)
        _compare_timeline(number, replayed, entries.get(number, []), tally)
        count_deadlines(number, replayed, entries.get(number, []), time, tally)
        _check_tasks(replayed, tasks, tally)
    for name, row in reviews.items():
        if found[name].status is None:
            tally.wrong.append(f"{name}: the review was called for, but Temporal has no such workflow")
        _compare_timeline(row.number, found[name], review_entries.get(name, []), tally)
    for replayed in [*found.values(), *tasks.values()]:
        _check_judged(replayed, (acknowledged or {}).get(replayed.id, ()), tally)
    at_of: dict[tuple[str, int], list[datetime]] = {}
    for entry in [one for of in entries.values() for one in of]:
        at_of.setdefault((entry.number, entry.sequence), []).append(entry.at)
    for entry in [one for of in review_entries.values() for one in of]:
        at_of.setdefault((reviews[entry.review].number, entry.sequence), []).append(entry.at)
    superseded = {
        key
        for key, row in messages.items()
        if key not in tally.due and any(row.created_at < at for at in at_of.get((row.number, row.sequence), ()))
    }
    counts = check_outbox(messages, tally, superseded, refused, mailed=mails is not None, unsure=unsure)
    keys = {key for key, row in messages.items() if row.status == OutboxStatus.SENT and row.channel not in unsure}
    given_up = {key for key, row in messages.items() if row.message == ONE_TIME_CODE and key not in keys}
    keys |= {key for key, value in memory.items() if key.startswith(REPORT_MAIL) and value["status"] == "sent"}
    id_of = message_id or Smtp.from_url("smtp://localhost", sender).message_id
    ids = {key: id_of(key, messages[key].number if key in messages else "") for key in keys | given_up}
    doubled = check_mails(keys, mails, ids, answers_lost, tally, given_up) if mails is not None else 0
    return Audit(
        accepted=len(numbers),
        ended=ended,
        events_recorded=tally.events_recorded,
        events_in_histories=tally.events_in_histories,
        notifications_due=len(tally.due),
        notifications_sent=counts[OutboxStatus.SENT],
        notifications_kept=counts[OutboxStatus.STORED],
        notifications_failed=counts[OutboxStatus.FAILED],
        notifications_by_person=sum(counts[one] for one in BY_PERSON),
        notifications_superseded=len(superseded),
        mails_doubled=doubled,
        deadlines_due=tally.deadlines_due,
        deadlines_seen=tally.deadlines_seen,
        escalations_due=tally.escalations_due,
        escalations_came=tally.escalations_came,
        greatest_lateness=tally.lateness,
        latest=tally.latest,
        continued=sum(max(replayed.runs - 1, 0) for replayed in [*found.values(), *tasks.values()]),
        discrepancies=tuple(tally.wrong),
    )


def _by_owner(rows: Iterable[Any], column: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.sequence):
        found.setdefault(getattr(row, column), []).append(row)
    return found


def _check_ended(replayed: ReplayedWorkflow, row: Any, tally: Tally, *, expected: bool) -> bool:
    """Both the record says closed and the workflow is over; one alone is a discrepancy whatever was expected."""
    recorded = row is not None and row.closed_at is not None
    if replayed.status is None:
        tally.wrong.append(f"{replayed.id}: accepted, but Temporal has no such case")
        return False
    over = replayed.status is WorkflowExecutionStatus.COMPLETED
    if over and recorded:
        return True
    if over != recorded:
        said = row.status if row else "nothing"
        tally.wrong.append(f"{replayed.id}: its workflow is {replayed.status.name}, the record says {said}")
    elif expected or replayed.status is not WorkflowExecutionStatus.RUNNING:
        tally.wrong.append(
            f"{replayed.id}: not ended: {replayed.status.name}, the record says {row.status if row else 'nothing'}"
        )
    return False


def _compare_timeline(number: str, replayed: ReplayedWorkflow, entries: Sequence[Any], tally: Tally) -> None:
    """The timeline against what the history says, entry by entry; and whom that has to be told."""
    tally.wrong += replayed.faults
    events = replayed.events
    tally.events_recorded += len(entries)
    tally.events_in_histories += len(events)
    for what, counted in (("history", [e.sequence for e in events]), ("timeline", [e.sequence for e in entries])):
        if counted != list(range(1, len(counted) + 1)):
            tally.wrong.append(f"{replayed.id}: the {what} does not count 1, 2, 3, …: {_gap(counted)}")
    written = {entry.sequence: (entry.at, entry.kind, entry.by, entry.detail) for entry in entries}
    said = {event.sequence: (event.at, event.kind.value, event.by, event.detail) for event in events}
    for sequence in sorted(written.keys() | said.keys()):
        if written.get(sequence) != said.get(sequence):
            tally.wrong.append(
                f"{replayed.id} #{sequence}: the timeline has {_brief(written.get(sequence))}, "
                f"the history {_brief(said.get(sequence))}"
            )
    for event in events:
        for notice in event.notices:
            tally.due.setdefault(key_of(number, notice), event)


def _gap(counted: Sequence[int]) -> str:
    odd = next(((one, two) for one, two in pairwise([0, *counted]) if two != one + 1), (0, 0))
    return f"{odd[0]} is followed by {odd[1]}"


def _brief(entry: tuple[Any, ...] | None) -> str:
    return f"{entry[1]} by {entry[2]} at {entry[0].isoformat()}" if entry else "nothing"


def _check_judged(replayed: ReplayedWorkflow, acknowledged: Iterable[str], tally: Tally) -> None:
    """What the server acknowledged stands in the history, and what stands there was judged."""
    kept = set(replayed.signals)
    tally.wrong += [
        f"{replayed.id}: the server acknowledged {command}, its history does not have it"
        for command in acknowledged
        if command not in kept
    ]
    if replayed.core is None:
        return
    remembered = replayed.core.outcomes
    # The oldest outcomes are forgotten; the ones that came last never are.
    tally.wrong += [
        f"{replayed.id}: {command} was never judged"
        for command in replayed.to_be_judged[-len(remembered) or None :]
        if command not in remembered
    ]


def _tasks(replayed: ReplayedWorkflow) -> Sequence[Any]:
    """The tasks of departments that a case knows; other workflows have none."""
    return getattr(replayed.core, "parts", ())


def _tasks_of(replayed: ReplayedWorkflow) -> list[str]:
    return [task_workflow_id(replayed.id, task.department, task.round) for task in _tasks(replayed)]


def _check_tasks(replayed: ReplayedWorkflow, tasks: Mapping[str, ReplayedWorkflow], tally: Tally) -> None:
    """Everything a department reported was taken up by its case, and no department's task outlives its case."""
    for task in _tasks(replayed):
        own = tasks[task_workflow_id(replayed.id, task.department, task.round)]
        tally.wrong += own.faults
        if own.status is None:
            tally.wrong.append(f"{own.id}: asked for, but Temporal has no such workflow")
            continue
        reported = [report.sequence for report in own.reports]
        if reported != list(range(1, len(reported) + 1)):
            tally.wrong.append(f"{own.id}: its reports do not count 1, 2, 3, …: {_gap(reported)}")
        # What is reported after a task has ended for its case is not taken up.
        if task.is_open and task.reported != len(reported):
            tally.wrong.append(f"{own.id}: reported {len(reported)} times, the case knows of {task.reported}")
        if replayed.status is WorkflowExecutionStatus.COMPLETED and own.status is not WorkflowExecutionStatus.COMPLETED:
            tally.wrong.append(f"{own.id}: its case is over, it is {own.status.name}")
