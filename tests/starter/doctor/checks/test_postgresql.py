"""The checks of the record say the same of a database server as of a file, and look at its clock."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from activities.database.database import Database
from starter.doctor.check import CheckStatus
from starter.doctor.checks.record import clocks, database, integrity
from starter.doctor.context import DoctorContext
from worker.installation.settings import Settings


async def test_a_database_server_is_looked_at_like_a_file(postgresql_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=postgresql_url)
    context = DoctorContext(settings)
    [line] = await database(context)
    assert (line.status, line.todo) == (CheckStatus.FAULT, "bihuan db upgrade")
    opened = Database.open(postgresql_url)
    await opened.migrate()
    await opened.close()
    found = [line for check in (database, clocks, integrity) for line in await check(context)]
    await context.close()
    assert [(line.check, line.status) for line in found] == [("database", CheckStatus.OK), ("clock", CheckStatus.OK)]
    owner = await asyncpg.connect(postgresql_url)
    await owner.execute(f"ALTER DATABASE {postgresql_url.rpartition('/')[2]} SET default_transaction_read_only = on")
    await owner.close()
    [line] = await database(context)
    assert line.status is CheckStatus.FAULT
    assert line.what.endswith("cannot be written: cannot execute INSERT in a read-only transaction")
