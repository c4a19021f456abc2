"""Archived cases that were reviewed: kept until the review is over, with it, and without their customer (R27, R28)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, select, update

from activities.archive.package import read_package
from activities.database.database import Database
from activities.database.tables import review, review_case, review_timeline
from tests.activities.archive.test_archive import MUCH_LATER, archiving_of, entry_of, run
from tests.activities.knowledge.test_knowledge import closed
from tests.builders import MONDAY
from workflows.domain.review.view import ReviewStatus


async def reviewed(database: Database, number: str) -> None:
    """A review of the case that says more of its customer than it should."""
    async with database.begin() as connection:
        await connection.execute(
            insert(review).values(
                id="RV1", number=number, reason="priority", department="technical_support", type="technical",
                status=ReviewStatus.WRITING.value, sequence=1, opened_at=MONDAY, updated_at=MONDAY,
                subject={"cases": [number]}, view={"root_cause": "王芳的驱动"},
            )
        )  # fmt: skip
        await connection.execute(insert(review_case).values(review="RV1", number=number))
        await connection.execute(
            insert(review_timeline).values(
                review="RV1", sequence=1, at=MONDAY, kind="review_submitted", by="tech-001", detail={"text": "王芳"},
                recorded_at=MONDAY,
            )
        )  # fmt: skip


async def stands(database: Database, status: ReviewStatus) -> None:
    """How far the review is."""
    async with database.begin() as connection:
        await connection.execute(update(review).values(status=status.value))


async def test_a_case_is_not_archived_while_its_review_is_open(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    await reviewed(database, number)
    archiving = archiving_of(database, tmp_path)
    for status in (ReviewStatus.WRITING, ReviewStatus.AWAITING_APPROVAL, ReviewStatus.FOLLOWING):
        await stands(database, status)
        assert await archiving.due() == ([], [number], [])
        assert (await run(archiving)).archived == 0
    await stands(database, ReviewStatus.DONE)
    assert (await run(archiving)).archived == 1
    entry = await entry_of(archiving, number)
    assert entry.file is not None
    kept = read_package(archiving.store.path(entry.file))
    assert kept["reviews"][0]["timeline"][0]["detail"] == {"text": "王芳"}


async def test_a_review_is_masked_with_its_case(database: Database, tmp_path: Path) -> None:
    number = await closed(database, "打不出小票")
    await reviewed(database, number)
    await stands(database, ReviewStatus.DONE)
    await run(archiving_of(database, tmp_path))
    done = await run(archiving_of(database, tmp_path, now=lambda: MUCH_LATER))
    assert done.masked == 1, done
    async with database.read() as connection:
        assert (await connection.execute(select(review.c.view))).scalar() == {"root_cause": "[客户]的驱动"}
        assert (await connection.execute(select(review_timeline.c.detail))).scalar() == {"text": "[客户]"}
