"""The customer's verdict: accepted, refused, rated, withdrawn."""

from __future__ import annotations

import pytest

from tests.builders import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    RESOLUTION,
    command,
    consulted,
    kinds,
    open_case,
    resolved_case,
    settlement,
    terms,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind, Message
from workflows.domain.vocabulary import CUSTOMER, ClockName, NeutralRule, Priority, Resolution, Status


def test_the_promise_counts_from_acceptance_even_when_the_engine_was_away() -> None:
    case, _ = Case.open("FB1", settlement(Priority.P1, accepted_at=MONDAY), MONDAY + 2 * HOUR)
    events = case.expire(MONDAY + 2 * HOUR)
    assert [b.clock for b in case.breaches] == [ClockName.CLAIM, ClockName.RESPONSE]
    assert EventKind.WARNED not in kinds(events)


def test_a_stranger_is_looked_up_and_refused_when_unknown() -> None:
    case, _ = open_case()
    wish = command("note", "agent-999", text="?")
    lookup = case.needs(wish)
    assert lookup is not None and lookup.people == ("agent-999",)
    events = case.handle(wish, MONDAY, consulted(problems=("agent-999 is not in the organisation",)))
    assert events[-1].detail["reason"] == "agent-999 is not in the organisation"


def test_a_resolved_case_waits_for_the_customer_for_ever_and_never_closes_by_silence() -> None:
    case, now = resolved_case()
    events = [event for days in range(400) for event in case.expire(now + days * DAY)]
    assert case.status is Status.AWAITING_CONFIRMATION
    assert (Message.CONFIRMATION_REMINDER, CUSTOMER) in told(events)
    assert (Message.SILENT_CUSTOMER, "followup-head") in told(events)


def test_a_company_may_choose_to_close_after_long_silence() -> None:
    case, _ = Case.open("FB1", settlement(terms_=terms(close_silent_after=10 * DAY.total_seconds())), MONDAY)
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    for days in range(20):
        case.expire(MONDAY + days * DAY)
    assert case.resolution is Resolution.ACCEPTED


def test_accepted_and_satisfied_closes_and_tells_everyone_concerned() -> None:
    case, now = resolved_case()
    events = case.handle(command("confirm", CUSTOMER), now + HOUR)
    assert (Message.QUESTIONNAIRE, CUSTOMER) in told(events)
    assert case.status is Status.AWAITING_RATING
    events = case.handle(command("rate", CUSTOMER, score="very_satisfied"), now + 2 * HOUR)
    assert case.resolution is Resolution.SATISFIED
    assert (Message.CLOSED, CUSTOMER) in told(events)
    assert case.clocks == {}


def test_accepted_and_never_rated_closes_by_itself_unrated() -> None:
    case, now = resolved_case()
    case.handle(command("confirm", CUSTOMER), now)
    for days in range(12):
        case.expire(now + days * DAY)
    assert case.resolution is Resolution.ACCEPTED
    assert case.closed_at is not None


def test_a_satisfied_rating_alone_is_acceptance() -> None:
    case, now = resolved_case()
    case.handle(command("rate", "followup-001", score="satisfied"), now)
    assert case.resolution is Resolution.SATISFIED


def test_the_owner_does_not_rate_or_confirm_their_own_work() -> None:
    case, now = resolved_case()
    assert kinds(case.handle(command("rate", "tech-001", score="satisfied"), now)) == [EventKind.REJECTED]
    assert kinds(case.handle(command("confirm", "tech-001"), now)) == [EventKind.REJECTED]


def test_a_neutral_rating_closes_an_accepted_case_and_marks_it() -> None:
    case, now = resolved_case()
    case.handle(command("confirm", CUSTOMER), now)
    case.handle(command("rate", CUSTOMER, score="neutral"), now)
    assert case.resolution is Resolution.NEUTRAL
    assert case.flagged


def test_a_neutral_rating_before_acceptance_still_waits_for_acceptance() -> None:
    case, now = resolved_case()
    case.handle(command("rate", CUSTOMER, score="neutral"), now)
    assert case.status is Status.AWAITING_CONFIRMATION
    case.handle(command("confirm", CUSTOMER), now)
    assert case.resolution is Resolution.NEUTRAL


def test_a_policy_may_make_a_neutral_rating_reopen() -> None:
    case, _ = Case.open("FB1", settlement(terms_=terms(neutral=NeutralRule.REOPEN)), MONDAY)
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY)
    case.handle(command("rate", CUSTOMER, score="neutral"), MONDAY)
    assert case.status is Status.DISPATCHED
    assert case.reopened == 1


def test_a_dissatisfied_customer_is_handled_anew_higher_up_and_faster() -> None:
    case, now = resolved_case(Priority.P2)
    case.handle(command("confirm", CUSTOMER), now)
    events = case.handle(command("rate", CUSTOMER, score="dissatisfied", comment="没有解决"), now + HOUR)
    assert case.priority is Priority.P1
    assert case.owner == "tech-lead"
    assert case.status is Status.DISPATCHED
    assert case.due(ClockName.RESPONSE) == now + 2 * HOUR
    assert {(Message.REOPENED, "tech-lead"), (Message.REOPENED_CUSTOMER, CUSTOMER)} <= set(told(events))


def test_a_customer_may_withdraw_and_so_may_a_superior_but_not_the_owner() -> None:
    for by, closed in ((CUSTOMER, True), ("tech-head", True), ("tech-001", False)):
        case, _ = open_case()
        case.handle(command("withdraw", by, why="不用了"), MONDAY + MINUTE)
        assert case.is_closed is closed


def test_a_closed_case_refuses_everything_and_says_why() -> None:
    case, _ = open_case()
    case.handle(command("withdraw", CUSTOMER, why="不用了"), MONDAY + MINUTE)
    events = case.handle(command("reply", "tech-001", text="?"), MONDAY + 2 * MINUTE)
    assert kinds(events) == [EventKind.REJECTED]
    assert "closed" in str(events[0].detail["reason"])


@pytest.mark.parametrize("name", ["reply", "progress", "resolve", "claim"])
def test_work_on_a_case_that_nobody_owns_is_refused_in_words(name: str) -> None:
    case, _ = open_case(Priority.P2, missing=("product",))
    fields = {"reply": {"text": "x"}, "progress": {"text": "x"}, "resolve": RESOLUTION}.get(name, {})
    events = case.handle(command(name, "duty-001", **fields), MONDAY)
    assert kinds(events) == [EventKind.REJECTED]
