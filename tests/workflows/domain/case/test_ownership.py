"""From the open case to its one owner, and from one owner to the next."""

from __future__ import annotations

from datetime import datetime

from tests.builders import (
    DAY,
    DISPATCH,
    HOUR,
    MINUTE,
    MONDAY,
    PEOPLE,
    STRANGER,
    command,
    consulted,
    kinds,
    open_case,
    terms,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import Dispatch, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, ClockName, Priority, Status


def test_the_customer_gets_the_number_and_the_owner_the_case_at_once() -> None:
    case, events = open_case()
    assert case.status is Status.DISPATCHED
    assert case.owner == "tech-001"
    assert (Message.CREATED, CUSTOMER) in told(events)
    assert (Message.DISPATCHED, "tech-001") in told(events)
    assert case.expected_resolution == MONDAY + 16 * HOUR


def test_an_incomplete_case_waits_for_the_customer_and_goes_on_by_itself() -> None:
    case, events = open_case(Priority.P2, missing=("description.steps",))
    assert case.status is Status.AWAITING_INFORMATION
    assert case.owner is None
    assert (Message.INFORMATION_REQUESTED, CUSTOMER) in told(events)
    assert set(case.clocks) == {ClockName.SUPPLEMENT}
    answer = command("supply", CUSTOMER, fields={"description.steps": "打开,点击保存"})
    lookup = case.needs(answer)
    assert lookup is not None and lookup.dispatch is not None
    events = case.handle(answer, MONDAY + 3 * HOUR, consulted(dispatch=DISPATCH))
    assert case.view().status is Status.DISPATCHED
    assert case.due(ClockName.RESPONSE) == MONDAY + 7 * HOUR
    assert EventKind.DISPATCHED in kinds(events)


def test_half_an_answer_keeps_the_case_waiting_for_the_rest() -> None:
    case, _ = open_case(Priority.P2, missing=("description.steps", "product"))
    case.handle(command("supply", CUSTOMER, fields={"product": "CRM"}), MONDAY + HOUR, consulted(dispatch=DISPATCH))
    assert case.missing == ["description.steps"]
    assert case.status is Status.AWAITING_INFORMATION


def test_an_incomplete_p0_is_dispatched_with_what_is_known_and_still_asked() -> None:
    case, events = open_case(Priority.P0, missing=("description.steps",))
    assert case.owner == "tech-001"
    assert case.status is Status.DISPATCHED
    assert {ClockName.RESPONSE, ClockName.SUPPLEMENT} <= set(case.clocks)
    assert (Message.INFORMATION_REQUESTED, CUSTOMER) in told(events)


def test_a_customer_who_never_answers_is_reminded_and_then_the_head_decides() -> None:
    case, _ = open_case(Priority.P2, missing=("description.steps",))
    events = [event for days in range(1, 10) for event in case.expire(MONDAY + days * DAY)]
    reminders = [message for message, _ in told(events) if message is Message.INFORMATION_REMINDER]
    assert len(reminders) == 2
    assert (Message.SUPPLEMENT_OVERDUE, "tech-lead") in told(events)
    climbed = [event.detail["to"] for event in events if event.kind is EventKind.ESCALATED]
    assert climbed == ["tech-lead", "tech-head", "director"]
    assert not case.is_closed
    case.handle(command("assign", "director", why="按现有信息处理"), MONDAY + 12 * DAY, consulted(dispatch=DISPATCH))
    assert case.owner == "tech-001"
    assert case.escalation.acknowledged


def test_a_colleague_of_the_group_takes_over_by_claiming_and_it_is_recorded() -> None:
    case, _ = open_case()
    events = case.handle(command("claim", "tech-002"), MONDAY + MINUTE)
    assert case.owner == "tech-002"
    assert kinds(events) == [EventKind.HANDED_OVER, EventKind.CLAIMED]
    assert (Message.HANDED_OVER, "tech-001") in told(events)


def test_a_wrong_type_moves_the_case_to_the_right_department() -> None:
    case, _ = open_case()
    sales = Dispatch(department="sales", group="sales", owner="sales-001", people={"sales-001": STRANGER})
    wish = command("classify", "agent-001", type="transaction", subtype="发票开具", why="是发票问题")
    lookup = case.needs(wish)
    assert lookup is not None and lookup.types == ("transaction/发票开具",)
    found = {"transaction/发票开具": TypeTerms(type="transaction", subtype="发票开具", department="sales")}
    case.handle(wish, MONDAY + MINUTE, consulted(types=found, dispatch=sales))
    assert (case.type, case.department, case.owner) == ("transaction", "sales", "sales-001")
    assert case.status is Status.DISPATCHED


def test_another_department_is_informed_when_asked_for() -> None:
    case, _ = open_case()
    wish = command("escalate", "tech-001", department="sales", why="需要合同信息")
    events = case.handle(wish, MONDAY + MINUTE, consulted(heads={"sales": "sales-head"}))
    assert kinds(events) == [EventKind.DEPARTMENT_INVOLVED]
    assert (Message.ASSISTING, "sales-head") in told(events)
    again = command("escalate", "tech-001", department="sales", why="再次")
    assert kinds(case.handle(again, MONDAY + MINUTE, consulted(heads={"sales": "sales-head"}))) == [EventKind.REJECTED]


def test_everyone_in_the_roster_is_a_member() -> None:
    assert all(member.superior in PEOPLE for member in PEOPLE.values() if member.superior)


def test_what_cannot_be_read_is_refused_in_one_clean_line() -> None:
    case, _ = open_case()
    events = case.reject("re\x00ply", "id\x00", "x\x1b[2J", "first\nsecond \x00", MONDAY)
    assert events[0].by == "x\N{REPLACEMENT CHARACTER}[2J"
    assert events[0].detail["reason"] == "first second \N{REPLACEMENT CHARACTER}"
    assert "\x00" not in events[0].model_dump_json()


def _waiting(priority: Priority = Priority.P2) -> Case:
    """A case of two hours whose owner asked the customer something after half an hour."""
    case, _ = open_case(priority)
    case.handle(command("claim", "tech-001"), MONDAY + 5 * MINUTE)
    case.handle(command("request_info", "tech-001", text="请提供日志"), MONDAY + 30 * MINUTE)
    return case


def _escalations(case: Case, until: datetime) -> list[Event]:
    events = []
    while case.next_deadline is not None and case.next_deadline <= until:
        events += case.expire(case.next_deadline)
    return [event for event in events if event.kind is EventKind.ESCALATED]


def test_a_case_raised_to_p0_while_it_waits_for_the_customer_does_not_sleep_on() -> None:
    case = _waiting()
    case.handle(command("classify", "tech-001", priority="P0", why="全线停产"), MONDAY + 40 * MINUTE)
    assert case.status is Status.IN_PROGRESS
    assert ClockName.SUPPLEMENT in case.clocks, "the customer is still asked"
    response = case.due(ClockName.RESPONSE)
    assert response is not None and response <= MONDAY + 55 * MINUTE
    assert case.expected_resolution == case.due(ClockName.RESOLUTION)
    assert len(_escalations(case, MONDAY + 2 * HOUR)) > 2
    answered = case.handle(command("supply", CUSTOMER, text="日志见附件"), MONDAY + 2 * HOUR)
    assert kinds(answered) == [EventKind.SUPPLIED]
    assert ClockName.SUPPLEMENT not in case.clocks


def test_a_case_whose_priority_runs_on_by_a_new_policy_does_not_sleep_on() -> None:
    case = _waiting()
    levels = terms().levels
    awake = levels[Priority.P2].model_copy(update={"dispatch_incomplete": True})
    now_awake = terms(levels={**levels, Priority.P2: awake})
    case.handle(command("retime", OPERATOR), MONDAY + HOUR, consulted(terms=now_awake))
    assert case.status is Status.IN_PROGRESS
    assert case.due(ClockName.RESPONSE) == MONDAY + 4 * HOUR + 30 * MINUTE


def test_a_case_that_waits_before_its_dispatch_is_dispatched_when_a_new_policy_runs_on() -> None:
    case, _ = open_case(Priority.P2, missing=("description.steps",))
    levels = terms().levels
    awake = levels[Priority.P2].model_copy(update={"dispatch_incomplete": True})
    renewed = command("retime", OPERATOR)
    lookup = case.needs(renewed)
    assert lookup is not None and lookup.dispatch is not None
    known = consulted(terms=terms(levels={**levels, Priority.P2: awake}), dispatch=DISPATCH)
    case.handle(renewed, MONDAY + HOUR, known)
    assert (case.status, case.owner) == (Status.DISPATCHED, "tech-001")


def test_a_case_raised_before_its_dispatch_for_which_nobody_fits_is_the_heads() -> None:
    case, _ = open_case(Priority.P2, missing=("description.steps",))
    raised = command("classify", "agent-001", priority="P0", why="全线停产")
    events = case.handle(raised, MONDAY + HOUR, consulted(problems=("nobody is there",)))
    assert (Message.ESCALATED, "tech-lead") in told(events)


def test_a_case_lowered_while_the_customer_is_asked_waits_as_if_it_had_been_asked_then() -> None:
    case = _waiting(Priority.P0)
    assert case.view().status is Status.IN_PROGRESS
    case.handle(command("classify", "tech-001", priority="P3", why="打错了"), MONDAY + 40 * MINUTE)
    assert case.view().status is Status.AWAITING_INFORMATION
    assert case.due(ClockName.RESOLUTION) is None
    case.handle(command("supply", CUSTOMER, text="日志见附件"), MONDAY + 2 * HOUR)
    assert case.view().status is Status.IN_PROGRESS


def test_whoever_gets_a_case_while_it_waits_for_the_customer_has_to_claim_it() -> None:
    case = _waiting()
    other = DISPATCH.model_copy(update={"owner": "tech-002"})
    given = command("assign", "tech-lead", to="tech-002", why="换人")
    case.handle(given, MONDAY + HOUR, consulted(dispatch=other))
    assert case.view().status is Status.AWAITING_INFORMATION
    case.handle(command("supply", CUSTOMER, text="日志见附件"), MONDAY + 2 * HOUR)
    assert case.view().status is Status.DISPATCHED
    assert case.due(ClockName.CLAIM) == MONDAY + 2 * HOUR + 80 * MINUTE
    missed = [event.detail["why"] for event in _escalations(case, MONDAY + 4 * HOUR)]
    assert missed[0] == ClockName.CLAIM


def test_whoever_gets_a_case_while_it_waits_may_claim_it_at_once() -> None:
    case = _waiting()
    other = DISPATCH.model_copy(update={"owner": "tech-002"})
    given = command("assign", "tech-lead", to="tech-002", why="换人")
    case.handle(given, MONDAY + HOUR, consulted(dispatch=other))
    assert kinds(case.handle(command("claim", "tech-002"), MONDAY + HOUR)) == [EventKind.CLAIMED]
    (again,) = case.handle(command("claim", "tech-002"), MONDAY + HOUR)
    assert again.kind is EventKind.REJECTED
    case.handle(command("supply", CUSTOMER, text="日志见附件"), MONDAY + 2 * HOUR)
    assert case.view().status is Status.IN_PROGRESS
    assert ClockName.CLAIM not in case.clocks
