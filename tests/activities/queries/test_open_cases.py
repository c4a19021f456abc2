"""The board counts what the record has, no more and no less, however little of it is read again (R49)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text, update

from activities.database.database import Database
from activities.database.tables import case_record
from activities.queries import open_cases
from activities.queries.daily import DayCount, count_days
from activities.queries.open_cases import OpenCase, OpenCases
from tests.activities.queries.test_cases import write
from tests.activities.samples import event, register_case
from tests.builders import DAY, HOUR, MINUTE, MONDAY, open_case
from workflows.domain.case.recorded.overdue import is_late
from workflows.domain.clock import Breach, Deadline
from workflows.domain.event import Event, EventKind
from workflows.domain.vocabulary import ClockName, Priority, Status

NOW = MONDAY + DAY


def deadline(due: datetime, clock: ClockName = ClockName.RESOLUTION) -> Deadline:
    return Deadline(clock=clock, started=MONDAY, due=due, next=due)


def missed(due: datetime) -> Breach:
    return Breach(clock=ClockName.RESOLUTION, due=due, at=due)


async def found(cases: OpenCases) -> dict[str, OpenCase]:
    return {case.number: case for case in (await cases.read())[0]}


async def test_what_changes_is_seen_and_only_that_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [await register_case(database, intake_key=None) for _ in range(3)]
    on_time, late, closing = numbers
    await write(database, on_time, deadlines=(deadline(NOW + HOUR), deadline(NOW + MINUTE, ClockName.PROGRESS)))
    await write(database, late, deadlines=(deadline(NOW + DAY, ClockName.PROGRESS),), breaches=(missed(NOW - HOUR),))
    await write(database, closing, escalation_level=1, escalated_to="tech-head", acknowledged=False)
    read: list[str] = []
    of = OpenCase.of

    def noted(row: Any) -> OpenCase:
        read.append(str(row["number"]))
        return of(row)

    monkeypatch.setattr(open_cases.OpenCase, "of", noted)
    cases = OpenCases(database)
    first = await found(cases)
    assert set(first) == set(numbers)
    assert (first[on_time].due, first[on_time].clock) == (NOW + MINUTE, ClockName.PROGRESS)
    assert [first[one].late_since(NOW) for one in numbers] == [None, NOW - HOUR, None]
    assert first[closing].escalated_to == "tech-head"
    assert [bool(first[one].unacknowledged_since) for one in numbers] == [False, False, True]
    assert sorted(read) == sorted(numbers)
    read.clear()
    later = MONDAY + MINUTE
    await write(database, closing, status=Status.CLOSED, closed_at=later, updated_at=later)
    await write(database, late, priority=Priority.P0, owner="tech-002", updated_at=later, sequence=9)
    second = await found(cases)
    assert set(second) == {on_time, late}
    assert (second[late].priority, second[late].owner, second[late].missed_at) == ("P0", "tech-002", None)
    assert read == [late]
    assert second[on_time] is first[on_time]


@pytest.mark.parametrize("due", [NOW - MINUTE, NOW + MINUTE, None])
@pytest.mark.parametrize("breaches", [(), (missed(NOW - HOUR),)])
async def test_late_on_the_board_is_late_by_the_rule(breaches: tuple[Breach, ...], due: datetime | None) -> None:
    case, _ = open_case()
    deadlines = () if due is None else (deadline(due),)
    view: Any = case.view().model_copy(update={"deadlines": deadlines, "breaches": breaches}).model_dump(mode="json")
    row = {"number": view["number"], "channel": "portal", "received_at": MONDAY, "started_at": MONDAY, "form": {},
           "view": view, "priority": "P1", "status": view["status"], "owner": view["owner"],
           "department": view["department"], "escalation_level": 0, "acknowledged": True, "next_due": due,
           "updated_at": MONDAY}  # fmt: skip
    assert (
        (OpenCase.of(row).late_since(NOW) is not None) == is_late(view, NOW) == (bool(breaches) or due == NOW - MINUTE)
    )


async def test_a_damaged_case_is_counted_all_the_same(database: Database) -> None:
    number = await register_case(database)
    await write(database, number, escalation_level=1, acknowledged=False)
    async with database.begin() as connection:
        damaged = {"breaches": "no list"} if database.address.kind == "postgresql" else None
        if damaged is not None:
            await connection.execute(update(case_record).values(view=damaged))
        else:
            await connection.execute(text("UPDATE case_record SET view = '{'"))
    case = (await found(OpenCases(database)))[number]
    assert (case.priority, case.owner, *case.departments) == ("P1", "tech-001", "technical_support")
    assert case.unacknowledged_since is not None


async def test_what_waits_to_be_begun_is_counted(database: Database) -> None:
    await register_case(database)
    assert await OpenCases(database).read() == ([], 1)


async def test_each_day_has_the_cases_that_were_opened_closed_or_late_then_each_once(database: Database) -> None:
    number, other = await register_case(database), await register_case(database, intake_key="2")

    def happened(sequence: int, at: datetime, kind: EventKind, **detail: Any) -> Event:
        return event(sequence, kind=kind, **detail).model_copy(update={"at": at})

    await write(
        database, number, happened(1, MONDAY, EventKind.CREATED),
        happened(2, MONDAY + HOUR, EventKind.LAPSED, clock="response"),
        happened(3, MONDAY + 2 * HOUR, EventKind.LAPSED, clock="resolution"),
        happened(4, MONDAY + 3 * HOUR, EventKind.LAPSED, clock="escalation"),
        happened(5, MONDAY + DAY, EventKind.LAPSED, clock="supplement"),
        happened(6, MONDAY + DAY, EventKind.CLOSED),
    )  # fmt: skip
    await write(database, other, happened(1, MONDAY + DAY, EventKind.CREATED), department="sales")
    days = await count_days(database, [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 3 * DAY])
    assert days == {
        "technical_support": [DayCount(1, 0, 1), DayCount(0, 1, 0), DayCount()],
        "sales": [DayCount(), DayCount(1, 0, 0), DayCount()],
    }
