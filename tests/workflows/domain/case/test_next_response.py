"""What the customer writes after the first reply gets an answer of its own, in time (R34, R42)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import DAY, HOUR, MINUTE, MONDAY, RESOLUTION, command, kinds, open_case, told
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind, Message
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority, Reachable, Status, Via


def answered_case() -> Case:
    case, _ = open_case(Priority.P2)
    case.handle(command("claim", "tech-001"), MONDAY + MINUTE)
    case.handle(command("reply", "tech-001", text="在查"), MONDAY + HOUR)
    return case


def refusal(case: Case, name: str, by: str, now: datetime, **fields: Any) -> bool:
    return kinds(case.handle(command(name, by, **fields), now)) == [EventKind.REJECTED]


def wrote(case: Case, now: datetime, **fields: Any) -> list[Any]:
    given = {"text": "还是不行", "via": Via.MAIL, **fields}
    return case.handle(command("customer_wrote", CUSTOMER, **given), now)


def test_what_the_customer_writes_after_the_first_reply_gets_the_time_of_a_first_reply() -> None:
    case = answered_case()
    events = wrote(case, MONDAY + 2 * HOUR)

    assert kinds(events) == [EventKind.CUSTOMER_WROTE]
    assert told(events) == [(Message.CUSTOMER_WROTE, "tech-001")]
    promised = case.terms.levels[Priority.P2].clocks[ClockName.RESPONSE].within
    assert case.due(ClockName.NEXT_RESPONSE) == MONDAY + 2 * HOUR + timedelta(seconds=promised)
    assert events[0].detail["text"] == "还是不行" and events[0].detail["via"] == "mail"


def test_before_the_first_reply_the_clock_of_the_first_reply_is_the_promise() -> None:
    case, _ = open_case(Priority.P2)
    wrote(case, MONDAY + MINUTE)

    assert ClockName.NEXT_RESPONSE not in case.clocks and ClockName.RESPONSE in case.clocks


def test_writing_again_and_again_moves_no_promise() -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    due = case.due(ClockName.NEXT_RESPONSE)
    wrote(case, MONDAY + 3 * HOUR)

    assert case.due(ClockName.NEXT_RESPONSE) == due


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("reply", {"text": "正在更换"}),
        ("progress", {"text": "备件已到"}),
        ("request_info", {"text": "型号?", "fields": ["product"]}),
        ("resolve", dict(RESOLUTION)),
        ("told", {"text": "已电话说明"}),
    ],
)
def test_every_answer_to_the_customer_stops_it(name: str, fields: dict[str, Any]) -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    case.handle(command(name, "tech-001", **fields), MONDAY + 3 * HOUR)

    assert ClockName.NEXT_RESPONSE not in case.clocks and case.view().unanswered_since is None


def test_an_internal_update_is_no_answer() -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    case.handle(command("progress", "tech-001", text="内部", internal=True), MONDAY + 3 * HOUR)

    assert ClockName.NEXT_RESPONSE in case.clocks


def test_an_answer_counts_as_a_progress_update() -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    case.handle(command("reply", "tech-001", text="正在更换"), MONDAY + 3 * HOUR)

    assert case.due(ClockName.PROGRESS) == MONDAY + 3 * HOUR + DAY


def test_an_answer_that_does_not_come_is_warned_of_missed_and_escalates() -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    events = case.expire(case.due(ClockName.NEXT_RESPONSE) or MONDAY)

    assert (EventKind.WARNED, Message.NEXT_RESPONSE_WARNING) in [
        (event.kind, notice.message) for event in events for notice in event.notices
    ] or ClockName.NEXT_RESPONSE in [breach.clock for breach in case.breaches]
    assert ClockName.NEXT_RESPONSE in [breach.clock for breach in case.breaches]
    assert Message.NEXT_RESPONSE_BREACHED in [message for message, _ in told(events)]
    assert EventKind.ESCALATED in kinds(events)
    assert case.view().unanswered_since == MONDAY + 2 * HOUR, "it is still owed"


def test_words_about_the_result_are_no_consent_and_may_be_answered() -> None:
    case = answered_case()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + 2 * HOUR)
    events = wrote(case, MONDAY + 3 * HOUR, text="好了，谢谢，可以关闭", acknowledge=True)

    assert case.status is Status.AWAITING_CONFIRMATION and case.accepted_at is None
    assert (Message.MESSAGE_RECEIVED, CUSTOMER) in told(events)
    assert refusal(case, "progress", "tech-001", MONDAY + 4 * HOUR, text="x")
    assert kinds(case.handle(command("reply", "tech-001", text="请点链接确认"), MONDAY + 4 * HOUR)) == [
        EventKind.REPLIED
    ]
    assert refusal(case, "reply", "tech-001", MONDAY + 5 * HOUR, text="x"), "nothing is left to answer"


def test_acceptance_by_their_own_hand_ends_the_wait() -> None:
    case = answered_case()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + 2 * HOUR)
    wrote(case, MONDAY + 3 * HOUR)
    case.handle(command("confirm", CUSTOMER, via=Via.LINK), MONDAY + 4 * HOUR)

    assert ClockName.NEXT_RESPONSE not in case.clocks


def test_the_answer_to_what_was_asked_needs_no_clock_of_its_own() -> None:
    case = answered_case()
    case.handle(command("request_info", "tech-001", text="版本?", fields=["product"]), MONDAY + 2 * HOUR)
    events = wrote(case, MONDAY + 3 * HOUR, text="5.2")

    assert EventKind.SUPPLIED in kinds(events)
    assert case.missing == [] and ClockName.NEXT_RESPONSE not in case.clocks


def test_where_only_a_person_reaches_the_customer_the_answer_counts_when_it_was_told() -> None:
    case = answered_case()
    wrote(case, MONDAY + 2 * HOUR)
    case.reachable = Reachable.BY_PERSON
    case.handle(command("reply", "tech-001", text="x"), MONDAY + 3 * HOUR)
    assert ClockName.NEXT_RESPONSE in case.clocks
    case.handle(command("told", "tech-001"), MONDAY + 4 * HOUR)
    assert ClockName.NEXT_RESPONSE not in case.clocks


def test_the_policy_may_promise_another_time_for_it() -> None:
    case = answered_case()
    level = case.terms.levels[Priority.P2]
    own = level.clocks[ClockName.RESPONSE].model_copy(update={"within": 1800.0})
    levels = {
        **case.terms.levels,
        Priority.P2: level.model_copy(update={"clocks": {**level.clocks, "next_response": own}}),
    }
    case.terms = case.terms.model_copy(update={"levels": levels})
    wrote(case, MONDAY + 2 * HOUR)

    assert case.due(ClockName.NEXT_RESPONSE) == MONDAY + 2 * HOUR + 30 * MINUTE
