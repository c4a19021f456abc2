"""Whoever listens is told every step once, in one order, whatever is being written meanwhile (R47)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database
from activities.database.migrations.head import HEAD
from activities.database.migrations.upgrade import configuration
from activities.database.tables import timeline
from activities.database.timeline import write_entries
from activities.queries.feed_reader import PORTION, FeedReader
from tests.activities.database.first_release import put_first_release
from tests.activities.samples import event, register_case
from tests.builders import HOUR, MONDAY, NUMBER
from workflows.domain.event import Event, EventKind


class _Abandoned(Exception):
    """A transaction that is rolled back."""


@pytest.fixture
async def listened(database: Database) -> FeedReader:
    await register_case(database)
    reader = FeedReader(database)
    assert await reader.begin()
    return reader


@pytest.fixture
async def on_server(tables_url: str) -> AsyncIterator[Database]:
    database = Database.open(tables_url)
    await register_case(database)
    yield database
    await database.close()


async def _write(connection: AsyncConnection, *events: Event) -> None:
    await write_entries(connection, timeline, ("number", NUMBER), events, MONDAY)


async def _read_on(reader: FeedReader) -> list[int]:
    """Sequences of what is new."""
    steps = await reader.read()
    positions = [step.position for step in steps]
    assert positions == sorted(set(positions))
    assert all(position > reader.position for position in positions)
    if steps:
        reader.position = positions[-1]
    return [step.shown["sequence"] for step in steps]


async def test_a_step_is_told_once_and_again_only_where_another_took_its_place(
    database: Database, listened: FeedReader
) -> None:
    for _ in range(2):
        async with database.begin() as connection:
            await _write(connection, event(1, text="a"), event(2, text="b"))
    assert await _read_on(listened) == [1, 2]
    judged_again = event(2, kind=EventKind.NOTED, text="c").model_copy(update={"at": MONDAY + HOUR})
    for _ in range(2):
        async with database.begin() as connection:
            await _write(connection, judged_again, event(3, text="d"))
    assert await _read_on(listened) == [2, 3]
    assert await _read_on(listened) == []


async def test_a_row_that_is_damaged_holds_up_none_behind_it(database: Database, listened: FeedReader) -> None:
    async with database.begin() as connection:
        await _write(connection, event(1), event(2))
        if database.address.kind == "sqlite":
            await connection.execute(text("UPDATE timeline SET detail = '{' WHERE sequence = 1"))
            await connection.execute(text("UPDATE registration SET form = 'x'"))
        else:
            await connection.execute(update(timeline).where(timeline.c.sequence == 1).values(detail=[1]))
    first, second = await listened.read()
    assert "fault" in first.shown
    assert second.shown["kind"] == "progressed"


async def test_more_than_a_portion_is_told_in_portions(database: Database, listened: FeedReader) -> None:
    async with database.begin() as connection:
        await _write(connection, *map(event, range(1, PORTION + 3)))
    assert await _read_on(listened) == list(range(1, PORTION + 1))
    assert await _read_on(listened) == [PORTION + 1, PORTION + 2]


async def test_a_company_that_upgrades_has_its_steps_in_the_order_they_were_written_and_may_go_back(
    database_url: str,
) -> None:
    await put_first_release(database_url)
    database = Database.open(database_url, synchronous="NORMAL")
    await database.migrate()

    async def order() -> list[tuple[str, int]]:
        by_position = select(timeline.c.number, timeline.c.sequence).order_by(timeline.c.position)
        async with database.read() as connection:
            found = [(row.number, row.sequence) for row in await connection.execute(by_position)]
            assert await connection.scalar(select(func.max(timeline.c.position))) == len(found)
        return found

    before = await order()
    async with database.read() as connection:
        written = select(timeline.c.number, timeline.c.sequence).order_by(
            timeline.c.recorded_at, timeline.c.number, timeline.c.sequence
        )
        assert before == [(row.number, row.sequence) for row in await connection.execute(written)]
    for change, revision in ((command.downgrade, "0019"), (command.upgrade, HEAD)):
        async with database.begin() as connection:
            await connection.run_sync(_change, change, revision)
    assert await order() == before
    # A worker of the release before goes on for a while, and knows of no positions.
    old = "INSERT INTO timeline (number, sequence, at, kind, by, detail, recorded_at) SELECT number, 99, at, kind, by, "
    async with database.begin() as connection:
        await connection.execute(text(f"{old} detail, recorded_at FROM timeline WHERE sequence = 1"))
    assert [sequence for _, sequence in (await order())[len(before) :]] == [99, 99]
    await database.close()


def _change(inside: Connection, change: Callable[[Config, str], None], revision: str) -> None:
    change(configuration(inside), revision)


@asynccontextmanager
async def _under_way(database: Database, *events: Event) -> AsyncIterator[None]:
    """A transaction that has written these, committed at the end."""
    async with database.begin() as connection:
        await _write(connection, *events)
        yield


async def test_a_step_that_was_begun_first_and_committed_last_is_not_skipped(on_server: Database) -> None:
    reader = FeedReader(on_server)
    assert await reader.begin()
    async with _under_way(on_server, event(1)):
        async with _under_way(on_server, event(2)):
            pass
        assert await _read_on(reader) == []
    assert await _read_on(reader) == [1, 2]


async def test_a_step_that_was_rolled_back_holds_up_none_behind_it(on_server: Database) -> None:
    reader = FeedReader(on_server)
    assert await reader.begin()
    with suppress(_Abandoned):
        async with _under_way(on_server, event(1)):
            async with _under_way(on_server, event(2)):
                pass
            assert await _read_on(reader) == []
            raise _Abandoned
    # Others write all the time: whoever began after the gap was seen is not waited for.
    async with _under_way(on_server, event(3)):
        assert await _read_on(reader) == [2]
    assert await _read_on(reader) == [3]


async def test_who_begins_to_listen_begins_behind_what_is_still_on_its_way(on_server: Database) -> None:
    reader = FeedReader(on_server)
    async with _under_way(on_server, event(1)):
        async with _under_way(on_server, event(2)):
            pass
        assert not await reader.begin()
        async with _under_way(on_server, event(3)):
            pass
    # What was on its way is there before anybody is told that they listen; what began later is told.
    assert await reader.begin()
    assert await _read_on(reader) == [3]


async def test_of_many_who_write_at_once_none_is_skipped_and_none_told_twice(on_server: Database) -> None:
    reader, writers, each = FeedReader(on_server), 10, 12
    assert await reader.begin()

    async def write(sequences: Iterable[int]) -> None:
        for sequence in sequences:
            try:
                async with on_server.begin() as connection:
                    await _write(connection, event(sequence))
                    # Some commit at once, some ask more first: positions are committed out of order.
                    for _ in range(sequence % 4):
                        await connection.scalar(select(func.count()).select_from(timeline))
                    if sequence % 5 == 0:
                        raise _Abandoned
            except _Abandoned:
                pass

    writing = asyncio.gather(*(write(range(first, first + each)) for first in range(1, writers * each, each)))
    told: list[int] = []
    while not writing.done():
        told += await _read_on(reader)
    await writing
    while new := await _read_on(reader):
        told += new
    assert sorted(told) == [sequence for sequence in range(1, writers * each + 1) if sequence % 5]
