"""A process that takes in submissions, for tests of many at once: URL FIRST COUNT, prints what it was answered.

The day's serial begins shortly before four digits are used up, and the second half of the submissions comes in after
midnight.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from activities.database import Database, insert_into
from activities.register import Register
from activities.tables import day_serial
from tests.activities.samples import DAY, form
from tests.scenes import MONDAY

LAST_OF_FOUR_DIGITS = 9_999
BEGINS_AT = LAST_OF_FOUR_DIGITS - 10


async def main(url: str, first: int, count: int) -> None:
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
        sys.stdout.write(f"{key} {answer.number} {answer.created}\n")
        sys.stdout.flush()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
