"""A closed case keeps what a correction needs, for as long as there can be one, and no longer (R39)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from activities.archive.ledger import Ledger
from activities.archive.store import StoredFile
from activities.database.database import Database
from activities.database.tables import correction, review
from activities.knowledge.search import ArticleSearch
from activities.organisation.directory import Directory
from activities.recording.activity import RecordingActivities
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import organisation, register_case
from tests.builders import DAY, HOUR, MINUTE, MONDAY, RESOLUTION, case_step, command, open_case, terms
from workflows.case.input import CaseInput
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.closing import calls_for_review
from workflows.domain.event import EventKind
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import CUSTOMER
from workflows.ports import Recorded

WEEK = {"correct_within": 7 * DAY.total_seconds()}


class Life:
    """A case whose steps are written down as its workflow writes them."""

    def __init__(self, recording: RecordingActivities, number: str) -> None:
        self.recording, self.number = recording, number
        self.case, self._opened = open_case(terms_=terms(**WEEK))
        self.case.number = number

    async def begin(self) -> Life:
        await self.recording.record(case_step(self.case.view(), self._opened))
        return self

    async def say(self, name: str, by: str, at: datetime, **fields: Any) -> Recorded:
        events = self.case.handle(command(name, by, **fields), at)
        assert events[-1].kind is not EventKind.REJECTED, events[-1].detail
        closes = any(event.kind is EventKind.CLOSED for event in events)
        step = case_step(self.case.view(), events, review=calls_for_review(self.case) if closes else None)
        kept = CaseInput(number=self.number, aggregate=self.case, signals=9).model_dump(mode="json")
        return await self.recording.record(
            step.model_copy(update={"kept": kept if self.case.correctable_until else None})
        )

    async def kept(self) -> Case | None:
        async with self.recording.database.read() as connection:
            found = await connection.scalar(select(correction.c.input).where(correction.c.number == self.number))
        return None if found is None else CaseInput.model_validate(found).aggregate


@pytest.fixture
async def recording(either: Database) -> RecordingActivities:
    """Recording in a company of one department, on either database."""
    await Directory(either).load(organisation())
    return recording_of(either)


async def closed(recording: RecordingActivities, **how: str) -> Life:
    """A case that its customer has closed, by link where nothing else is said."""
    life = await Life(recording, await register_case(recording.database)).begin()
    await life.say("resolve", "tech-001", MONDAY + MINUTE, **RESOLUTION)
    await life.say("rate", CUSTOMER, MONDAY + HOUR, score="satisfied", **({"via": "link"} | how))
    return life


async def test_what_the_next_answer_needs_is_there_as_it_was_and_follows_each_correction(
    recording: RecordingActivities,
) -> None:
    life = await closed(recording)
    assert await life.kept() == life.case
    await life.say("rate", CUSTOMER, MONDAY + DAY, score="neutral", via="link")
    kept = await life.kept()
    assert kept is not None and kept.satisfaction == "neutral"
    await life.say("refuse", CUSTOMER, MONDAY + DAY, why="又坏了", via="link")
    assert await life.kept() is None, "it is open again"


async def test_nothing_is_kept_of_a_case_that_somebody_else_has_closed(recording: RecordingActivities) -> None:
    life = await closed(recording, via="console")
    assert await life.kept() is None


async def test_it_is_gone_once_the_case_is_archived_or_the_days_are_over(recording: RecordingActivities) -> None:
    first, second = await closed(recording), await closed(recording)
    async with recording.database.begin() as connection:
        await Ledger.archived(connection, first.number, StoredFile("x.zip", "0", 1), MONDAY + DAY)
    assert await first.kept() is None
    recording.now = lambda: MONDAY + 20 * DAY
    third = await closed(recording)
    assert await second.kept() is None, "what is too late anywhere goes with the next one"
    assert await third.kept() is not None


async def test_a_late_repetition_of_the_closing_does_not_keep_a_case_that_is_open_again(
    recording: RecordingActivities,
) -> None:
    life = await Life(recording, await register_case(recording.database)).begin()
    await life.say("resolve", "tech-001", MONDAY + MINUTE, **RESOLUTION)
    events = life.case.handle(command("rate", CUSTOMER, score="satisfied", via="link"), MONDAY + HOUR)
    kept = CaseInput(number=life.number, aggregate=life.case).model_dump(mode="json")
    closing = case_step(life.case.view(), events).model_copy(update={"kept": kept})
    await recording.record(closing)
    await life.say("refuse", CUSTOMER, MONDAY + DAY, why="又坏了", via="link")
    await recording.record(closing)
    assert await life.kept() is None


async def test_a_case_that_closes_again_goes_on_in_its_review_and_calls_for_no_second_one(
    recording: RecordingActivities,
) -> None:
    life = await Life(recording, await register_case(recording.database)).begin()
    life.case.terms = terms(**WEEK, review=ReviewRules().terms())
    await life.say("resolve", "tech-001", MONDAY + MINUTE, **RESOLUTION)
    first = await life.say("rate", CUSTOMER, MONDAY + HOUR, score="satisfied", via="link")
    assert first.review is not None
    await life.say("refuse", CUSTOMER, MONDAY + 2 * HOUR, why="又坏了", via="link")
    owner = life.case.owner or ""
    await life.say("resolve", owner, MONDAY + 3 * HOUR, cause="补丁有误", solution="换了新版本", verified="yes")
    again = await life.say("rate", CUSTOMER, MONDAY + 4 * HOUR, score="satisfied", via="link")
    assert again.review == first.review, "the one that runs"
    (article,) = await ArticleSearch(recording.database.address).list()
    drafted = await ArticleSearch(recording.database.address).get(article["key"])
    assert drafted["solution"] == "换了新版本", "nobody has edited the draft of what did not hold"
    async with recording.database.begin() as connection:
        await connection.execute(update(review).values(status=ReviewStatus.DONE.value))
    await life.say("refuse", CUSTOMER, MONDAY + 5 * HOUR, why="又坏了", via="link")
    owner = life.case.owner or ""
    await life.say("resolve", owner, MONDAY + 6 * HOUR, **RESOLUTION)
    last = await life.say("rate", CUSTOMER, MONDAY + 7 * HOUR, score="satisfied", via="link")
    assert last.review is None
