"""Figures of the record for a monitoring system: counts and ages, no names, no texts.

Each reader is one question to the database and answers one or more `Figure`s; to add one, write a reader and put it
into `STANDING` (asked at every scrape: indexes answer it) or `TOTALS` (asked once a minute: it looks at many rows).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import SoundJson, case_record, outbox, registration, timeline
from activities.delivery.outbox import OPEN
from activities.delivery.status import OutboxStatus
from activities.queries.monitoring.channel_health import tries
from activities.queries.monitoring.mailbox_health import count_mails, count_waiting, find_failing_mailboxes
from activities.queries.monitoring.sweeps import read_sweep
from activities.rows import read_rows, sound
from workflows.domain.case.recorded.overdue import standing_breaches
from workflows.domain.vocabulary import WEBHOOK, ClockName, EventKind, Priority, Status

_GRACE = timedelta(minutes=2)
"""How late a case may act on a deadline before it counts as not acting; the same as in `bihuan stuck`."""
_PAGE = 200
"""Cases whose views are read at once: the process has other things to do in between."""
_UNFINISHED = tuple(status.value for status in Status if status is not Status.CLOSED)


Values = dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Figure:
    """`values`: label values in the order of `labels` -> number. A `counter` never falls while the record is kept;
    its name is without the `_total` it is shown with.
    """

    name: str
    help: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()
    counter: bool = field(default=False, kw_only=True)


Reader = Callable[[AsyncConnection, datetime], Awaitable[Sequence[Figure]]]
"""Called in a transaction with the cases' time."""


async def read_figures(connection: AsyncConnection, now: datetime, readers: Iterable[Reader]) -> list[Figure]:
    """What these readers answer at `now` (the cases' time), from one transaction."""
    return [figure for reader in readers for figure in await reader(connection, now)]


