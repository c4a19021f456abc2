"""A later, different answer of the customer's own hand counts, within the policy's days; nobody else's does (R39)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DAY, HOUR, MINUTE, RESOLUTION, command, kinds, resolved_case, terms, told
from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.vocabulary import (
    CUSTOMER,
    ClockName,
    NeutralRule,
    Priority,
    Resolution,
    Satisfaction,
    Status,
)

WEEK = {"correct_within": 7 * DAY.total_seconds(), "owner_may_take_down": False}
BAD = (Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED)
GOOD = (Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED)


def solved(**changes: Any) -> tuple[Case, datetime]:
    """A case whose solution is with the customer, and whose policy lets them correct an answer for a week."""
    case, now = resolved_case()
    case.terms = terms(**(WEEK | changes))
    return case, now


def say(case: Case, name: str, now: datetime, *, via: str = "link", **fields: Any) -> list[Event]:
    return case.handle(command(name, CUSTOMER, via=via, **fields), now)


def closed(now: datetime | None = None, **changes: Any) -> tuple[Case, datetime]:
    """The same, closed by the customer's own hand as satisfied."""
    case, then = solved(**changes)
    say(case, "rate", then, score="satisfied")
    assert case.is_closed
    return case, now or then


def test_a_customer_who_slipped_gives_the_other_verdict_after_the_case_closed() -> None:
    case, now = closed()
    (rated,) = say(case, "rate", now + 6 * DAY, score="very_satisfied", comment="很快")
    assert (rated.kind, rated.detail["corrects"]) == (EventKind.RATED, EventKind.RATED)
    assert (case.satisfaction, case.resolution, case.closed_at) == ("very_satisfied", Resolution.SATISFIED, now)
    (rated,) = say(case, "rate", now + 6 * DAY, score="neutral")
    assert (case.resolution, case.flagged, case.is_closed) == (Resolution.NEUTRAL, True, True)
    say(case, "rate", now + 6 * DAY, score="satisfied")
    assert (case.resolution, case.flagged) == (Resolution.SATISFIED, False)
    assert case.closed_at == now, "the days count from the first answer"


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("rate", {"score": "dissatisfied", "comment": "又坏了"}, "dissatisfied"),
        ("refuse", {"why": "又坏了"}, "refused"),
    ],
)
def test_a_verdict_that_turns_bad_reopens_the_closed_case_with_everything_that_runs(
    name: str, fields: dict[str, Any], reason: str
) -> None:
    case, now = closed()
    events = say(case, name, now + 3 * DAY, **fields)
    assert kinds(events)[-1] is EventKind.REOPENED
    assert events[0].detail["corrects"] == EventKind.RATED
    assert events[-1].detail["reason"] == reason
    assert (case.status, case.resolution, case.closed_at, case.satisfaction) == (Status.DISPATCHED, None, None, None)
    assert (case.owner, case.priority, case.reopened) == ("tech-lead", Priority.P0, 1)
    assert {ClockName.CLAIM, ClockName.RESPONSE, ClockName.RESOLUTION} <= set(case.clocks)
    assert (Message.REOPENED, "tech-lead") in told(events)
    view = case.view()
    assert (view.correctable_until, view.waiting is not None) == (None, True)


def test_the_same_answer_again_is_known_and_leaves_no_trace() -> None:
    case, now = closed()
    for name, fields in (("rate", {"score": "satisfied"}), ("confirm", {})):
        again = command(name, CUSTOMER, via="code", **fields)
        assert case.handle(again, now + DAY) == []
        assert case.outcomes[again.command_id].accepted
    case, now = solved()
    say(case, "confirm", now)
    assert say(case, "confirm", now + MINUTE) == []
    say(case, "refuse", now + HOUR, why="不行")
    assert say(case, "refuse", now + HOUR, why="还是不行") == []
    assert case.reopened == 1
    case, now = solved()
    say(case, "rate", now, score="dissatisfied", comment="慢")
    assert say(case, "rate", now, score="dissatisfied", comment="慢") == []
    assert case.reopened == 1


@pytest.mark.parametrize(
    ("by", "fields"),
    [
        (CUSTOMER, {"via": "console"}),
        (CUSTOMER, {"via": "console", "relayed_by": "agent-001"}),
        ("followup-001", {"via": "desk"}),
        ("director", {"via": "desk"}),
    ],
)
def test_to_everybody_else_a_case_that_can_be_corrected_is_closed(by: str, fields: dict[str, Any]) -> None:
    case, now = closed()
    before = case.view()
    events = case.handle(command("rate", by, score="dissatisfied", **fields), now + DAY)
    assert kinds(events) == [EventKind.REJECTED]
    assert "the case is closed (satisfied)" in str(events[0].detail["reason"])
    assert case.view() == before.model_copy(update={"sequence": before.sequence + 1, "updated_at": now + DAY})
    for name in ("supply", "withdraw"):
        (refused,) = say(case, name, now + DAY, **{"text": "x"} if name == "supply" else {"why": "x"})
        assert "closed" in str(refused.detail["reason"])


