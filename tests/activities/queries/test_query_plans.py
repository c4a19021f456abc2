"""What a worker asks the record all day long must not grow with everything that was ever closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from activities.database.database import Database
from activities.database.reader import open_reader
from activities.intake.register import Register
from activities.knowledge.suggestion import suggest
from activities.opening.store import Settlements
from activities.queries.case_filter import Filter
from activities.queries.cases import Cases
from activities.queries.daily import count_days
from activities.queries.open_cases import STAMPS, UNSTARTED
from workflows.domain.model import Json

NOW = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
Statement = tuple[str, Any]


@pytest.fixture
async def database(tmp_path: Path) -> Any:
    """SQLite: its planner does not go by how much is there, so an empty one answers as a full one does."""
    opened = Database.open(f"sqlite:///{tmp_path}/bihuan.db")
    await opened.migrate()
    yield opened
    await opened.close()


@contextmanager
def listening(database: Database) -> Iterator[list[Statement]]:
    asked: list[Statement] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            asked.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def scanned(database: Database, asked: list[Statement]) -> list[str]:
    """Tables that are read from end to end, by name or alias."""
    found = []
    async with database.read() as connection:
        for statement, parameters in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [row.detail for row in plan if re.match(r"SCAN (?!\(|anon)", row.detail)]
    return [detail for detail in found if "ix_case_record_open" not in detail and "ix_settlement_owner" not in detail]


async def test_choosing_an_owner_reads_what_is_open_and_no_more(database: Database) -> None:
    with listening(database) as asked:
        async with database.begin() as connection:
            await Settlements().loads(connection)
    assert asked
    assert await scanned(database, asked) == []


async def test_the_worker_finds_what_is_left_to_start_and_to_deliver_without_reading_everything(
    database: Database,
) -> None:
    with listening(database) as asked:
        await Register(database).unstarted()
        await Cases(database).outbox(status="pending")
    assert len(asked) == 2
    assert await scanned(database, asked) == []


async def test_the_latest_messages_are_shown_without_sorting_all_there_ever_were(database: Database) -> None:
    with listening(database) as asked:
        await Cases(database).outbox(limit=100)
    async with database.read() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])
        assert "ix_outbox_created_at" in plan.first().detail  # type: ignore[union-attr]


async def test_looking_for_what_needs_attention_reads_open_cases_only(database: Database) -> None:
    with listening(database) as asked:
        await Cases(database).attention(NOW)
    of_cases = [one for one in asked if "FROM case_record" in one[0] and "JOIN" not in one[0]]
    assert len(of_cases) == 2, "one look for what is late, faulty or left behind, one for what is untold"
    assert await scanned(database, of_cases) == []


async def test_looking_for_open_cases_that_are_alike_begins_with_the_latest(database: Database) -> None:
    said: list[str] = []
    async with open_reader(database.address) as reader:
        rows = reader.rows

        async def noted(statement: str, *parameters: Any) -> Any:
            if "opened_at" in statement:
                found = await rows(f"EXPLAIN QUERY PLAN {statement}", *parameters)
                said.extend(str(row["detail"]) for row in found)
            return await rows(statement, *parameters)

        reader.rows = noted  # type: ignore[method-assign]
        form: Json = {"description": {"symptom": "点击保存提示网络错误"}, "product": "CRM"}
        await suggest(reader, "FB209901010001", form, type=None, subtype=None)
    scans = [detail for detail in said if detail.startswith("SCAN")]
    latest = {"SCAN r", "SCAN latest"}  # Those that the index has led to.
    assert [detail for detail in scans if "ix_case_record_open_opened_at" not in detail and detail not in latest] == []
    assert any("ix_case_record_open_opened_at" in detail for detail in scans)
    assert any(detail.startswith("SEARCH registration") for detail in said)


async def test_the_board_reads_open_cases_and_the_last_days_and_no_more(database: Database) -> None:
    with listening(database) as asked:
        await count_days(database, [NOW - timedelta(days=30), NOW])
    statements = [*asked, (STAMPS["sqlite"], ()), (UNSTARTED, ())]
    assert len(statements) == 3
    found = await scanned(database, statements)
    assert [detail for detail in found if "ix_registration_started_at" not in detail] == []
    async with database.read() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])
        assert "ix_timeline_kind_at" in str(plan.all())


async def test_what_is_late_or_unacknowledged_is_looked_for_among_open_cases(database: Database) -> None:
    with listening(database) as asked:
        await Cases(database).list(Filter(open_only=True, late_at=NOW, sort="due"))
        await Cases(database).list(Filter(open_only=True, unacknowledged=True, sort="due"))
    assert len(asked) == 2
    assert await scanned(database, asked) == []


@pytest.mark.parametrize(
    "wanted",
    [{"naming": "tech-001"}, {"department": "sales"}, {"unclaimed": True}, {"due_before": NOW}, {"subtype": "bug"}],
    ids=lambda wanted: next(iter(wanted)),
)
async def test_a_list_of_the_desk_looks_through_what_is_open_and_no_more(
    database: Database, wanted: dict[str, Any]
) -> None:
    with listening(database) as asked:
        await Cases(database).list(Filter(open_only=True, sort="due", limit=51, **wanted))
    assert asked
    assert [one for one in await scanned(database, asked) if "json_each" not in one] == []


async def test_a_customer_is_searched_for_in_an_index_and_not_in_every_form_there_ever_was(database: Database) -> None:
    with listening(database) as asked:
        await Cases(database).list(Filter(search="欧阳小环", limit=51))
    async with database.read() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])).all()
    assert [row.detail for row in plan if "COVERING INDEX ix_registration_customer_text" in row.detail]
