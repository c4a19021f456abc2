"""Numbers and forms (R1, R2), on a real database, from several processes."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from activities.database.database import Database
from activities.database.tables import day_serial, registration
from activities.intake.register import IntakeConflictError, Register, Registration
from activities.opening.store import Settlements
from tests.activities.intake.process import BEGINS_AT, LAST_OF_FOUR_DIGITS, take_in
from tests.activities.samples import DAY, customer, form, register_case
from tests.builders import MONDAY, PEOPLE, settlement
from tests.faults.processes import Stream, ended, reading, start
from workflows.domain.vocabulary import Priority

_DAYS = (f"{DAY:%Y%m%d}", f"{DAY + timedelta(days=1):%Y%m%d}")


async def test_a_customer_gets_a_number_of_the_companys_day_at_once(database: Database) -> None:
    register = Register(database)
    first = await register.register(form(), received_at=MONDAY, day=date(2024, 5, 1))
    second = await register.register(form(), received_at=MONDAY, day=date(2024, 5, 1))
    next_day = await register.register(form(), received_at=MONDAY, day=date(2024, 5, 2))
    assert [first.number, second.number, next_day.number] == ["FB202405010001", "FB202405010002", "FB202405020001"]
    assert first.created


async def test_the_ten_thousandth_customer_of_a_day_still_gets_a_number(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(day_serial).values(day=DAY, serial=9_999))
    assert await register_case(database) == "FB2024050610000"


async def test_a_customer_who_double_clicks_gets_one_case(database: Database) -> None:
    register = Register(database)
    answers = await asyncio.gather(
        *(register.register(form(intake_key="portal-1"), received_at=MONDAY, day=DAY) for _ in range(8))
    )
    assert len({answer.number for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1


async def test_a_second_issue_under_a_used_key_is_not_taken_for_the_first(database: Database) -> None:
    register = Register(database)
    first = await register.register(form(intake_key="k"), received_at=MONDAY, day=DAY)
    with pytest.raises(IntakeConflictError, match=f"intake_key: 'k' is {first.number}, which came in with another"):
        await register.register(form(intake_key="k", product="else"), received_at=MONDAY, day=DAY)
    kept = await register.form(first.number)
    assert kept is not None
    assert kept["product"] == "智办公CRM系统"


async def test_a_form_sent_again_is_known_whatever_was_supplied_meanwhile(database: Database) -> None:
    register = Register(database)
    first = await register.register(form(intake_key="k"), received_at=MONDAY, day=DAY)
    async with database.begin() as connection:
        await connection.execute(update(registration).values(form=form(product="supplied").model_dump(mode="json")))
    again = form(intake_key="k", received_at=MONDAY)
    assert (await register.register(again, received_at=MONDAY, day=DAY)).number == first.number


async def test_what_an_earlier_release_took_in_is_still_known_by_its_key(database: Database) -> None:
    register = Register(database)
    first = await register.register(form(intake_key="k"), received_at=MONDAY, day=DAY)
    async with database.begin() as connection:
        await connection.execute(update(registration).values(digest=None))
    again = await register.register(form(intake_key="k", product="else"), received_at=MONDAY, day=DAY)
    assert again == Registration(number=first.number, created=False)


async def test_a_customer_who_double_clicks_without_a_key_gets_one_case_too(database: Database) -> None:
    register = Register(database)
    minute = timedelta(minutes=1)
    answers = await asyncio.gather(
        *(register.register(form(), received_at=MONDAY, day=DAY, alike_since=MONDAY - minute) for _ in range(8))
    )
    assert len({answer.number for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    for at, changes in ((MONDAY, {"product": "else"}), (MONDAY + 2 * minute, {})):
        other = await register.register(form(**changes), received_at=at, day=DAY, alike_since=at - minute)
        assert other.created


async def test_the_same_key_on_two_channels_is_two_cases(database: Database) -> None:
    register = Register(database)
    portal = await register.register(form(intake_key="k"), received_at=MONDAY, day=DAY)
    mail = await register.register(form(intake_key="k", channel="email"), received_at=MONDAY, day=DAY)
    assert portal.number != mail.number


async def test_submissions_without_a_key_are_all_kept(database: Database) -> None:
    assert await register_case(database, intake_key=None) != await register_case(database, intake_key="")


async def test_no_two_processes_give_out_the_same_number_across_a_full_day_midnight_and_a_crash(
    database_url: str,
) -> None:
    # The ranges of keys overlap, and all of them begin by making the schema of a new database.
    ranges = [(0, 30), (15, 30), (30, 30), (0, 60), (10, 40), (0, 1_000)]
    processes, readers = [], []
    for first, count in ranges:
        read, write = os.pipe()
        processes.append(start(take_in, database_url, first, count, Stream(write)))
        os.close(write)
        readers.append(await reading(read))
    *others, killed = processes
    lines = [(await readers[-1].readline()).decode() for _ in range(5)]
    killed.kill()
    *outputs, rest = [(await reader.read()).decode() for reader in readers]
    assert [await ended(process) for process in others] == [0] * len(others), outputs
    lines += rest.splitlines()
    answers = [line.split() for line in lines if line.endswith(("True", "False", "True\n", "False\n"))]
    answers += [line.split() for out in outputs for line in out.splitlines()]
    numbers = {(key, number) for key, number, _ in answers}
    assert len(numbers) == len({key for key, _ in numbers}) == len({number for _, number in numbers}) >= 60
    assert max(Counter(number for _, number, created in answers if created == "True").values()) == 1
    days = {day: sorted(int(one[10:]) for _, one in numbers if one.startswith(f"FB{day}")) for day in _DAYS}
    assert days[_DAYS[0]][0] > BEGINS_AT and days[_DAYS[0]][-1] > LAST_OF_FOUR_DIGITS
    assert days[_DAYS[1]][0] >= 1
    database = Database.open(database_url)
    async with database.read() as connection:
        kept = set(await connection.scalars(select(registration.c.number)))
    await database.close()
    # What a killed process had not answered yet may be there, too; what it had is.
    assert {number for _, number in numbers} <= kept


async def test_a_case_whose_start_failed_is_found_again(database: Database) -> None:
    register = Register(database)
    started, forgotten = [await register_case(database) for _ in range(2)]
    await register.mark_started(started)
    await register.mark_started(started)
    assert await register.unstarted() == [forgotten]


async def test_what_waits_to_be_started_is_started_by_urgency_then_by_age(database: Database) -> None:
    register = Register(database)

    async def waits(minutes: int, priority: Priority | None) -> str:
        at = MONDAY + timedelta(minutes=minutes)
        return (await register.register(form(), received_at=at, day=DAY, priority=priority)).number

    suggestion, unjudged, older_fault = await waits(0, Priority.P3), await waits(1, None), await waits(2, Priority.P1)
    outage, late_outage = await waits(3, Priority.P0), await waits(4, Priority.P0)
    assert await register.unstarted() == [outage, late_outage, unjudged, older_fault, suggestion]
    assert await register.unstarted(2) == [outage, late_outage]
    await register.mark_started(outage, unjudged)
    assert await register.unstarted() == [late_outage, older_fault, suggestion]


async def test_a_caller_is_found_by_phone_mail_and_name(database: Database) -> None:
    number = await register_case(database, customer=customer(email=None))
    columns = registration.c
    async with database.read() as connection:
        row = (
            await connection.execute(
                select(columns.customer_name, columns.customer_phone, columns.customer_email).where(
                    columns.number == number
                )
            )
        ).one()
    assert tuple(row) == ("王芳", "+8613800138000", None)


async def test_an_unknown_number_has_no_form(database: Database) -> None:
    assert await Register(database).form("FB209901010001") is None


async def test_a_case_asked_twice_keeps_its_owner(database: Database) -> None:
    number, other = [await register_case(database) for _ in range(2)]
    settlements, settled = Settlements(), settlement()
    assert settled.dispatch is not None
    late = settled.model_copy(update={"dispatch": settled.dispatch.model_copy(update={"owner": "tech-002"})})
    async with database.begin() as connection:
        assert await settlements.get(connection, number) is None
        assert await settlements.put(connection, number, settled) == settled
        assert await settlements.put(connection, number, late) == settled
        await settlements.put(connection, other, settled)
    async with database.begin() as connection:
        assert await settlements.get(connection, number) == settled
        assert await settlements.loads(connection) == {"tech-001": 2}
    assert "tech-001" in PEOPLE
