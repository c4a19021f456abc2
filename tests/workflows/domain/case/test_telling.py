"""No message to a customer is lost in silence: what no channel brings is a person's task until it was told (R43)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.builders import DAY, HOUR, MINUTE, MONDAY, NUMBER, RESOLUTION, command, consulted, kinds, open_case, told
from workflows.domain.case.aggregate import Case
from workflows.domain.case.recorded.customer_status import customer_action, customer_status, solution_given
from workflows.domain.case.recorded.overdue import standing_breaches
from workflows.domain.case.recorded.view_json import CaseViewJson
from workflows.domain.case.view import Waiting
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority, Reachable, Resolution, Status

TASK = (Message.FEEDBACK_DUE, "tech-001")


def by_telephone(priority: Priority = Priority.P1, **opening: object) -> tuple[Case, list[Event]]:
    """A case whose customer has a telephone alone, where mail alone is sent."""
    return open_case(priority, reachable=Reachable.BY_PERSON, **opening)


def view_of(case: Case) -> CaseViewJson:
    view: CaseViewJson = case.view().model_dump(mode="json")  # type: ignore[assignment]
    return view


def untold(case: Case) -> list[Message]:
    return [one.message for one in case.view().untold]


def refused(message: str, key: str = "", *, given_up: bool = False) -> Command:
    return command(
        "undeliverable", "system", message=message, recipient=CUSTOMER, channel="email", error="550 no such user",
        key=key or None, refused=not given_up,
    )  # fmt: skip


def resolved_by_telephone() -> tuple[Case, datetime]:
    case, _ = by_telephone()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    case.handle(command("told", "tech-001"), MONDAY + 2 * MINUTE)
    return case, MONDAY + 2 * MINUTE


def test_the_number_of_a_customer_without_a_channel_is_a_task_to_call_from_the_beginning() -> None:
    case, events = by_telephone()
    assert kinds(events)[-1] is EventKind.UNTOLD
    assert TASK in told(events)
    assert events[0].notices[0].by_person
    assert untold(case) == [Message.CREATED]
    assert case.due(ClockName.FEEDBACK) is not None
    (task,) = [notice for notice in events[-1].notices if notice.message is Message.FEEDBACK_DUE]
    assert task.facts["untold"] == [{"message": "created", "key": f"{NUMBER}:created:open:customer"}]


def test_before_there_is_an_owner_the_first_receiver_has_to_call() -> None:
    case, events = by_telephone(Priority.P3, missing=("description.steps",))
    assert (Message.FEEDBACK_DUE, "agent-001") in told(events)
    assert untold(case) == [Message.CREATED, Message.INFORMATION_REQUESTED]
    assert case.view().waiting == Waiting(clock=ClockName.FEEDBACK, who="agent-001", until=case.due(ClockName.FEEDBACK))
    assert kinds(case.handle(command("told", "agent-001"), MONDAY + HOUR)) == [EventKind.FEEDBACK_GIVEN]


def test_a_reply_nobody_has_told_is_no_first_reply_and_misses_its_promise() -> None:
    case, _ = by_telephone()
    events = case.handle(command("reply", "tech-001", text="在查"), MONDAY + 5 * MINUTE)
    assert events[-1].detail["unanswered"] is True
    assert case.responded_at is None
    case.expire(MONDAY + 2 * HOUR)
    assert ClockName.RESPONSE in [breach.clock for breach in case.breaches]


@pytest.mark.parametrize("name", ["told", "feedback"])
def test_the_first_reply_counts_when_a_person_says_that_it_was_told(name: str) -> None:
    case, _ = by_telephone()
    case.handle(command("reply", "tech-001", text="在查"), MONDAY + 5 * MINUTE)
    events = case.handle(command(name, "tech-001", text="已电话告知"), MONDAY + 9 * MINUTE)
    assert events[-1].detail["messages"] == ["created", "replied"]
    assert events[-1].detail["answered"] is True
    assert case.responded_at == MONDAY + 9 * MINUTE
    assert untold(case) == []
    assert {ClockName.RESPONSE, ClockName.FEEDBACK}.isdisjoint(case.clocks)


def test_telling_what_is_no_answer_does_not_count_as_the_first_reply() -> None:
    case, _ = by_telephone()
    case.handle(command("told", "tech-001"), MONDAY + MINUTE)
    assert case.responded_at is None
    assert ClockName.RESPONSE in case.clocks


def test_nothing_untold_cannot_be_told() -> None:
    case, _ = open_case()
    events = case.handle(command("told", "tech-001"), MONDAY)
    assert "nothing is left to tell" in str(events[-1].detail["reason"])


def test_a_call_that_is_not_made_is_warned_of_missed_and_escalates() -> None:
    case, _ = by_telephone(Priority.P3)
    events = [event for hours in range(60) for event in case.expire(MONDAY + hours * HOUR)]
    assert TASK in told(events)
    assert (Message.FEEDBACK_OVERDUE, "tech-001") in told(events)
    causes = [str(event.detail) for event in events if event.kind is EventKind.ESCALATED]
    assert any("feedback" in cause for cause in causes)
    assert "feedback" in [breach["clock"] for breach in standing_breaches(view_of(case))]
    case.handle(command("told", "tech-001"), MONDAY + 60 * HOUR)
    assert "feedback" not in [breach["clock"] for breach in standing_breaches(view_of(case))]


def test_a_result_nobody_has_told_waits_for_the_owner_and_not_for_the_customer() -> None:
    case, _ = by_telephone()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    assert case.status is Status.AWAITING_CONFIRMATION
    assert ClockName.RESPONSE in case.clocks
    waiting = case.view().waiting
    assert waiting is not None and (waiting.clock, waiting.who) == (ClockName.FEEDBACK, "tech-001")
    view = view_of(case)
    assert (customer_status(view), customer_action(view), solution_given(view)) == ("in_progress", "await_call", None)


def test_once_the_result_was_told_a_person_has_to_ask_for_the_customers_word() -> None:
    case, now = resolved_by_telephone()
    waiting = case.view().waiting
    assert waiting is not None and (waiting.clock, waiting.who) == (ClockName.FOLLOW_UP, "followup-001")
    assert customer_action(view_of(case)) == "confirm"
    events = case.handle(command("confirm", CUSTOMER, relayed_by="tech-001"), now + MINUTE)
    assert events[-1].detail["relayed_by"] == "tech-001"
    assert Message.QUESTIONNAIRE not in [message for message, _ in told(events)]
    events = case.handle(command("rate", CUSTOMER, score="satisfied", relayed_by="tech-001"), now + 2 * MINUTE)
    assert case.resolution is Resolution.SATISFIED
    assert CUSTOMER not in [who for _, who in told(events)]


def test_the_follow_up_says_what_the_solution_was() -> None:
    case, _ = by_telephone()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    events = case.handle(command("told", "tech-001"), MONDAY + 2 * MINUTE)
    (task,) = [one for event in events for one in event.notices if one.message is Message.FOLLOW_UP_DUE]
    assert (task.recipient, task.facts["solution"]) == ("followup-001", RESOLUTION["solution"])


def test_a_reminder_to_a_customer_who_can_only_be_called_is_a_call_and_piles_up_no_further() -> None:
    case, now = resolved_by_telephone()
    for days in range(30):
        case.expire(now + days * DAY)
    assert untold(case) == [Message.CONFIRMATION_REMINDER]
    waiting = case.view().waiting
    assert waiting is not None and waiting.who != CUSTOMER


def test_a_customer_who_answers_knows_what_was_untold() -> None:
    case, _ = by_telephone()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    events = case.handle(command("refuse", CUSTOMER, why="还是不行"), MONDAY + 2 * MINUTE)
    assert kinds(events)[0] is EventKind.FEEDBACK_GIVEN
    assert untold(case) == [Message.REOPENED_CUSTOMER]


def test_a_new_owner_is_told_what_the_customer_does_not_know_yet() -> None:
    case, _ = by_telephone()
    events = case.handle(command("claim", "tech-002"), MONDAY + MINUTE)
    assert (Message.FEEDBACK_DUE, "tech-002") in told(events)


def test_whoever_withdraws_a_case_over_the_customers_head_has_it_told_to_them() -> None:
    case, _ = by_telephone()
    events = case.handle(command("withdraw", "tech-lead", why="重复"), MONDAY + MINUTE)
    assert case.is_closed and not case.clocks
    assert TASK in told(events)
    assert untold(case)[-1] is Message.CLOSED


def test_a_first_reply_that_is_refused_for_good_does_not_count_and_its_promise_runs_on() -> None:
    case, _ = open_case()
    promised = case.due(ClockName.RESPONSE)
    reply = command("reply", "tech-001", text="在查")
    case.handle(reply, MONDAY + MINUTE)
    events = case.handle(
        refused("replied", f"{NUMBER}:replied:{reply.command_id}:customer"),
        MONDAY + 2 * MINUTE,
    )
    assert kinds(events) == [EventKind.UNDELIVERABLE, EventKind.UNTOLD]
    assert (case.responded_at, case.due(ClockName.RESPONSE)) == (None, promised)
    assert case.reachable is Reachable.BY_PERSON
    assert TASK in told(events)
    case.handle(command("told", "tech-001"), MONDAY + 3 * MINUTE)
    assert case.responded_at == MONDAY + 3 * MINUTE


def test_a_message_given_up_after_days_is_told_by_a_person_and_the_next_one_is_sent_again() -> None:
    case, _ = open_case()
    case.handle(refused("progressed", given_up=True), MONDAY + 3 * DAY)
    assert untold(case) == [Message.PROGRESSED]
    assert case.reachable is Reachable.CHANNEL


def test_a_refused_result_starts_the_wait_for_the_customer_when_it_was_told() -> None:
    case, _ = open_case()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    case.handle(refused("result"), MONDAY + 2 * MINUTE)
    assert set(case.clocks) == {ClockName.FEEDBACK, ClockName.RESPONSE}
    case.handle(command("told", "tech-001"), MONDAY + 3 * MINUTE)
    assert set(case.clocks) == {ClockName.CONFIRMATION, ClockName.FOLLOW_UP}


def test_a_message_sent_again_with_success_needs_no_call_and_opens_the_way_again() -> None:
    case, _ = open_case()
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + MINUTE)
    key = f"{NUMBER}:result:r:customer"
    case.handle(refused("result", key), MONDAY + 2 * MINUTE)
    events = case.handle(command("delivered", "system", message="result", key=key), MONDAY + 3 * MINUTE)
    assert kinds(events) == [EventKind.DELIVERED]
    assert (case.reachable, untold(case)) == (Reachable.CHANNEL, [])
    assert {ClockName.CONFIRMATION, ClockName.FOLLOW_UP} <= case.clocks.keys()
    assert ClockName.FEEDBACK not in case.clocks


def test_a_refused_question_that_was_answered_meanwhile_asks_nobody_to_call() -> None:
    case, _ = open_case()
    case.handle(refused("information_requested"), MONDAY + MINUTE)
    assert untold(case) == []


def test_a_corrected_address_lets_messages_go_by_mail_again() -> None:
    case, _ = by_telephone()
    correction = command("supply", CUSTOMER, fields={"customer.email": "new@example.com"}, relayed_by="agent-001")
    lookup = case.needs(correction)
    assert lookup is not None and lookup.supplied is not None
    assert lookup.supplied.fields == {"customer.email": "new@example.com"}
    events = case.handle(correction, MONDAY + MINUTE, consulted(reachable=Reachable.CHANNEL))
    assert events[0].detail["reachable"] == "channel"
    events = case.handle(command("reply", "tech-001", text="在查"), MONDAY + 2 * MINUTE)
    assert not events[-1].notices[0].by_person
    assert case.responded_at == MONDAY + 2 * MINUTE


def test_who_took_down_the_customers_word_is_looked_up_and_must_exist() -> None:
    case, _ = by_telephone()
    wish = command("supply", CUSTOMER, text="好了", relayed_by="agent-999")
    lookup = case.needs(wish)
    assert lookup is not None and lookup.people == ("agent-999",)
    events = case.handle(wish, MONDAY, consulted(problems=("agent-999 is not in the organisation",)))
    assert "relayed_by: agent-999 is not in the organisation" in str(events[-1].detail["reason"])
    with pytest.raises(Problem, match="relayed_by is for what the customer says, not followup-001"):
        parse_command("confirm", {"by": "followup-001", "relayed_by": "tech-001"}, "c", COMMANDS)
