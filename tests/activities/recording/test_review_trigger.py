"""Which closings call for a review: once, together, and for what nobody has reviewed yet (R27)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import outbox, review, review_case, review_timeline
from activities.organisation.directory import Directory
from activities.recording.activity import RecordingActivities
from activities.recording.review_activity import ReviewRecordingActivities
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import organisation, register_case
from tests.builders import DAY, MINUTE, MONDAY, case_step, open_case
from workflows.domain.event import Event, EventKind
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewReason, ReviewRequest, ReviewStatus, ReviewSubject
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Priority, Resolution, Status
from workflows.ports import Record, ReviewRecord, StepMarker

TERMS = ReviewRules().terms()


@pytest.fixture
async def recording(either: Database) -> RecordingActivities:
    """Recording in a company of one department, on either database."""
    await Directory(either).load(organisation())
    return recording_of(either)


async def closed(
    recording: RecordingActivities, at: datetime = MONDAY, **changes: Any
) -> tuple[str, ReviewSubject | None]:
    """A case that came, was closed and recorded at once; its number and what that called for."""
    product = changes.pop("product", "云POS")
    number = await register_case(recording.database, product=product)
    return number, await close(recording, number, at, **changes)


async def close(
    recording: RecordingActivities, number: str, at: datetime = MONDAY, **changes: Any
) -> ReviewSubject | None:
    """Record the closing of a case."""
    return (await recording.record(closing(number, at, **changes))).review


def closing(number: str, at: datetime, **changes: Any) -> Record:
    """The step in which a case closes."""
    case, _ = open_case(Priority.P3)
    facts: dict[str, Any] = {
        "number": number, "status": Status.CLOSED, "resolution": Resolution.SATISFIED, "opened_at": at,
        "updated_at": at + MINUTE, "closed_at": at + MINUTE,
    }  # fmt: skip
    end = Event(sequence=1, at=at + MINUTE, kind=EventKind.CLOSED, by="system")
    return case_step(case.view().model_copy(update=facts | changes), (end,), review=TERMS)


async def covered(recording: RecordingActivities) -> dict[str, set[str]]:
    """Review -> its cases."""
    async with recording.database.read() as connection:
        rows = (await connection.execute(select(review_case.c.review, review_case.c.number))).all()
    found: dict[str, set[str]] = {}
    for name, number in rows:
        found.setdefault(name, set()).add(number)
    return found


async def test_an_urgent_case_is_reviewed_and_a_small_one_is_not(recording: RecordingActivities) -> None:
    _, none = await closed(recording, priority=Priority.P2)
    urgent, subject = await closed(recording, priority=Priority.P1)
    assert none is None
    assert subject is not None
    assert (subject.reason, subject.cases, subject.head) == (ReviewReason.PRIORITY, (urgent,), "tech-head")
    assert await covered(recording) == {f"{urgent}/review": {urgent}}


async def test_a_closing_recorded_twice_calls_for_the_same_review(recording: RecordingActivities) -> None:
    number, subject = await closed(recording, priority=Priority.P0)
    assert await close(recording, number, priority=Priority.P0) == subject
    assert len(await covered(recording)) == 1


async def test_the_fifth_case_of_one_problem_calls_for_one_review_of_all_five(recording: RecordingActivities) -> None:
    results = [await closed(recording, MONDAY + day * DAY) for day in range(5)]
    assert [subject for _, subject in results[:4]] == [None] * 4
    _, subject = results[4]
    assert subject is not None
    assert (subject.reason, subject.cases) == (ReviewReason.REPEATED, tuple(number for number, _ in results))
    assert subject.product == "云POS"


async def test_cases_of_the_same_problem_that_are_still_open_do_not_start_its_review(
    recording: RecordingActivities,
) -> None:
    for _ in range(4):
        number = await register_case(recording.database, product="云POS")
        case, events = open_case(Priority.P3)
        await recording.record(case_step(case.view().model_copy(update={"number": number}), events))
    assert (await closed(recording))[1] is None


async def test_other_products_subtypes_withdrawn_and_old_cases_do_not_count(recording: RecordingActivities) -> None:
    await closed(recording, MONDAY - 31 * DAY)
    await closed(recording, product="门禁")
    await closed(recording, subtype="登录异常")
    await closed(recording, resolution=Resolution.WITHDRAWN)
    for _ in range(3):
        assert (await closed(recording))[1] is None
    assert (await closed(recording))[1] is None, "the fourth of its kind"
    assert (await closed(recording))[1] is not None


async def test_who_closes_while_the_problem_is_reviewed_is_added_and_after_the_approval_counting_starts_over(
    recording: RecordingActivities,
) -> None:
    for _ in range(4):
        await closed(recording)
    fifth, subject = await closed(recording)
    assert subject is not None
    sixth, none = await closed(recording, priority=Priority.P1)
    assert none is None
    answer = await recording.record(closing(sixth, MONDAY, priority=Priority.P1))
    assert answer.joined == f"{fifth}/review", "the review is told, also when the step is recorded again"
    cases = (await covered(recording))[f"{fifth}/review"]
    assert sixth in cases
    assert len(cases) == 6
    async with recording.database.begin() as connection:
        await connection.execute(review.update().values(status=ReviewStatus.FOLLOWING.value))
    for _ in range(4):
        assert (await closed(recording))[1] is None
    _, again = await closed(recording)
    assert again is not None
    assert len(again.cases) == 5


async def test_two_cases_of_one_problem_that_close_at_once_call_for_one_review(recording: RecordingActivities) -> None:
    numbers = [await register_case(recording.database, product="云POS") for _ in range(8)]
    for number in numbers[:4]:
        await close(recording, number)
    subjects = await asyncio.gather(*(close(recording, number) for number in numbers[4:]))
    assert len([subject for subject in subjects if subject is not None]) == 1
    assert [len(cases) for cases in (await covered(recording)).values()] == [8]


async def test_a_step_of_a_review_is_written_once_with_its_messages(recording: RecordingActivities) -> None:
    number, subject = await closed(recording, priority=Priority.P1)
    assert subject is not None
    opened, events = Review.open(
        ReviewRequest(
            number=number, subject=subject, department="technical_support", type="technical", priority=Priority.P1,
            terms=TERMS, calendar=Calendar(official_years=(2024,)), opened_at=MONDAY,
        ),
        MONDAY,
    )  # fmt: skip
    writing = ReviewRecordingActivities(recording)
    marker = StepMarker(signals=0, at=MONDAY)
    step = ReviewRecord(view=opened.view(), events=tuple(events), marker=marker)
    for _ in range(2):
        answer = await writing.record_review(step)
        assert answer.review is None
    async with recording.database.read() as connection:
        view, due = (await connection.execute(select(review.c.view, review.c.next_due))).one()
        kinds = (await connection.scalars(select(review_timeline.c.kind))).all()
        sent = (await connection.scalars(select(outbox.c.message).where(outbox.c.number == number))).all()
    assert (view["author"], kinds, sent) == ("tech-head", ["review_opened"], ["review_asked"])
    assert due > MONDAY + timedelta(days=4)