def test_after_the_days_and_where_the_policy_has_none_an_answer_stands() -> None:
    case, now = closed()
    assert case.correctable_until == now + 7 * DAY
    (refused,) = say(case, "rate", now + 7 * DAY + MINUTE, score="dissatisfied")
    assert refused.kind is EventKind.REJECTED
    case, now = closed(correct_within=0.0)
    assert case.correctable_until is None
    (refused,) = say(case, "rate", now + MINUTE, score="dissatisfied")
    assert refused.kind is EventKind.REJECTED


FILE: dict[str, Any] = {"id": "0" * 32, "name": "照片.jpg", "size": 9, "type": "jpeg"}


def test_what_the_customer_writes_meanwhile_is_on_record_and_told_and_neither_opens_the_case_nor_starts_a_clock() -> (
    None
):
    case, now = closed()
    before = case.view()
    wrote = say(case, "customer_wrote", now + DAY, via="mail", text="谢谢！", acknowledge=True)
    attached = say(case, "attach", now + DAY, via="mail", files=[FILE])

    assert kinds(wrote) + kinds(attached) == [EventKind.CUSTOMER_WROTE, EventKind.ATTACHED]
    assert wrote[0].detail["answer_due"] is None
    assert told(wrote) == [(Message.CUSTOMER_WROTE, "tech-001"), (Message.MESSAGE_RECEIVED, CUSTOMER)]
    assert case.view() == before.model_copy(update={"sequence": before.sequence + 2, "updated_at": now + DAY})
    assert case.next_deadline is None
    say(case, "refuse", now + 2 * DAY, why="还是不行")
    assert case.reopened == 1, "their link still does"


def test_a_file_that_was_missing_moves_nothing_in_a_closed_case() -> None:
    case, now = closed()
    case.missing = ["attachments"]
    say(case, "attach", now + DAY, via="mail", files=[FILE])
    assert (case.is_closed, case.clocks) == (True, {})


def test_after_the_days_and_in_a_case_that_somebody_else_closed_words_need_a_case_of_their_own() -> None:
    case, now = closed()
    (refused,) = say(case, "customer_wrote", now + 8 * DAY, via="mail", text="又坏了")
    assert refused.kind is EventKind.REJECTED
    case, now = solved()
    case.handle(command("rate", CUSTOMER, score="satisfied", via="console"), now)
    (refused,) = say(case, "customer_wrote", now + DAY, via="mail", text="又坏了")
    assert refused.kind is EventKind.REJECTED


@pytest.mark.parametrize("fields", [{"via": "console"}, {"via": "desk", "relayed_by": "agent-001"}])
def test_a_case_that_was_closed_by_what_somebody_took_down_is_closed_for_good(fields: dict[str, str]) -> None:
    case, now = solved()
    case.handle(command("rate", CUSTOMER, score="satisfied", **fields), now)
    assert case.is_closed and case.correctable_until is None
    (refused,) = say(case, "rate", now + MINUTE, score="dissatisfied")
    assert refused.kind is EventKind.REJECTED


def test_a_case_at_rest_has_no_clock_and_nobody_to_wait_for() -> None:
    case, _ = closed()
    assert (case.clocks, case.next_deadline, case.view().waiting, case.view().deadlines) == ({}, None, None, ())


def test_whoever_refused_by_a_slip_accepts_before_anybody_has_begun() -> None:
    case, now = solved()
    say(case, "refuse", now, why="点错了")
    assert case.status is Status.DISPATCHED
    assert case.view().retractable_until == now + 7 * DAY
    events = say(case, "confirm", now + 5 * MINUTE)
    assert case.view().retractable_until is None
    assert events[-1].detail["corrects"] == EventKind.REFUSED
    assert (case.status, case.solution) == (Status.AWAITING_RATING, RESOLUTION["solution"])
    assert (case.reopened, case.owner) == (1, "tech-lead"), "that it was reopened stays true"
    assert set(case.clocks) == {ClockName.RATING, ClockName.FOLLOW_UP}, "nobody works for nothing"
    say(case, "rate", now + HOUR, score="satisfied")
    assert case.resolution is Resolution.SATISFIED


