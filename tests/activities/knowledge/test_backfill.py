"""Cases that were closed before there was a knowledge base are learned from, each once."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import delete, update

from activities.database.database import Database
from activities.database.tables import article, case_record
from activities.knowledge.backfill import ArticleBackfill
from activities.knowledge.search import ArticleSearch
from tests.activities.knowledge.test_knowledge import closed, opened, publish, step_of
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import register_case
from tests.builders import HOUR, MINUTE, MONDAY, command, settlement
from workflows.domain.case.aggregate import Case
from workflows.domain.terms import Consultation, MainCase
from workflows.domain.vocabulary import Status


async def unlearned(database: Database, *numbers: str) -> None:
    """As it was before there was a knowledge base."""
    async with database.begin() as connection:
        await connection.execute(delete(article).where(article.c.number.in_(numbers)))


async def learned(database: Database, since: datetime | None = None) -> list[bool]:
    backlog = ArticleBackfill(database, since)
    count = await backlog.count()
    done = [drafted async for drafted in backlog.draft_all()]
    assert len(done) == count
    return done


async def test_cases_closed_before_the_knowledge_base_are_learned_from_once(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.knowledge.backfill._BATCH", 2)
    numbers = [await closed(either, f"收银台{name}打不出小票", prevention="每晚重启") for name in "甲乙丙"]
    kept = await publish(either, await closed(either, "报表导出超时"))
    await closed(either, "登录不了", ending="withdrawn")
    await opened(either, "还没有解决")
    before = {one["number"]: one for one in await ArticleSearch(either.address).list()}
    await unlearned(either, *numbers)
    assert sorted(await learned(either)) == [False, True, True, True]
    after = {one["number"]: one for one in await ArticleSearch(either.address).list()}
    differs = {"key", "id"}
    for number in numbers:
        assert {k: v for k, v in after[number].items() if k not in differs} == {
            k: v for k, v in before[number].items() if k not in differs
        }, "the same draft as on the day it was closed"
    assert (await ArticleSearch(either.address).get(kept))["status"] == "published"
    assert await learned(either) == [False], "again adds nothing"


async def test_only_cases_closed_since_then_are_learned_from(either: Database) -> None:
    number = await closed(either, "收银台打不出小票")
    await unlearned(either, number)
    assert await learned(either, MONDAY + HOUR) == []
    assert await learned(either, MONDAY) == [True]


async def test_one_solution_of_linked_cases_is_one_article(either: Database) -> None:
    main = await opened(either, "收银台打不出小票")
    view = await closed_by(either, main)
    assert await ArticleSearch(either.address).list() == [], "the main case will have it"
    async with either.begin() as connection:
        row = case_record.c.number == main
        await connection.execute(update(case_record).where(row).values(closed_at=MONDAY + HOUR))
    assert await learned(either) == [False, True], "a main case that closed without one leaves it to the others"
    assert [one["number"] for one in await ArticleSearch(either.address).list()] == [view]


async def closed_by(database: Database, main: str) -> str:
    """A case that was answered by its main case."""
    number = await register_case(database, description={"symptom": "小票机没有反应"})
    case, events = Case.open(number, settlement(), MONDAY)
    recording = recording_of(database)
    await recording.record(step_of(case, events, number))
    facts = Consultation(main=MainCase(number=main, status=Status.IN_PROGRESS))
    said = {"cause": "服务没有响应", "solution": "重启服务", "verified": "yes", "via": "system", "main_case": main}
    for sent in (
        command("link", "tech-001", to=main),
        command("resolve", "tech-lead", **said),
        command("rate", "customer", score="satisfied"),
    ):
        await recording.record(step_of(case, case.handle(sent, MONDAY + MINUTE, facts), number))
    assert case.is_closed
    return number
