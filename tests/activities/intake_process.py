"""A process that takes in submissions, for tests of many at once: URL FIRST COUNT, prints what it was answered."""

from __future__ import annotations

import asyncio
import sys

from activities.database import Database
from activities.register import Register
from tests.activities.samples import DAY, form
from tests.scenes import MONDAY


async def main(url: str, first: int, count: int) -> None:
    """Migrate, then register `count` submissions, keyed from `first` on."""
    database = Database.open(url, synchronous="NORMAL")
    await database.migrate()
    register = Register(database)
    for key in range(first, first + count):
        answer = await register.register(form(intake_key=f"key-{key}"), received_at=MONDAY, day=DAY)
        sys.stdout.write(f"{key} {answer.number} {answer.created}\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
