"""A company of the first release upgrades: whatever is written is kept, and work goes on from there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from activities.archive.activity import ArchiveActivities
from activities.archive.store import ArchiveStore
from activities.database.database import Database
from activities.database.migrations.head import HEAD
from activities.database.migrations.upgrade import upgrade
from activities.files.folder_store import FolderStore
from activities.files.reception import Reception
from activities.intake.register import Register
from activities.knowledge.backfill import ArticleBackfill
from activities.organisation.directory import Directory
from activities.policy.loading import load_policy
from activities.queries.case_filter import Filter
from activities.queries.cases import Cases
from tests.activities.archive.test_archive import run
from tests.activities.database.first_release import CLOSED, FIRST, MOVING, ROWS, kept, put_first_release, upgrade_once
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import form
from tests.builders import DAY, HOUR, case_step
from tests.faults.processes import ended, start
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, EventKind


@pytest.fixture
async def first_release(database_url: str) -> str:
    """The address of a database as the first release left it."""
    await put_first_release(database_url)
    return database_url


def expected() -> dict[str, list[dict[str, object]]]:
    """Everything as it was; only who was chosen as owner is no longer kept twice once a case is recorded."""
    recorded = {row["number"] for row in ROWS["case_record"]}
    settled = [row | ({"owner": None} if row["number"] in recorded else {}) for row in ROWS["settlement"]]
    return ROWS | {"settlement": settled}


async def test_an_upgrade_keeps_every_row_and_work_goes_on(first_release: str, tmp_path: Path) -> None:
    assert all(ROWS.values()), "every table of that release has rows"
    assert {row["status"] for row in ROWS["case_record"]} == {"closed", "in_progress"}
    database = Database.open(first_release, synchronous="NORMAL")
    await database.migrate()
    assert await database.revision() == HEAD
    assert await kept(database) == expected()
    await _is_read(database)
    await _goes_on(database)
    await _is_learned_and_archived(database, tmp_path)
    await database.close()


async def _is_read(database: Database) -> None:
    cases = Cases(database)
    assert [case.number for case in await cases.list()] == [MOVING, CLOSED]
    assert [case.number for case in await cases.list(Filter(open_only=True))] == [MOVING]
    assert [case.number for case in await cases.list(Filter(customer="139-0013-9000"))] == [MOVING]
    file = await cases.get(CLOSED)
    assert file is not None and file.view is not None
    assert [entry["sequence"] for entry in file.timeline] == list(range(1, int(str(file.view["sequence"])) + 1))
    assert len(await cases.outbox()) == len(ROWS["outbox"])
    assert CaseView.model_validate(file.view).closed_at is not None


async def _goes_on(database: Database) -> None:
    """The next step of the case in motion, and the next case of the same day."""
    file = await Cases(database).get(MOVING)
    assert file is not None
    view = CaseView.model_validate(file.view)
    note = Event(
        sequence=view.sequence + 1, at=view.opened_at + HOUR, kind=EventKind.NOTED, by=str(view.owner),
        detail={"text": "升级之后"}, notices=(),
    )  # fmt: skip
    changed = view.model_copy(update={"sequence": note.sequence})
    recording = recording_of(database)
    for _ in range(2):
        await recording.record(case_step(changed, (note,)))
    after = await Cases(database).get(MOVING)
    assert after is not None
    assert [entry["detail"] for entry in after.timeline[-1:]] == [{"text": "升级之后"}]
    assert len(after.timeline) == len(file.timeline) + 1
    day = date(2026, 5, 11)
    registered = await Register(database).register(form(), received_at=view.opened_at + HOUR, day=day)
    assert registered.number == "FB202605110003"


async def _is_learned_and_archived(database: Database, folder: Path) -> None:
    assert [drafted async for drafted in ArticleBackfill(database).draft_all()] == [True]
    file = await Cases(database).get(CLOSED)
    assert file is not None and file.view is not None
    later = CaseView.model_validate(file.view).opened_at + 60 * DAY
    archiving = ArchiveActivities(
        database=database,
        store=ArchiveStore(folder / "archive"),
        attachments=folder / "attachments",
        files=Reception(database, FolderStore(folder / "files")),
        policy=load_policy("standard"),
        directory=Directory(database),
        now=lambda: later,
    )
    assert (await run(archiving)).archived == 1


async def test_an_upgrade_that_is_cut_short_leaves_the_old_release_its_database(first_release: str) -> None:
    database = Database.open(first_release, synchronous="NORMAL")

    def cut_short(connection: Connection) -> None:
        upgrade(connection)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        async with database.begin() as connection:
            await connection.run_sync(cut_short)
    assert await database.revision() == FIRST
    assert await kept(database) == ROWS
    await database.migrate()
    assert await kept(database) == expected()
    await database.close()


async def test_processes_that_upgrade_at_once_upgrade_once(first_release: str) -> None:
    assert [await ended(process) for process in [start(upgrade_once, first_release) for _ in range(3)]] == [0, 0, 0]
    database = Database.open(first_release)
    assert (await database.revision(), await kept(database)) == (HEAD, expected())
    await database.close()
