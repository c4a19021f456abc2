"""A process that takes in submissions, for tests of many at once: it says what it was answered.

The day's serial begins shortly before four digits are used up, and the second half of the submissions comes in after
midnight.
"""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

from activities.database.database import Database, insert_into
from activities.database.tables import day_serial
from activities.intake.register import Register
from tests.activities.samples import DAY, form
from tests.builders import MONDAY
from tests.faults.processes import Stream

LAST_OF_FOUR_DIGITS = 9_999
BEGINS_AT = LAST_OF_FOUR_DIGITS - 10


async def _take_in(url: str, first: int, count: int, answers: Stream) -> None:
    """Migrate, then register `count` submissions, keyed from `first` on."""
    database = Database.open(url, synchronous="NORMAL")
    await database.migrate()
    async with database.begin() as connection:
        begun = insert_into(connection, day_serial).values(day=DAY, serial=BEGINS_AT)
        await connection.execute(begun.on_conflict_do_nothing(index_elements=["day"]))
    register = Register(database)
    for index in range(count):
        key, day = first + index, DAY + timedelta(days=index * 2 // count)
        answer = await register.register(form(intake_key=f"key-{key}"), received_at=MONDAY, day=day)
        os.write(answers.number, f"{key} {answer.number} {answer.created}\n".encode())
    await database.close()


def take_in(url: str, first: int, count: int, answers: Stream) -> None:
    """The process."""
    asyncio.run(_take_in(url, first, count, answers))
