"""Timelines read from the record, case by case, in plain SQL that every database understands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Select, Text, case, cast, exists, select

from activities.analysis.history import KINDS, MOMENTS, History, TimelineEntry
from activities.analysis.period import Period
from activities.database.database import Database
from activities.database.tables import SoundJson, registration, timeline
from activities.rows import FaultyRow, read_rows
from workflows.domain.event import EventKind

_EVERY = 500
_ROWS = 2_000


async def read_histories(
    database: Database, period: Period, *, progress: Callable[[int], None] = lambda _: None
) -> tuple[list[History], list[History], list[FaultyRow]]:
    """Every case that concerns a period or the one before it: as of the end of the period, and as of its beginning.

    The third list names the cases that cannot be read.
    Rows are streamed; a case closed before both periods is not read. `progress` is told the number of cases now
    and then.
    """
    faulty: list[FaultyRow] = []
    now: list[History] = []
    before: list[History] = []
    earlier = period.before
    async with database.read() as connection:
        registered = await connection.execute(_registered(period))
        origins = {number: (channel, product) for number, channel, product in registered}
        rows = await connection.stream(_entries(period))
        count = 0

        def read(of_case: tuple[str, list[Any]]) -> tuple[History | None, History | None]:
            number, raw = of_case
            entries = [_entry(*entry) for entry in raw]
            channel, product = origins[number]
            then = History.read(number, channel, product, entries, earlier.ends)
            if then is not None and all(entry.at < earlier.ends for entry in entries):
                return then, then
            return then, History.read(number, channel, product, entries, period.ends)

        async for of_case in _cases(rows):
            for found in read_rows([of_case], read, name=itemgetter(0)):
                if isinstance(found, FaultyRow):
                    faulty.append(found)
                    continue
                before += [found[0]] if found[0] is not None else []
                now += [found[1]] if found[1] is not None else []
            count += 1
            if count % _EVERY == 0:
                progress(count)
    return now, before, faulty


def _concerned(period: Period) -> Select[Any]:
    """Numbers of cases that were accepted before the period's end and not closed before the period before it."""
    closed = timeline.alias("closed")
    again = timeline.alias("again")
    # A customer's correction reopens a case that was closed.
    reopened = exists().where(
        again.c.number == closed.c.number,
        again.c.sequence > closed.c.sequence,
        again.c.kind == EventKind.REOPENED.value,
    )
    over = select(closed.c.number).where(
        closed.c.kind == EventKind.CLOSED.value, closed.c.at < period.before.begins, ~reopened
    )
    created = timeline.alias("created")
    return select(created.c.number).where(
        created.c.kind == EventKind.CREATED.value, created.c.at < period.ends, created.c.number.not_in(over)
    )


def _registered(period: Period) -> Select[Any]:
    product = SoundJson(registration.c.form)["product"].as_string()
    return select(registration.c.number, registration.c.channel, product).where(
        registration.c.number.in_(_concerned(period))
    )


def _entries(period: Period) -> Select[Any]:
    # A join, so that the entries are looked up case by case; by their kind, those of all years would be read.
    concerned = _concerned(period).subquery()
    detail = case((timeline.c.kind.not_in(MOMENTS), cast(timeline.c.detail, Text)))
    return (
        select(timeline.c.number, timeline.c.at, timeline.c.kind, detail, timeline.c.by)
        .join(concerned, concerned.c.number == timeline.c.number)
        .where(timeline.c.at < period.ends, timeline.c.kind.in_(KINDS))
        .order_by(timeline.c.number, timeline.c.sequence)
    )


def _entry(at: datetime, kind: str, detail: str | None, by: str) -> TimelineEntry:
    return TimelineEntry(at, kind, from_json(detail) if detail else None, by)


async def _cases(rows: Any) -> AsyncIterator[tuple[str, list[Any]]]:
    current: str | None = None
    entries: list[Any] = []
    # In batches: awaiting each row by itself would take longer than reading it.
    async for part in rows.partitions(_ROWS):
        for number, *entry in part:
            if number != current:
                if current is not None:
                    yield current, entries
                current, entries = number, []
            entries.append(entry)
    if current is not None:
        yield current, entries
