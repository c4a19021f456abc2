"""A review of closed cases: who writes it, who approves it, what becomes of its measures, and what lateness does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import DAY, HOUR, MONDAY, NUMBER, PEOPLE, SALES, command, consulted, kinds, open_case, terms, told
from workflows.domain.case.rules.closing import calls_for_review
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.problem import Problem
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewReason, ReviewRequest, ReviewStatus, ReviewSubject
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import ClockName, Priority

_ids = iter(range(10**6))


def opened(now: datetime = MONDAY, **subject: Any) -> tuple[Review, list[Event]]:
    """A review that the closing of a P1 case on Monday at nine called for."""
    facts: dict[str, Any] = {
        "reason": ReviewReason.PRIORITY, "cases": (NUMBER,), "product": "云POS", "head": "tech-head", "people": PEOPLE,
    }  # fmt: skip
    request = ReviewRequest(
        number=NUMBER,
        subject=ReviewSubject(**(facts | subject)),
        department="technical_support",
        type="technical",
        subtype="数据同步失败",
        priority=Priority.P1,
        terms=ReviewRules().terms(),
        calendar=Calendar(official_years=(2024,)),
        opened_at=MONDAY,
    )
    return Review.open(request, now)


def sent(name: str, by: str, **fields: Any) -> Command:
    """A command to a review."""
    return REVIEW_COMMANDS[name].model_validate({"command_id": f"r{next(_ids)}", "by": by, **fields})


def report(
    by: str = "tech-001", *, due: datetime = MONDAY + 30 * DAY, owners: tuple[str, ...] = ("tech-002",)
) -> Command:
    """A report with a measure for each owner."""
    measures = [{"what": f"措施{index}", "owner": owner, "due": due} for index, owner in enumerate(owners, start=1)]
    return sent("review", by, root_cause="连接池耗尽", what_happened="告警没有触发", measures=measures)


def written(owners: tuple[str, ...] = ("tech-002",)) -> Review:
    """A review whose report tech-001 has handed in on Monday."""
    review, _ = opened()
    review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    assert kinds(review.handle(report(owners=owners), MONDAY + HOUR)) == [EventKind.REVIEW_SUBMITTED]
    return review


def followed(owners: tuple[str, ...] = ("tech-002",)) -> Review:
    """A review that is approved."""
    review = written(owners)
    review.handle(sent("approve", "tech-head"), MONDAY + 2 * HOUR)
    return review


def climbed(review: Review) -> list[tuple[Message, str]]:
    """Who is told when nobody does anything any more."""
    found: list[tuple[Message, str]] = []
    while (clock := review.earliest()) is not None:
        assert clock.next is not None
        found += told(review.expire(clock.next))
    return found


def refusal(review: Review, wish: Command, now: datetime = MONDAY + 3 * HOUR, facts: Any = None) -> str:
    """Why the review does not do it."""
    events = review.handle(wish, now, facts or consulted())
    assert kinds(events)[-1] is EventKind.REJECTED, kinds(events)
    return str(events[-1].detail["reason"])


def test_the_head_answers_for_a_review_until_an_author_is_named() -> None:
    review, events = opened()
    assert told(events) == [(Message.REVIEW_ASKED, "tech-head")]
    assert (review.author, review.view().waits_for) == ("tech-head", ("tech-head",))
    events = review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY + HOUR)
    assert told(events) == [(Message.REVIEW_ASSIGNED, "tech-001")]
    assert review.view().waits_for == ("tech-001",)


def test_a_report_has_five_working_days_and_no_weekend_counts() -> None:
    review, _ = opened()
    due = review.view().deadlines[0].due
    assert due == Calendar(official_years=(2024,)).add(MONDAY, 5 * 86_400, ReviewRules().report.calendar)
    assert due is not None
    assert due > MONDAY + 4 * DAY


def test_a_review_that_the_engine_opens_late_is_due_as_if_it_had_not_been() -> None:
    assert opened(MONDAY + 2 * DAY)[0].view().deadlines == opened()[0].view().deadlines


def test_the_author_is_reminded_before_the_report_is_late() -> None:
    review, _ = opened()
    review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    clock = review.earliest()
    assert clock is not None
    assert clock.next is not None
    events = review.expire(clock.next)
    assert told(events) == [(Message.REVIEW_WARNING, "tech-001")]


def test_a_late_report_climbs_one_level_a_day_and_every_level_hears_of_it_once() -> None:
    review, _ = opened()
    review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    late = review.view().deadlines[0].due
    assert late is not None
    first = review.expire(late)
    assert told(first) == [(Message.REVIEW_LATE, "tech-001"), (Message.REVIEW_ESCALATED, "tech-lead")]
    assert climbed(review) == [(Message.REVIEW_ESCALATED, "tech-head"), (Message.REVIEW_ESCALATED, "director")]
    assert review.earliest() is None
    assert review.view().late


def test_an_author_named_after_the_deadline_has_the_whole_time_and_the_climb_stops() -> None:
    review, _ = opened()
    late = review.view().deadlines[0].due
    assert late is not None
    review.expire(late)
    events = review.handle(sent("name_author", "tech-head", author="tech-002"), late + HOUR)
    assert [entry.kind for entry in events] == [EventKind.REVIEW_AUTHOR_NAMED]
    assert [deadline.clock for deadline in review.view().deadlines] == [ClockName.REVIEW]
    assert review.view().late


def test_whoever_a_late_report_is_escalated_to_can_name_another_author() -> None:
    review, _ = opened()
    review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    late = review.view().deadlines[0].due
    assert late is not None
    assert (Message.REVIEW_ESCALATED, "tech-lead") in told(review.expire(late))
    events = review.handle(sent("name_author", "tech-lead", author="tech-002"), late)
    assert kinds(events) == [EventKind.REVIEW_AUTHOR_NAMED]
    assert "name_author is for" in refusal(review, sent("name_author", "tech-002", author="tech-001"), late)


def test_nobody_approves_a_report_of_their_own() -> None:
    review = written()
    assert review.approver == "tech-head"
    assert "approve is for tech-head, director; tech-001" in refusal(review, sent("approve", "tech-001"))
    own, _ = opened()
    own.handle(report("tech-head"), MONDAY)
    assert own.approver == "director"
    assert "approve is for director" in refusal(own, sent("approve", "tech-head"))


def test_an_undecided_report_climbs_above_its_approver() -> None:
    review = written()
    due = review.view().deadlines[0].due
    assert due is not None
    events = review.expire(due)
    assert (Message.REVIEW_WARNING, "tech-head") not in told(events)
    assert told(events) == [(Message.REVIEW_LATE, "tech-head"), (Message.REVIEW_ESCALATED, "director")]


def test_a_returned_report_goes_back_to_its_author_with_the_reason_and_new_time() -> None:
    review = written()
    events = review.handle(sent("return_report", "tech-head", why="没有写为什么"), MONDAY + DAY)
    assert told(events) == [(Message.REVIEW_RETURNED, "tech-001")]
    assert events[0].notices[0].facts["why"] == "没有写为什么"
    assert (review.status, review.returned) == (ReviewStatus.WRITING, 1)
    assert kinds(review.handle(report(), MONDAY + DAY)) == [EventKind.REVIEW_SUBMITTED]


def test_owners_of_measures_are_told_when_the_report_is_approved() -> None:
    review = written(("tech-002", "tech-lead"))
    events = review.handle(sent("approve", "tech-head"), MONDAY + 2 * HOUR)
    assert told(events) == [
        (Message.REVIEW_APPROVED, "tech-001"),
        (Message.MEASURE_ASKED, "tech-002"),
        (Message.MEASURE_ASKED, "tech-lead"),
    ]
    assert review.view().waits_for == ("tech-002", "tech-lead")


def test_measures_are_followed_until_the_last_is_done_and_then_the_review_ends() -> None:
    review = followed(("tech-002", "tech-lead"))
    review.handle(sent("measure_done", "tech-002", measure=1, result="已上线"), MONDAY + DAY)
    assert review.is_open
    events = review.handle(sent("measure_done", "tech-lead", measure=2), MONDAY + 2 * DAY)
    assert kinds(events) == [EventKind.MEASURE_DONE, EventKind.REVIEW_ENDED]
    assert told(events) == [(Message.REVIEW_ENDED, "tech-head"), (Message.REVIEW_ENDED, "tech-001")]
    assert (review.status, review.earliest()) == (ReviewStatus.DONE, None)


def test_a_measure_that_is_late_is_escalated_to_the_superiors_of_its_owner() -> None:
    review = followed()
    events = review.expire(MONDAY + 30 * DAY)
    assert told(events)[-2:] == [(Message.MEASURE_LATE, "tech-002"), (Message.MEASURE_ESCALATED, "tech-lead")]
    assert review.view().measures[0].late_at == MONDAY + 30 * DAY
    assert climbed(review) == [(Message.MEASURE_ESCALATED, "tech-head"), (Message.MEASURE_ESCALATED, "director")]


def test_the_owner_of_a_measure_is_reminded_before_it_is_late() -> None:
    review = followed()
    assert told(review.expire(MONDAY + 25 * DAY)) == [(Message.MEASURE_WARNING, "tech-002")]


def test_a_late_measure_moved_to_another_day_warns_and_escalates_anew() -> None:
    review = followed()
    review.expire(MONDAY + 31 * DAY)
    assert "give it a new due time" in refusal(
        review, sent("move_measure", "tech-head", measure=1, owner="tech-lead", why="x"), MONDAY + 32 * DAY
    )
    later = MONDAY + 40 * DAY
    events = review.handle(sent("move_measure", "tech-head", measure=1, due=later, why="等待采购"), MONDAY + 32 * DAY)
    assert told(events) == [(Message.MEASURE_ASKED, "tech-002")]
    assert (Message.MEASURE_LATE, "tech-002") in told(review.expire(later))


def test_nothing_is_late_twice_and_a_done_measure_is_not_late() -> None:
    review = followed()
    review.handle(sent("measure_done", "tech-002", measure=1), MONDAY + DAY)
    assert review.expire(MONDAY + 90 * DAY) == []


def test_a_measure_sent_in_time_is_in_time_however_late_it_is_read() -> None:
    review = followed()
    done = sent("measure_done", "tech-002", measure=1, at=MONDAY + 29 * DAY)
    events = review.handle(done, MONDAY + 31 * DAY)
    assert EventKind.MEASURE_LATE not in kinds(events)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (sent("measure_done", "tech-002", measure=1), "followed once the report is approved"),
        (sent("measure_done", "tech-002", measure=7), "there is no measure 7; allowed: 1 to 1"),
        (report(), "handed in already: the review is awaiting_approval"),
        (sent("name_author", "tech-head", author="tech-002"), "handed in already"),
        (sent("approve", "agent-001"), "approve is for tech-head, director; agent-001 is not among them"),
    ],
)  # fmt: skip
def test_what_comes_at_the_wrong_time_or_from_the_wrong_person_is_refused_with_the_reason(
    wish: Command, says: str
) -> None:
    assert says in refusal(written(), wish)


def test_a_report_names_only_people_who_work_here_and_days_that_are_to_come() -> None:
    review, _ = opened()
    wish = report("tech-head", owners=("nobody",))
    assert review.needs(wish) is not None
    assert refusal(review, wish) == "nobody is not in the organisation"
    assert "measure 1: due 2024-05-06T08:00+08:00 is in the past" in refusal(
        review, report("tech-head", due=MONDAY - HOUR)
    )
    assert review.status is ReviewStatus.WRITING


def test_people_of_other_departments_can_own_a_measure_once_they_are_looked_up() -> None:
    review, _ = opened()
    wish = report("tech-head", owners=("sales-001",))
    lookup = review.needs(wish)
    assert lookup is not None
    assert lookup.people == ("sales-001",)
    assert kinds(review.handle(wish, MONDAY, consulted(people=SALES))) == [EventKind.REVIEW_SUBMITTED]
    review.handle(sent("approve", "director"), MONDAY)
    assert told(review.expire(MONDAY + 30 * DAY))[-1] == (Message.MEASURE_ESCALATED, "sales-lead")


def test_the_same_command_twice_is_one_command() -> None:
    review, _ = opened()
    wish = report("tech-head")
    review.handle(wish, MONDAY)
    assert review.handle(wish, MONDAY + HOUR) == []


def test_a_review_survives_a_round_trip_through_json() -> None:
    review = followed(("tech-002", "tech-lead"))
    again = Review.model_validate_json(review.model_dump_json())
    assert again == review
    assert told(again.expire(MONDAY + 60 * DAY)) == told(review.expire(MONDAY + 60 * DAY))


def test_a_review_can_be_ended_by_those_above_it_with_the_reason() -> None:
    review, _ = opened()
    assert "end is for" in refusal(review, sent("end", "tech-001", reason="x"))
    events = review.handle(sent("end", "tech-head", reason="重复"), MONDAY)
    assert (kinds(events), review.view().ended_because) == ([EventKind.REVIEW_ENDED], "重复")
    assert "is over" in refusal(review, report("tech-head"))


def test_a_report_without_a_measure_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Problem, match="measures"):
        parse_command("review", {"by": "x", "root_cause": "y", "measures": []}, "id", REVIEW_COMMANDS)


def test_a_signal_that_cannot_be_read_is_in_the_timeline() -> None:
    review, _ = opened()
    events = review.reject("rewiev", "c1", "tech-001", "unknown signal", MONDAY)
    assert (kinds(events), events[0].detail["reason"]) == ([EventKind.REJECTED], "unknown signal")


def test_only_what_somebody_worked_on_calls_for_a_review() -> None:
    case, _ = open_case(Priority.P0)
    case.terms = terms(review=ReviewRules().terms())
    case.handle(command("withdraw", "customer", why="误报"), MONDAY + timedelta(minutes=1))
    assert calls_for_review(case) is None
    case, _ = open_case(Priority.P0)
    case.terms = terms(review=ReviewRules().terms())
    case.handle(command("reply", "tech-001", text="在查"), MONDAY)
    case.handle(command("withdraw", "customer", why="已恢复"), MONDAY + HOUR)
    assert calls_for_review(case) is not None


def test_a_review_sent_to_its_case_is_told_where_it_belongs() -> None:
    case, _ = open_case()
    measures = [{"what": "a", "owner": "b", "due": MONDAY + DAY}]
    wish = command("review", "tech-001", root_cause="x", measures=measures)
    events = case.handle(wish, MONDAY)
    assert f"{NUMBER}/review" in str(events[-1].detail["reason"])


def test_a_head_cannot_put_off_a_late_report_again_and_again_by_naming_authors() -> None:
    review, _ = opened()
    first = review.view().deadlines[0].due
    assert first is not None
    review.expire(first)
    review.handle(sent("name_author", "tech-head", author="tech-002"), first)
    second = next(one.due for one in review.view().deadlines if one.clock is ClockName.REVIEW)
    assert second is not None
    review.expire(second)
    climbing = review.view().deadlines
    review.handle(sent("name_author", "tech-head", author="tech-001"), second)
    assert review.view().deadlines == climbing, "no new time, and the climb goes on"


def test_a_case_that_closes_while_its_problem_is_reviewed_is_in_the_history_of_the_review() -> None:
    review, _ = opened()
    events = review.handle(sent("case_added", "system", number="FB202405060009"), MONDAY + HOUR)
    assert kinds(events) == [EventKind.REVIEW_CASE_ADDED]
    assert review.view().cases == (NUMBER, "FB202405060009")
    assert "covered already" in refusal(review, sent("case_added", "system", number="FB202405060009"))
    assert "for the case itself" in refusal(review, sent("case_added", "tech-head", number="FB1"))


def test_a_measure_due_in_forty_years_is_refused_with_the_latest_time_allowed() -> None:
    review, _ = opened()
    review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    (refused,) = review.handle(report(due=MONDAY + 40 * 365 * DAY), MONDAY + HOUR)
    assert refused.kind is EventKind.REJECTED
    assert "too far ahead; allowed: up to 2029-05-05" in str(refused.detail["reason"])


def test_a_report_at_the_very_moment_it_is_due_is_not_late() -> None:
    review, _ = opened()
    due = next(iter(review.clocks.values())).due
    assert due is not None
    events = review.handle(sent("name_author", "tech-head", author="tech-001"), MONDAY)
    events += review.handle(report(due=due + DAY), due)
    assert kinds(events)[-1] is EventKind.REVIEW_SUBMITTED
    assert EventKind.REVIEW_LATE not in kinds(events)
