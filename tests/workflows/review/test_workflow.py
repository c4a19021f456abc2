"""Reviews as workflows of their own: begun with the closing, late on the second, outliving case and database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.builders import NUMBER, PEOPLE, settlement, terms
from tests.workflows.case.test_workflow import STANDARD_LIFE, live, send, tell
from tests.workflows.conftest import Starter
from tests.workflows.fake_activities import FakeActivities
from workflows.case.workflow import CaseWorkflow
from workflows.domain.event import EventKind, Message
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.view import ReviewReason, ReviewStatus, ReviewSubject
from workflows.review.workflow import ReviewWorkflow

DUE = (datetime.now(UTC) + timedelta(days=4 * 365)).isoformat()
"""After everything these tests do; the rules take no due time more than five years ahead."""
REPORT = {"root_cause": "连接池耗尽", "measures": [{"what": "加告警", "owner": "tech-002", "due": DUE}]}


def world_that_reviews() -> FakeActivities:
    """A company whose P1 cases are reviewed."""
    subject = ReviewSubject(reason=ReviewReason.PRIORITY, cases=(NUMBER,), head="tech-head", people=PEOPLE)
    return FakeActivities(settlement=settlement(terms_=terms(review=ReviewRules().terms())), subject=subject)


def review_of(client: Client, case: WorkflowHandle[CaseWorkflow, str]) -> WorkflowHandle[Any, str]:
    """The workflow of its review."""
    return client.get_workflow_handle_for(ReviewWorkflow.run, f"{case.id}/review")


def times(world: FakeActivities, kind: EventKind) -> int:
    """How often it is in the timeline of the review."""
    return [event.kind for event in world.reviewed].count(kind)


async def test_a_closed_case_is_reviewed_until_its_measures_are_done(start: Starter, real: WorkflowEnvironment) -> None:
    world = world_that_reviews()
    case = await start(world)
    assert await live(case) == "satisfied"
    review = review_of(real.client, case)
    opened = await review.query(ReviewWorkflow.state)
    assert opened is not None and opened.author == "tech-head"
    for name, by, fields in (
        ("name_author", "tech-head", {"author": "tech-001"}),
        ("review", "tech-001", REPORT),
        ("approve", "tech-head", {}),
        ("measure_done", "tech-002", {"measure": 1}),
    ):
        answer = await send(review, name, by, **fields)
        assert answer["outcome"] == "accepted", answer["reason"]
    assert await review.result() == "all measures are done"
    assert world.review is not None
    assert world.review.status is ReviewStatus.DONE
    assert [event.sequence for event in world.reviewed] == list(range(1, len(world.reviewed) + 1))


async def test_a_case_that_closes_while_its_problem_is_reviewed_tells_the_review(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world, later = world_that_reviews(), world_that_reviews()
    case = await start(world)
    await live(case)
    review = review_of(real.client, case)
    later.subject, later.joined = None, review.id
    other = await start(later)
    assert await live(other) == "satisfied"
    await world.until(lambda: times(world, EventKind.REVIEW_CASE_ADDED) == 1)
    covering = await review.query(ReviewWorkflow.state)
    assert covering is not None and covering.cases == (NUMBER, other.id)
    later.joined = "FB0/review"
    assert await live(await start(later)) == "satisfied", "a review that is gone holds up no closing"


async def test_a_case_that_calls_for_no_review_pays_nothing_for_it(start: Starter, real: WorkflowEnvironment) -> None:
    reviewing, quiet = world_that_reviews(), FakeActivities()
    reviewing.subject = None
    lengths = []
    for world in (reviewing, quiet):
        case = await start(world)
        await live(case)
        kinds = [event.event_type for event in (await case.fetch_history()).events]
        lengths.append(len([kind for kind in kinds if "MARKER" in str(kind) or "CHILD" in str(kind)]))
    assert lengths[0] == lengths[1]


async def test_a_late_report_is_escalated_on_the_second_without_anyone_stepping_in(
    start_skipping: Starter, skipping: WorkflowEnvironment
) -> None:
    world = world_that_reviews()
    case = await start_skipping(world)
    for name, by, fields in STANDARD_LIFE:
        await tell(world, case, name, by, **fields)
    await case.result()
    for _ in range(21):  # one call for all of it could outlast what a slow machine gives a call
        await skipping.sleep(timedelta(days=1))
    told = [(notice.message, notice.recipient) for event in world.reviewed for notice in event.notices]
    assert (Message.REVIEW_LATE, "tech-head") in told
    assert (Message.REVIEW_ESCALATED, "director") in told
    late = next(event for event in world.reviewed if event.kind is EventKind.REVIEW_LATE)
    due = datetime.fromisoformat(str(late.detail["due"]))
    assert timedelta(0) <= late.at - due.astimezone(UTC) < timedelta(seconds=1)
    await review_of(skipping.client, case).terminate()


async def test_a_review_goes_on_through_many_runs_and_a_database_that_was_away(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = world_that_reviews()
    case = await start(world, continue_after=40)
    await live(case)
    review = review_of(real.client, case)
    for count in range(10):
        world.down = 4 if count == 3 else world.down
        answer = await send(review, "name_author", "tech-head", author=f"tech-00{count % 2 + 1}")
        assert answer["outcome"] == "accepted", answer["reason"]
    await world.until(lambda: times(world, EventKind.REVIEW_AUTHOR_NAMED) == 10)
    refused = 0
    while not (await _started(review)).continued_execution_run_id:
        assert (await send(review, "approve", "tech-head"))["outcome"] == "rejected"
        refused += 1
    assert (await send(review, "end", "tech-head", reason="重复"))["outcome"] == "accepted"
    assert await review.result() == "重复"
    assert times(world, EventKind.REVIEW_AUTHOR_NAMED) == 10, "nothing is lost or recorded twice"
    assert times(world, EventKind.REJECTED) == refused


async def _started(review: WorkflowHandle[Any, str]) -> Any:
    return (await review.fetch_history()).events[0].workflow_execution_started_event_attributes


async def test_a_malformed_report_sent_by_hand_is_refused_in_the_timeline_and_fails_nothing(
    start: Starter, real: WorkflowEnvironment
) -> None:
    world = world_that_reviews()
    case = await start(world)
    await live(case)
    review = review_of(real.client, case)
    await review.signal("review", "hello")
    await review.signal("rewiev", {"by": "tech-head"})
    await world.until(lambda: len([one for one in world.reviewed if one.kind is EventKind.REJECTED]) == 2)
    assert (await send(review, "end", "operator", reason="试过了"))["outcome"] == "accepted"
