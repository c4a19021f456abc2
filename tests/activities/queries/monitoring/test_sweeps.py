"""What a sweep found is kept for whoever asks next, the same on both databases."""

from __future__ import annotations

from activities.database.database import Database
from activities.queries.monitoring.sweeps import Drift, DriftReason, keep_sweep, latest_sweep
from tests.builders import MONDAY
from workflows.ports import SweepRun


async def test_the_latest_sweep_is_kept_on_either_database(database: Database) -> None:
    found = [
        Drift(number=f"FB{index:04}", reason=DriftReason.WORKFLOW_MISSING, workflow="w", since=MONDAY)
        for index in range(150)
    ]
    run = SweepRun(began=MONDAY, ended=MONDAY, every=120, disagreements=len(found))
    await keep_sweep(database, run, found)
    kept = await latest_sweep(database)
    assert kept is not None
    assert (kept.run, len(kept.found)) == (run, 100)