async def _cases(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    rows = await connection.execute(
        select(case_record.c.status, case_record.c.priority, func.count())
        .where(case_record.c.status.in_(_UNFINISHED))
        .group_by(case_record.c.status, case_record.c.priority)
    )
    none: Values = {(status, priority.value): 0.0 for status, priority in product(_UNFINISHED, Priority)}
    counted = none | {(status, priority): float(count) for status, priority, count in rows}
    return [Figure("bihuan_cases_open", "Open cases by status and priority.", counted, ("status", "priority"))]


async def _unacknowledged(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    level = case_record.c.escalation_level
    rows = await connection.execute(
        select(level, func.count())
        .where(case_record.c.status.in_(_UNFINISHED), level > 0, case_record.c.acknowledged.is_(False))
        .group_by(level)
    )
    values: Values = {("1",): 0.0, **{(str(number),): float(count) for number, count in rows}}
    text = "Open cases whose escalation waits for the person it went to, by level."
    return [Figure("bihuan_escalations_unacknowledged", text, values, ("level",))]


async def _silent(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:
    silent = await connection.scalar(
        select(func.count()).where(case_record.c.next_due < now - _GRACE, case_record.c.status.in_(_UNFINISHED))
    )
    waiting = (
        await connection.execute(
            select(func.count(), func.min(registration.c.received_at)).where(registration.c.started_at.is_(None))
        )
    ).one()
    return [
        Figure("bihuan_cases_not_acting", "Open cases that let a deadline pass without acting.", {(): silent or 0}),
        Figure("bihuan_cases_not_started", "Registered submissions whose workflow is not started.", {(): waiting[0]}),
        Figure(
            "bihuan_oldest_not_started_age_seconds",
            "Age of the oldest submission whose workflow is not started, 0 without one.",
            {(): _age(now, waiting[1])},
        ),
    ]


async def _undelivered(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:
    rows = await connection.execute(
        select(outbox.c.channel, func.count(), func.min(outbox.c.created_at))
        .where(outbox.c.status.in_(OPEN), outbox.c.channel != WEBHOOK)
        .group_by(outbox.c.channel)
    )
    waiting = {channel: (count, oldest) for channel, count, oldest in rows}
    counts: Values = {("email",): 0.0} | {(channel,): float(count) for channel, (count, _) in waiting.items()}
    oldest = min((since for _, since in waiting.values()), default=None)
    return [
        Figure("bihuan_notifications_undelivered", "Notifications on their way.", counts, _CHANNEL),
        Figure(
            "bihuan_oldest_undelivered_age_seconds",
            "Age of the oldest notification on its way, 0 without one.",
            {(): _age(now, oldest)},
        ),
    ]


async def _systems_waiting(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:
    rows = await connection.execute(
        select(outbox.c.recipient, func.count(), func.min(outbox.c.created_at))
        .where(outbox.c.status.in_(OPEN), outbox.c.channel == WEBHOOK)
        .group_by(outbox.c.recipient)
    )
    waiting = {system: (count, since) for system, count, since in rows}
    counts: Values = _NO_SYSTEM | {(system,): float(count) for system, (count, _) in waiting.items()}
    oldest = min((since for _, since in waiting.values()), default=None)
    age = "Age of the oldest event that a system is not told of yet, 0 without one."
    return [
        Figure("bihuan_webhook_events_waiting", "Events that a system is not told of yet.", counts, _SYSTEM),
        Figure("bihuan_oldest_webhook_event_age_seconds", age, {(): _age(now, oldest)}),
    ]


async def _systems_told(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    rows = await connection.execute(
        select(outbox.c.recipient, outbox.c.status, func.count())
        .where(outbox.c.status.not_in(OPEN), outbox.c.channel == WEBHOOK)
        .group_by(outbox.c.recipient, outbox.c.status)
    )
    ended = (OutboxStatus.SENT.value, OutboxStatus.FAILED.value)
    values: Values = {("", status): 0.0 for status in ended}
    values |= {(system, status): float(count) for system, status, count in rows}
    text = "Events that a system was told of, or not for good, by system and result."
    return [Figure("bihuan_webhook_events", text, values, (*_SYSTEM, "status"), counter=True)]


async def _swept(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    latest = await read_sweep(connection)
    at, disagreements = (latest.run.ended.timestamp(), latest.run.disagreements) if latest else (0.0, 0)
    text = "Cases, parts, reviews and deliveries of which record and Temporal say different things, by the last sweep."
    return [
        Figure("bihuan_last_sweep_timestamp_seconds", "When the last sweep ended, 0 before the first.", {(): at}),
        Figure("bihuan_sweep_disagreements", text, {(): disagreements}),
    ]


async def _overdue(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    clocks: Counter[str] = Counter()
    cases, after = 0, ""
    while True:
        page = (
            await connection.execute(
                select(case_record.c.number, case_record.c.view)
                .where(case_record.c.number > after, case_record.c.breached, case_record.c.status.in_(_UNFINISHED))
                .order_by(case_record.c.number)
                .limit(_PAGE)
            )
        ).all()
        breaches = read_rows(page, lambda row: standing_breaches(row.view), name=lambda row: row.number)
        for standing in sound(breaches):
            missed = {breach["clock"] for breach in standing}
            clocks.update(missed)
            cases += bool(missed)
        if len(page) < _PAGE:
            break
        after = page[-1].number
    values: Values = {(clock.value,): float(clocks[clock.value]) for clock in ClockName}
    return [
        Figure("bihuan_cases_overdue", "Open cases with a missed deadline that is not made good.", {(): cases}),
        Figure("bihuan_deadlines_overdue", "Missed deadlines of open cases not made good.", values, ("clock",)),
    ]


async def _escalations(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    values: Values = {("1",): 0.0} | await _counted(connection, EventKind.ESCALATED, "level")
    return [Figure("bihuan_escalations", "Escalations recorded, by level.", values, ("level",), counter=True)]


async def _missed(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    values: Values = {(clock.value,): 0.0 for clock in ClockName} | await _counted(
        connection, EventKind.LAPSED, "clock"
    )
    return [Figure("bihuan_deadlines_missed", "Missed deadlines recorded.", values, ("clock",), counter=True)]


async def _faults(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    values: Values = {}
    for kind in (EventKind.REJECTED, EventKind.WARNED, EventKind.LAPSED):
        counted = await _counted(connection, kind, "fault")
        values[(kind.value,)] = sum(count for (fault,), count in counted.items() if fault != "None")
    text = "Commands refused, warnings dropped and deadlines that failed, because a rule of the program did."
    return [Figure("bihuan_faults", text, values, ("kind",), counter=True)]


async def _counted(connection: AsyncConnection, kind: EventKind, detail: str) -> Values:
    value = SoundJson(timeline.c.detail)[detail].as_string().label("value")
    rows = await connection.execute(select(value, func.count()).where(timeline.c.kind == kind.value).group_by(value))
    return {(str(one),): float(count) for one, count in rows}


async def _results(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    ended = (OutboxStatus.SENT.value, OutboxStatus.FAILED.value, OutboxStatus.STORED.value)
    rows = await connection.execute(
        select(outbox.c.channel, outbox.c.status, func.count())
        .where(outbox.c.status.in_(ended), outbox.c.channel != WEBHOOK)
        .group_by(outbox.c.channel, outbox.c.status)
    )
    values: Values = {("email", status): 0.0 for status in ended}
    values |= {(channel, status): float(count) for channel, status, count in rows}
    text = "Notifications whose delivery has ended, by channel and result."
    return [Figure("bihuan_notifications", text, values, (*_CHANNEL, "status"), counter=True)]


async def _moved(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    rows = await connection.execute(select(outbox.c.tried).where(outbox.c.tried.is_not(None)))
    moved = Counter(channel for (tried,) in rows for channel, _ in tries(tried))
    values: Values = {("email",): 0.0}
    values |= {(channel,): float(count) for channel, count in moved.items()}
    text = "Notifications that a channel did not carry and that went on by the next one."
    return [Figure("bihuan_notifications_moved", text, values, _CHANNEL, counter=True)]


async def _mailboxes(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    failing = len(await find_failing_mailboxes(connection, datetime.now(UTC)))
    waiting: Values = {(state,): float(count) for state, count in (await count_waiting(connection)).items()}
    text = "Mails that are taken in and not done: open until their case has judged them, aside for a person."
    return [
        Figure("bihuan_mailboxes_failing", "Mailboxes that cannot be read, or that nobody reads.", {(): failing}),
        Figure("bihuan_mails_waiting", text, waiting, ("state",)),
    ]


async def _mails(connection: AsyncConnection, now: datetime) -> Sequence[Figure]:  # noqa: ARG001
    values: Values = {(kind,): float(count) for kind, count in (await count_mails(connection)).items()}
    return [Figure("bihuan_mails", "Mails taken in, by what they were.", values, ("kind",), counter=True)]


def _age(now: datetime, since: datetime | None) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else 0.0


_CHANNEL, _SYSTEM = ("channel",), ("system",)
_NO_SYSTEM: Values = {("",): 0.0}
"""So that the figure is there where no system is."""
STANDING: tuple[Reader, ...] = (_cases, _unacknowledged, _silent, _undelivered, _systems_waiting, _swept, _mailboxes)
TOTALS: tuple[Reader, ...] = (_overdue, _escalations, _missed, _faults, _results, _systems_told, _moved, _mails)
