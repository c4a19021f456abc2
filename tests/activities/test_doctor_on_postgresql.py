"""The checks of the record say the same of a database server as of a file, and look at its clock."""

from __future__ import annotations

from pathlib import Path

from activities.database.database import Database
from activities.queries.drift import Disagreement, DisagreementReason
from activities.queries.sweeps import keep_sweep, latest_sweep
from starter.doctor.context import Ward
from starter.doctor.line import Level
from starter.doctor.record import clocks, database, integrity
from tests.scenes import MONDAY
from worker.installation.settings import Settings
from workflows.ports import SweepRun


async def test_a_database_server_is_looked_at_like_a_file(postgresql_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=postgresql_url)
    ward = Ward(settings)
    [line] = await database(ward)
    assert (line.status, line.todo) == (Level.FAULT, "bihuan db upgrade")
    opened = Database.open(postgresql_url)
    await opened.migrate()
    await opened.close()
    found = [line for check in (database, clocks, integrity) for line in await check(ward)]
    await ward.close()
    assert [(line.check, line.status) for line in found] == [("database", Level.OK), ("clock", Level.OK)]


async def test_the_latest_sweep_is_kept_on_either_database(either: Database) -> None:
    found = [
        Disagreement(number=f"FB{index:04}", reason=DisagreementReason.WORKFLOW_MISSING, workflow="w", since=MONDAY)
        for index in range(150)
    ]
    run = SweepRun(began=MONDAY, ended=MONDAY, every=120, disagreements=len(found))
    await keep_sweep(either, run, found)
    kept = await latest_sweep(either)
    assert kept is not None
    assert (kept.run, len(kept.found)) == (run, 100)