def test_once_somebody_works_on_it_again_a_refusal_stands() -> None:
    case, now = solved()
    say(case, "refuse", now, why="不行")
    case.handle(command("claim", "tech-lead"), now + MINUTE)
    assert case.view().retractable_until is None
    events = say(case, "confirm", now + 2 * MINUTE)
    assert "there is no solution to confirm" in str(events[-1].detail["reason"])
    case, now = solved()
    say(case, "refuse", now, why="不行")
    assert EventKind.ESCALATED in kinds(case.expire(now + HOUR))
    assert kinds(say(case, "confirm", now + HOUR))[-1] is EventKind.CONFIRMED, "time alone is nobody's work"
    assert case.escalation.acknowledged, "and who was called need not come"


def test_a_refusal_that_somebody_took_down_is_not_taken_back_by_a_link_and_nor_the_other_way_round() -> None:
    case, now = solved()
    say(case, "refuse", now, why="不行", via="console")
    assert kinds(say(case, "confirm", now))[-1] is EventKind.REJECTED
    case, now = solved()
    say(case, "refuse", now, why="不行")
    assert kinds(say(case, "confirm", now, via="console"))[-1] is EventKind.REJECTED


@pytest.mark.parametrize("neutral", list(NeutralRule))
def test_a_neutral_rating_that_is_corrected_goes_by_the_rule_of_the_policy(neutral: NeutralRule) -> None:
    case, now = closed(neutral=neutral)
    say(case, "rate", now + HOUR, score="neutral")
    assert case.is_closed is (neutral is NeutralRule.CLOSE)
    case, now = solved(neutral=neutral)
    say(case, "rate", now, score="neutral")
    say(case, "rate", now + HOUR, score="satisfied")
    assert case.resolution is Resolution.SATISFIED


_ANSWER = st.one_of(
    st.tuples(st.just("rate"), st.sampled_from([*GOOD, *BAD])),
    st.tuples(st.just("refuse"), st.none()),
    st.tuples(st.just("confirm"), st.none()),
)


@given(answers=st.lists(_ANSWER, min_size=1, max_size=8))
def test_of_all_answers_in_a_week_the_last_one_counts(answers: list[tuple[str, Satisfaction | None]]) -> None:
    case, now = solved()
    for name, score in answers:
        now += MINUTE
        restored = Case.model_validate_json(case.model_dump_json())
        fields = {"score": score} if score else {"why": "x"} if name == "refuse" else {}
        say(restored, name, now, **fields)
        assert not restored.take_caught()
        assert restored.is_closed is (restored.resolution is not None) is (restored.closed_at is not None)
        assert (restored.correctable_until is None) or restored.is_closed
        if restored.is_closed:
            assert restored.clocks == {}
        case = restored
    name, score = answers[-1]
    if score in GOOD:
        assert case.is_closed and case.satisfaction == score
    elif name == "confirm":
        assert case.is_closed or case.status is Status.AWAITING_RATING
    else:
        assert case.status is Status.DISPATCHED, "it is handled again"


def test_the_owner_does_not_take_down_the_verdict_on_their_own_work() -> None:
    for name, fields in (("confirm", {}), ("rate", {"score": "satisfied"})):
        case, now = solved()
        (refused,) = case.handle(command(name, CUSTOMER, relayed_by="tech-001", **fields), now)
        assert str(refused.detail["reason"]).startswith("tech-001 owns this case and may not take down a")
        assert "followup-001, a superior or a colleague takes it down" in str(refused.detail["reason"])
        for other in ("tech-lead", "tech-002", "agent-001"):
            case, now = solved()
            events = case.handle(command(name, CUSTOMER, relayed_by=other, **fields), now)
            assert EventKind.REJECTED not in kinds(events)
    case, now = solved()
    case.terms = terms(**WEEK, follow_up="tech-001")
    (refused,) = case.handle(command("rate", "tech-001", score="satisfied"), now)
    assert "own" in str(refused.detail["reason"]), "neither in their own name, where they do the follow-up"
    case, now = solved()
    events = case.handle(command("refuse", CUSTOMER, why="不行", relayed_by="tech-001"), now)
    assert EventKind.REOPENED in kinds(events), "what speaks against their work is theirs to take down"


def test_a_policy_may_let_the_owner_take_it_down() -> None:
    case, now = solved(owner_may_take_down=True)
    case.handle(command("rate", CUSTOMER, score="satisfied", relayed_by="tech-001"), now)
    assert case.is_closed
