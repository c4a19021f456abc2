"""A number by its last digits: the open case first, and never a guess among several (R2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.database.database import Database
from activities.intake.register import Register
from starter.services.cases.numbers import number_ending, suggested_numbers
from tests.activities.queries.test_cases import write
from tests.activities.samples import DAY, form, register_case
from tests.builders import MONDAY
from worker.installation.reading_settings import ReadingSettings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, Status


@pytest.fixture
def settings(database: Database, database_url: str) -> ReadingSettings:
    return ReadingSettings(data=None, database_url=database_url, locale=Locale.ZH_CN)  # type: ignore[arg-type]


async def test_last_digits_are_a_number_with_or_without_the_day(database: Database, settings: ReadingSettings) -> None:
    first = await register_case(database)
    second = await register_case(database)
    assert [await number_ending(settings, text) for text in (first[-4:], second[-4:])] == [first, second]
    day = first[2:10]
    assert await number_ending(settings, f"{day[4:]}-{int(first[-4:])}") == first
    assert await number_ending(settings, f"{day}-0002") == second
    assert await number_ending(settings, first[2:]) == first


@pytest.mark.parametrize(("digits", "said"), [("2", "is too short"), ("99", "no number of a case ends so")])
async def test_digits_of_no_case_are_said_so(
    database: Database, settings: ReadingSettings, digits: str, said: str
) -> None:
    await register_case(database)
    with pytest.raises(Problem, match=said):
        await number_ending(settings, digits)


async def test_the_open_one_is_meant_where_others_have_closed(database: Database, settings: ReadingSettings) -> None:
    old = await register_case(database)
    later = await Register(database).register(form(), received_at=MONDAY, day=DAY + timedelta(days=1))
    assert later.number[-4:] == old[-4:]
    with pytest.raises(Problem) as refused:
        await number_ending(settings, "0001")
    assert str(refused.value).count("\n") == 0
    assert f"is the end of 2 open cases; allowed: more digits of one of {later.number}, {old}" in str(refused.value)
    await write(database, old, status=Status.CLOSED, closed_at=MONDAY)
    assert await number_ending(settings, "0001") == later.number
    assert await number_ending(settings, f"{DAY:%m%d}-1") == old


async def test_a_shell_is_offered_ones_own_open_cases(database: Database, settings: ReadingSettings) -> None:
    mine, other, closed = [await register_case(database) for _ in range(3)]
    await write(database, mine, owner="tech-001")
    await write(database, other, owner="tech-002")
    await write(database, closed, owner="tech-001", status=Status.CLOSED, closed_at=MONDAY)
    assert await suggested_numbers(settings, "tech-001") == [mine]
    assert sorted(await suggested_numbers(settings, None)) == [mine, other]
