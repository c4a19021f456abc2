"""From the open case to its one owner, and from one owner to the next."""

from __future__ import annotations

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
    told,
)
from workflows.domain.event import EventKind, Message
from workflows.domain.terms import Dispatch, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority, Status


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
