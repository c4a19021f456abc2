"""Reviews read from the record: the same on both databases, found by any case they cover (R27)."""

from __future__ import annotations

import pytest

from activities.database.database import Database
from activities.queries.cases import Cases
from activities.queries.monitoring.attention import AttentionReason
from activities.review.reading import find_review, list_reviews, read_review, review_of
from activities.rows import sound
from tests.activities.review.reviewed import AUTHOR, COLLEAGUE, FINDINGS, HEAD, approved, called_for
from tests.activities.samples import register_case
from tests.builders import DAY, MINUTE
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Priority


async def test_a_review_is_found_by_every_case_it_covers(either: Database) -> None:
    review = await approved(either, cases=5, priority=Priority.P3)
    for index in range(1, 6):
        file = await read_review(either.address, f"FB20240506000{index}")
        assert file.review == f"{review.number}/review" == "FB202405060005/review"
    assert file.view is not None
    assert review.review is not None
    assert file.view == review.review.view().model_dump(mode="json")
    assert [case.number for case in file.covered] == [f"FB20240506000{index}" for index in range(1, 6)]
    assert [case.timeline[0]["kind"] for case in file.covered] == ["created"] * 5
    assert [entry["sequence"] for entry in file.timeline] == list(range(1, 8))
    short = await review_of(either.address, "FB202405060002")
    assert short is not None
    assert (short.view, short.cases) == (file.view, file.cases)


async def test_a_case_in_two_reviews_stands_for_the_one_that_is_still_to_do(either: Database) -> None:
    own = await (await called_for(either)).begin()
    for _ in range(3):
        await called_for(either)
    repeated = await (await called_for(either)).begin()
    assert repeated.subject.cases[0] == own.number != repeated.number
    assert (await read_review(either.address, own.number)).review == f"{own.number}/review"
    await own.send("end", HEAD, reason="合并复盘")
    assert (await read_review(either.address, own.number)).review == f"{repeated.number}/review"
    assert await find_review(either.address, own.number) == (f"{repeated.number}/review", "writing")
    await repeated.send("end", HEAD, reason="合并复盘")
    assert await find_review(either.address, own.number) == (f"{own.number}/review", "done")


async def test_what_cannot_be_shown_is_said_in_one_line(either: Database) -> None:
    plain = await register_case(either)
    waiting = await called_for(either)
    for number, said in (
        ("FB1", "FB1: there is no such case"),
        (plain, "no review covers this case"),
        (waiting.number, "nobody has begun it"),
    ):
        with pytest.raises(Problem, match=said) as caught:
            await read_review(either.address, number)
        assert "\n" not in str(caught.value)
    assert await review_of(either.address, plain) is None


async def test_reviews_are_listed_by_state_and_department(either: Database) -> None:
    following = await approved(either)
    waiting = await called_for(either)
    files = list(sound(await list_reviews(either.address)))
    assert [(file.number, file.row["status"], file.view is None) for file in files] == [
        (waiting.number, "writing", True),
        (following.number, "following", False),
    ]
    assert files[0].as_json()["waits_for"] == [HEAD]
    assert files[0].as_json().keys() == files[1].as_json().keys()
    for status, department, count in (("following", None, 1), (None, "sales", 0), (None, "technical_support", 2)):
        statuses = (status,) if status else ()
        assert len(await list_reviews(either.address, statuses=statuses, department=department)) == count


async def test_a_manager_sees_who_has_to_act_on_a_late_review(either: Database) -> None:
    async def found() -> list[tuple[AttentionReason, str | None, str | None, str]]:
        attention = await Cases(either).attention(review.now)
        ours = [one for one in attention if one.workflow == f"{review.number}/review"]
        return [(one.reason, one.what, one.who, f"{one.since:%m-%d}") for one in ours]

    review = await called_for(either)
    assert await found() == [(AttentionReason.REVIEW_NOT_OPENED, None, HEAD, "05-06")]
    await review.begin()
    assert await found() == []
    await review.pass_(9 * DAY)
    assert await found() == [(AttentionReason.REVIEW_LATE, "report", HEAD, "05-14")]


async def test_a_late_approval_and_a_late_measure_name_whom_they_wait_for(either: Database) -> None:
    async def found() -> list[tuple[AttentionReason, str | None, str | None]]:
        attention = await Cases(either).attention(review.now)
        return [(one.reason, one.what, one.who) for one in attention if one.number == review.number]

    review = await (await called_for(either)).begin()
    await review.send("name_author", HEAD, author=AUTHOR)
    await review.send("review", AUTHOR, **FINDINGS)
    review.now += 9 * DAY
    assert (AttentionReason.REVIEW_NOT_ACTING, None, None) in await found()
    await review.pass_(MINUTE)
    assert await found() == [(AttentionReason.REVIEW_LATE, "approval", HEAD)]
    await review.send("approve", HEAD)
    assert await found() == []
    await review.pass_(15 * DAY)
    assert await found() == [(AttentionReason.REVIEW_LATE, "measure 1", COLLEAGUE)]
    await review.send("measure_done", COLLEAGUE, measure=1)
    assert await found() == []
