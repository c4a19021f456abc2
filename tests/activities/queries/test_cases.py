"""What people ask the record for, and what they are told needs attention (R30)."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from activities.database.database import Database
from activities.database.tables import case_record
from activities.database.url import DatabaseUrl
from activities.delivery.mail import Smtp
from activities.delivery.outbox import Outbox
from activities.intake.register import Register
from activities.messages.renderer import Renderer
from activities.organisation.directory import Directory
from activities.queries.case_filter import Filter
from activities.queries.case_record import read_case_record
from activities.queries.cases import Cases
from activities.queries.monitoring.attention import AttentionReason
from activities.queries.workload import open_cases_asking
from activities.recording.activity import RecordingActivities
from tests.activities.samples import NUMBER, customer, event, register_case, to_customer
from tests.builders import DAY, HOUR, MINUTE, MONDAY, case_step, open_case
from tests.workflows.domain.collaboration.test_aggregate import asked
from workflows.domain.case.view import Untold, Waiting
from workflows.domain.clock import Breach, Deadline
from workflows.domain.department_task import TaskView
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import ClockName, Contact, Priority, Status, TaskStatus


async def write(database: Database, number: str, *events: Any, mailed: bool = False, **changes: Any) -> None:
    """The row of a case as its worker would leave it; `mailed`: in a company that sends mail."""
    case, _ = open_case()
    view = case.view().model_copy(update={"number": number, "deadlines": (), "breaches": ()} | changes)
    recording = RecordingActivities(
        database, Directory(database), Renderer(), labels=dict, calendar=Calendar, now=lambda: MONDAY
    )
    if mailed:
        recording.transports = {Contact.EMAIL: Smtp.from_url("smtp://mail.example.com", "support@example.com")}
    happened = events or (Event(sequence=1, at=view.updated_at, kind=EventKind.NOTED, by="tech-001"),)
    await recording.record(case_step(view, happened))


async def numbers(database: Database, **wanted: Any) -> list[str]:
    return [file.number for file in await Cases(database).list(Filter(**wanted))]


async def reasons(database: Database, now: datetime) -> list[tuple[str, str, datetime]]:
    return [(one.number, one.reason, one.since) for one in await Cases(database).attention(now)]


async def test_a_customer_can_ask_for_a_case_that_no_worker_has_opened_yet(database: Database) -> None:
    await register_case(database)
    file = await Cases(database).get(NUMBER)
    assert file is not None
    assert (file.view, file.timeline, file.started_at, file.received_at) == (None, (), None, MONDAY)
    assert file.form["product"] == "智办公CRM系统"
    assert [one.number for one in await Cases(database).list()] == [NUMBER]


async def test_an_unknown_number_is_no_case(database: Database) -> None:
    assert await Cases(database).get("FB209901010001") is None
    assert await Cases(database).get("' OR 1=1 --") is None


async def test_showing_a_case_loads_no_library_that_makes_people_wait(database: Database, database_url: str) -> None:
    await register_case(database)
    script = (
        "import asyncio, sys\n"
        "from activities.queries.case_record import read_case_record\n"
        "from activities.database.url import DatabaseUrl\n"
        f"file = asyncio.run(read_case_record(DatabaseUrl.parse({database_url!r}), {NUMBER!r}))\n"
        f"assert file.number == {NUMBER!r}\n"
        "sys.exit(str({'sqlalchemy', 'pydantic', 'temporalio'} & set(sys.modules) or 0))\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert said.decode().strip() == "0"


async def test_showing_a_case_before_the_first_start_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"there is no database file .* yet"):
        await read_case_record(DatabaseUrl.parse(f"sqlite:///{tmp_path}/none.db"), NUMBER)
    (tmp_path / "empty.db").touch()
    with pytest.raises(Problem, match="cannot be read: no such table"):
        await read_case_record(DatabaseUrl.parse(f"sqlite:///{tmp_path}/empty.db"), NUMBER)


async def test_a_list_shows_the_cases_asked_for(database: Database) -> None:
    first, second, third, _ = [await register_case(database) for _ in range(4)]
    await write(database, first, priority=Priority.P0, owner="tech-002", escalation_level=2)
    await write(database, second, status=Status.CLOSED, closed_at=MONDAY + DAY, department="sales")
    breach = Breach(clock=ClockName.RESPONSE, due=MONDAY + HOUR, at=MONDAY + HOUR)
    await write(database, third, breaches=(breach,), type="service")
    assert await numbers(database, priority="P0") == [first]
    assert await numbers(database, owner="tech-001") == [third, second]
    assert await numbers(database, status="closed", department="sales") == [second]
    assert await numbers(database, type="service", breached=True) == [third]
    assert await numbers(database, escalated=True) == [first]
    assert await numbers(database, escalated=False, breached=False) == [second]
    assert await numbers(database, open_only=True, limit=3) == [first_open := "FB202405060004", third, first]
    assert first_open not in await numbers(database, status="dispatched")
    assert await numbers(database, text="fb202405060003") == [third]
    assert await numbers(database, text="%") == []
    assert await numbers(database, since=MONDAY, until=MONDAY + MINUTE, limit=1) == ["FB202405060004"]
    assert await numbers(database, since=MONDAY + MINUTE) == []
    assert await numbers(database, numbers=(first, third, "FB209912310001")) == [third, first]
    assert await numbers(database, search=first[-5:]) == [first]
    assert await numbers(database, search="王芳", owner="tech-002") == [first]
    assert await numbers(database, search="%") == []


async def test_the_desk_finds_what_is_whose_and_what_is_nobodys(database: Database) -> None:
    first, second, third, unopened = [await register_case(database) for _ in range(4)]
    deadline = Deadline(clock=ClockName.RESOLUTION, started=MONDAY, due=MONDAY + HOUR)
    task = asked()[0].view().collaborations[0]
    await write(database, first, status=Status.IN_PROGRESS, owner="tech-002", deadlines=(deadline,))
    waiting = Waiting(who="tech-lead")
    await write(
        database, second, status=Status.DISPATCHED, escalation_level=1, escalated_to="tech-head", waiting=waiting
    )
    await write(database, third, status=Status.CLOSED, closed_at=MONDAY, collaborations=(task,))
    assert await numbers(database, unclaimed=True, open_only=True) == [second]
    assert await numbers(database, due_before=MONDAY + 2 * HOUR) == [first]
    assert await numbers(database, due_before=MONDAY) == []
    assert await numbers(database, naming="tech-002", open_only=True, sort="due") == [first]
    assert await numbers(database, naming="tech-lead", open_only=True, sort="due") == [second]
    assert await numbers(database, naming="tech%", open_only=True) == []
    assert await numbers(database, open_only=True, sort="due") == [first, unopened, second]
    asking = [one.number for one in await open_cases_asking(database.address, "tech-head")]
    assert asking == [second]
    assert await open_cases_asking(database.address, "tech-002") == []
    await write(database, unopened, status=Status.IN_PROGRESS, collaborations=(task,))
    assert [one.number for one in await open_cases_asking(database.address, "tech-002")] == [unopened]


async def test_every_department_concerned_finds_the_case(database: Database) -> None:
    led, assisted, shared, _ = [await register_case(database) for _ in range(4)]
    case, _, _ = asked()
    await write(database, led, department="sales")
    await write(database, assisted, assisting=("product", "sales"), closed_at=MONDAY, status=Status.CLOSED)
    await write(database, shared, collaborations=case.view().collaborations)
    assert await numbers(database, department="sales") == [shared, assisted, led]
    assert await numbers(database, department="product") == [assisted]
    assert await numbers(database, department="sales", open_only=True, owner="tech-001") == [shared, led]
    assert await numbers(database, department="technical_support") == [shared, assisted]
    assert await numbers(database, department="sale") == []
    assert await numbers(database, department="' OR 1=1 --") == []


async def test_a_case_of_before_collaborations_is_found_by_its_department(database: Database) -> None:
    number = await register_case(database)
    await write(database, number)
    async with database.begin() as connection:
        old = await connection.scalar(select(case_record.c.view))
        assert old is not None
        await connection.execute(update(case_record).values(view={k: old[k] for k in old if k != "collaborations"}))
    assert await numbers(database, department="technical_support") == [number]
    assert await numbers(database, department="sales") == []


async def test_the_outbox_can_be_read_without_any_mail_server(database: Database) -> None:
    await register_case(database)
    other = await register_case(database)
    for number in (NUMBER, other):
        await write(database, number, event(1, to_customer("a")), event(2, to_customer("b")))
    entries = await Cases(database).outbox(NUMBER)
    assert [entry.key for entry in entries] == [f"{NUMBER}:progressed:{fact}:customer" for fact in ("a", "b")]
    shown = entries[0].as_json()
    assert {
        "key",
        "number",
        "event",
        "audience",
        "recipient",
        "channel",
        "status",
        "attempts",
        "subject",
        "sent_at",
    } <= set(shown)
    assert (shown["event"], shown["status"], shown["sent_at"]) == ("progressed", "stored", None)
    assert shown["created_at"] == MONDAY.isoformat()
    assert "已定位原因" in entries[0].text
    assert len(await Cases(database).outbox()) == 4
    assert [entry.number for entry in await Cases(database).outbox(limit=2)] == [other, other]
    assert await Cases(database).outbox(status="failed") == []


async def test_a_case_that_never_began_is_seen(database: Database) -> None:
    forgotten, started = [await register_case(database) for _ in range(2)]
    await Register(database).mark_started(started)
    assert await reasons(database, MONDAY + MINUTE) == []
    assert await reasons(database, MONDAY + 5 * MINUTE) == [
        (forgotten, AttentionReason.NOT_STARTED, MONDAY),
        (started, AttentionReason.NOT_OPENED, MONDAY),
    ]


async def test_a_case_whose_deadline_passed_without_anything_happening_is_seen(database: Database) -> None:
    await register_case(database)
    due = MONDAY + HOUR
    deadline = Deadline(clock=ClockName.RESPONSE, started=MONDAY, due=due, next=due)
    paused = Deadline(clock=ClockName.RESOLUTION, started=MONDAY, due=None, remaining=60)
    await write(database, NUMBER, deadlines=(paused, deadline))
    assert await reasons(database, due) == []
    assert await reasons(database, due + HOUR) == [(NUMBER, AttentionReason.NOT_ACTING, due)]
    await write(database, NUMBER, deadlines=(), status=Status.CLOSED, closed_at=due, updated_at=due)
    assert await reasons(database, due + HOUR) == []


@pytest.mark.parametrize(
    ("clock", "made_good"),
    [
        (ClockName.CLAIM, {"status": Status.IN_PROGRESS}),
        (ClockName.RESPONSE, {"responded_at": MONDAY + 2 * HOUR}),
        (ClockName.RESOLUTION, {"status": Status.AWAITING_CONFIRMATION}),
        (
            ClockName.PROGRESS,
            {"deadlines": (Deadline(clock=ClockName.PROGRESS, started=MONDAY + 2 * HOUR, due=MONDAY + DAY),)},
        ),
        (ClockName.FOLLOW_UP, {"status": Status.CLOSED}),
        (ClockName.RESPONSE, {"reopened": 1}),
    ],
)
async def test_a_missed_deadline_is_shown_until_it_is_made_good(
    database: Database, clock: ClockName, made_good: dict[str, Any]
) -> None:
    await register_case(database)
    missed = MONDAY + HOUR
    restarted = Deadline(clock=ClockName.PROGRESS, started=missed, due=MONDAY + DAY)
    state: dict[str, Any] = {
        "breaches": (Breach(clock=clock, due=missed, at=missed),),
        "deadlines": (restarted,),
        "updated_at": missed,
    }
    await write(database, NUMBER, **state)
    assert await reasons(database, missed + HOUR) == [(NUMBER, AttentionReason.OVERDUE, missed)]
    await write(database, NUMBER, **state | {"updated_at": missed + HOUR} | made_good)
    assert await reasons(database, missed + 2 * HOUR) == []


async def test_an_escalation_nobody_took_up_is_seen(database: Database) -> None:
    await register_case(database)
    clock = Deadline(clock=ClockName.ESCALATION, started=MONDAY + HOUR, due=MONDAY + DAY)
    escalated: dict[str, Any] = {"escalation_level": 1, "escalated_to": "tech-lead", "deadlines": (clock,)}
    await write(database, NUMBER, acknowledged=False, **escalated)
    found = await Cases(database).attention(MONDAY + 2 * HOUR)
    assert [(one.reason, one.since, one.who) for one in found] == [
        (AttentionReason.UNACKNOWLEDGED, MONDAY + HOUR, "tech-lead")
    ]
    await write(database, NUMBER, acknowledged=True, **escalated)
    assert await reasons(database, MONDAY + 2 * HOUR) == []


async def test_messages_that_do_not_get_through_are_seen(database: Database) -> None:
    await register_case(database)
    await write(
        database, NUMBER, event(1, to_customer("refused"), to_customer("waiting"), to_customer("sent")), mailed=True
    )
    outbox = Outbox(database)
    refused, waiting, sent = (f"{NUMBER}:progressed:{fact}:customer" for fact in ("refused", "waiting", "sent"))
    await outbox.sent(sent, at=MONDAY)
    for key in (refused, waiting):
        assert await outbox.claim(key, by="w", now=MONDAY, until=MONDAY, tried=True)
    await outbox.fail(refused, by="w", error="550 user unknown")
    await outbox.release(waiting, by="w", error="451 later")
    soon, later = MONDAY + 5 * MINUTE, MONDAY + HOUR
    assert await reasons(database, soon) == [(NUMBER, AttentionReason.UNDELIVERABLE, MONDAY)]
    found = {one.reason: (one.what, one.who, one.error) for one in await Cases(database).attention(later)}
    assert found == {
        AttentionReason.UNDELIVERABLE: ("progressed", "customer", "550 user unknown"),
        AttentionReason.UNDELIVERED: ("progressed", "customer", "451 later"),
    }
    await write(database, NUMBER, status=Status.CLOSED, closed_at=later, updated_at=later)
    assert await reasons(database, MONDAY + timedelta(days=8)) == [(NUMBER, AttentionReason.UNDELIVERED, MONDAY)]


async def test_a_department_that_is_late_with_its_part_is_seen_beside_a_case_that_is_in_time(
    database: Database,
) -> None:
    await register_case(database)
    facts: dict[str, Any] = {
        "department": "sales", "round": 1, "workflow_id": f"{NUMBER}/sales", "duty": "核对合同", "asked_by": "tech-001",
        "asked_at": MONDAY, "due": MONDAY + MINUTE, "person": "sales-001",
    }  # fmt: skip
    await write(database, NUMBER, collaborations=(TaskView(**facts),))
    assert AttentionReason.TASK_LATE not in [reason for _, reason, _ in await reasons(database, MONDAY + HOUR)]
    late = TaskView(**facts, late_at=MONDAY + MINUTE, escalated_to="sales-head")
    await write(database, NUMBER, collaborations=(late,))
    (seen,) = [one for one in await Cases(database).attention(MONDAY + HOUR) if one.reason is AttentionReason.TASK_LATE]
    assert (seen.what, seen.who, seen.since) == ("sales", "sales-head", MONDAY + MINUTE)
    answered = late.model_copy(update={"status": TaskStatus.DONE})
    await write(database, NUMBER, collaborations=(answered,))
    assert AttentionReason.TASK_LATE not in [reason for _, reason, _ in await reasons(database, MONDAY + HOUR)]


async def test_a_customer_whom_nobody_has_called_is_seen_with_who_has_to_call(database: Database) -> None:
    await register_case(database)
    key = f"{NUMBER}:progressed:c1:customer"
    untold = Untold(message=Message.PROGRESSED, key=key, at=MONDAY, why="no_way")
    notice = to_customer().model_copy(update={"by_person": True})
    await write(database, NUMBER, event(1, notice), untold=(untold,))
    (seen,) = await Cases(database).attention(MONDAY + MINUTE)
    assert (seen.reason, seen.since, seen.what, seen.who) == (
        AttentionReason.UNTOLD, MONDAY, "progressed", "tech-001",
    )  # fmt: skip
    told = event(2, kind=EventKind.FEEDBACK_GIVEN, messages=["progressed"])
    await write(database, NUMBER, told, untold=(), sequence=2, updated_at=MONDAY + MINUTE)
    assert await reasons(database, MONDAY + 2 * MINUTE) == []


async def test_a_customer_is_found_by_name_company_telephone_and_mail_however_written(database: Database) -> None:
    """R30: whoever answers the telephone hears a name or a number, and not the number of a case."""
    one = await register_case(
        database,
        customer=customer(name="王芳", company="青禾书店(总店)", phone="010-6234 5678", email="Wang@Example.com"),
    )
    two = await register_case(database, customer=customer(name="Ärger 100%", phone="13800138000", email=None))
    for said in ("王芳", "青禾书店(", "62345678", "010 6234-5678", "WANG@example", " 王芳 "):
        assert await numbers(database, customer=said) == [one], said
    for said in ("ärger", "100%", "138-0013-8000", "１３８００"):
        assert await numbers(database, customer=said) == [two], said
    assert await numbers(database, customer="0%", open_only=True) == [two]
    assert await numbers(database, customer="_") == []


async def test_a_customer_is_found_by_what_they_supplied_later(database: Database) -> None:
    number = await register_case(database)
    await write(database, number, event(1, kind=EventKind.SUPPLIED, fields={"customer.phone": "13900000001"}))
    assert await numbers(database, customer="13900000001") == [number]
    assert await numbers(database, customer="13800138000") == []


async def test_lists_come_in_the_order_that_is_asked_for(database: Database) -> None:
    first, second, third = [await register_case(database) for _ in range(3)]

    def due(hours: int) -> tuple[Deadline, ...]:
        return (Deadline(clock=ClockName.CLAIM, started=MONDAY, due=MONDAY + hours * HOUR),)

    await write(database, first, priority=Priority.P2, deadlines=due(3), opened_at=MONDAY, updated_at=MONDAY + HOUR)
    await write(database, second, priority=Priority.P1, deadlines=due(1), opened_at=MONDAY + HOUR, updated_at=MONDAY)
    assert await numbers(database, sort="due") == [second, first, third]
    assert await numbers(database, sort="priority") == [second, first, third]
    assert await numbers(database, sort="opened") == [second, first, third]
    assert await numbers(database, sort="updated") == [first, second, third]
    assert await numbers(database, sort="due", limit=1, priority="P2") == [first]
