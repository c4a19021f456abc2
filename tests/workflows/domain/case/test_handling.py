"""Replies, progress, questions and solutions; clocks that pause and move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.builders import (
    DAY,
    DISPATCH,
    HOUR,
    MINUTE,
    MONDAY,
    RESOLUTION,
    SALES_DISPATCH,
    command,
    consulted,
    kinds,
    open_case,
    settlement,
    terms,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind, Message
from workflows.domain.terms import TriagedAgain, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority, Status


def test_asking_the_customer_stops_the_clocks_of_a_p2_and_the_answer_gives_the_rest_back() -> None:
    case, _ = open_case(Priority.P2)
    case.handle(command("claim", "tech-001"), MONDAY + 10 * MINUTE)
    case.handle(command("request_info", "tech-001", text="版本号?", fields=("product",)), MONDAY + HOUR)
    assert case.status is Status.AWAITING_INFORMATION
    assert case.due(ClockName.RESPONSE) is None
    assert case.expire(MONDAY + 20 * HOUR) == []
    case.handle(command("supply", CUSTOMER, text="5.2"), MONDAY + 20 * HOUR)
    assert case.view().status is Status.IN_PROGRESS
    assert case.due(ClockName.RESPONSE) == MONDAY + 23 * HOUR


def test_asking_the_customer_of_a_p1_stops_nothing() -> None:
    case, _ = open_case(Priority.P1)
    case.handle(command("request_info", "tech-001", text="版本号?"), MONDAY + MINUTE)
    assert case.due(ClockName.RESPONSE) == MONDAY + HOUR
    assert case.status is Status.DISPATCHED


def test_an_answered_case_never_alarms_for_its_response() -> None:
    case, _ = open_case()
    case.handle(command("reply", "tech-001", text="已开始处理"), MONDAY + 59 * MINUTE)
    case.expire(MONDAY + 3 * HOUR)
    assert ClockName.RESPONSE not in [breach.clock for breach in case.breaches]


def test_a_reply_sent_in_time_is_in_time_although_the_worker_was_down() -> None:
    case, _ = open_case()
    sent = MONDAY + 10 * MINUTE
    events = case.handle(command("reply", "tech-001", text="在查", at=sent), MONDAY + 5 * HOUR)
    assert case.breaches == []
    assert events[-1].at == sent


def test_backdating_a_reply_does_not_undo_a_breach() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 2 * HOUR)
    case.handle(command("reply", "tech-001", text="在查", at=MONDAY + MINUTE), MONDAY + 2 * HOUR)
    assert ClockName.RESPONSE in [breach.clock for breach in case.breaches]


def test_only_the_owner_or_a_superior_resolves() -> None:
    for by, expected in (
        ("tech-002", EventKind.REJECTED), ("agent-001", EventKind.REJECTED), (CUSTOMER, EventKind.REJECTED),
        ("tech-head", EventKind.RESOLVED), ("tech-001", EventKind.RESOLVED),
    ):  # fmt: skip
        case, _ = open_case()
        assert kinds(case.handle(command("resolve", by, **RESOLUTION), MONDAY + MINUTE))[-1] is expected


def test_a_technical_solution_says_whether_it_was_tested() -> None:
    case, _ = open_case(tested=True)
    untold = command("resolve", "tech-001", cause="c", solution="s")
    assert kinds(case.handle(untold, MONDAY + MINUTE)) == [EventKind.REJECTED]
    unexplained = command("resolve", "tech-001", cause="c", solution="s", verified="no")
    assert kinds(case.handle(unexplained, MONDAY + MINUTE)) == [EventKind.REJECTED]
    told_why = command("resolve", "tech-001", cause="c", solution="s", verified="no", verified_note="无测试环境")
    assert kinds(case.handle(told_why, MONDAY + MINUTE)) == [EventKind.RESOLVED]


def test_the_same_command_twice_is_one_command() -> None:
    case, _ = open_case()
    once = command("reply", "tech-001", text="在查")
    assert case.handle(once, MONDAY + MINUTE) != []
    assert case.handle(once, MONDAY + 2 * MINUTE) == []


def test_raising_the_priority_shortens_the_promise_without_breaking_it_by_itself() -> None:
    case, _ = open_case(Priority.P3)
    now = MONDAY + 10 * HOUR
    case.expire(now)
    case.handle(command("classify", "tech-001", priority="P0", why="全线停产"), now)
    assert case.due(ClockName.RESPONSE) == now + 15 * MINUTE
    assert ClockName.RESPONSE not in [breach.clock for breach in case.breaches]


def test_lowering_the_priority_keeps_the_time_already_used() -> None:
    case, _ = open_case(Priority.P1)
    now = MONDAY + 30 * MINUTE
    case.handle(command("claim", "tech-001"), now - 20 * MINUTE)
    case.handle(command("classify", "tech-lead", priority="P2", why="有替代办法"), now)
    assert case.due(ClockName.RESPONSE) == MONDAY + 4 * HOUR


def test_a_newly_announced_holiday_moves_the_deadlines_of_an_open_case() -> None:
    case, _ = open_case(Priority.P2)
    fresh = terms(calendar=case.terms.calendar.model_copy(update={"off": frozenset({MONDAY.date()})}))
    now = MONDAY + HOUR
    events = case.handle(command("retime", "operator"), now, consulted(terms=fresh))
    assert kinds(events) == [EventKind.RETIMED]
    midnight_tuesday = MONDAY.replace(hour=16)
    assert case.due(ClockName.RESPONSE) == midnight_tuesday + 3 * HOUR


def test_a_weekend_is_not_counted_for_a_p2() -> None:
    friday = MONDAY + 4 * DAY + 14 * HOUR
    case, _ = Case.open("FB1", settlement(Priority.P2), friday)
    assert case.due(ClockName.RESPONSE) == friday + 4 * HOUR + 2 * DAY


def test_the_view_says_who_must_act_until_when() -> None:
    case, _ = open_case()
    waiting = case.view().waiting
    assert waiting is not None
    assert (waiting.who, waiting.clock, waiting.until) == ("tech-001", ClockName.CLAIM, MONDAY + 20 * MINUTE)
    case.expire(MONDAY + 20 * MINUTE + timedelta(seconds=1))
    waiting = case.view().waiting
    assert waiting is not None and waiting.who == "tech-lead"


LOGIN = TriagedAgain(
    type=TypeTerms(type="technical", subtype="登录异常", department="technical_support", playbook=("日志分析",)),
    priority=Priority.P1,
    reasons=("「登录」 → technical/登录异常",),
)


def _vague(priority: Priority = Priority.P3, **opening: Any) -> Case:
    return open_case(priority, type="other", subtype=None, playbook=(), **opening)[0]


def test_what_is_supplied_wrongly_is_refused_as_a_whole_and_asked_for_still() -> None:
    case = _vague(missing=("customer.contact", "product"))
    bad = command("supply", CUSTOMER, fields={"customer.phone": "abc", "product": "CRM"})
    lookup = case.needs(bad)
    assert lookup is not None and lookup.supplied is not None and lookup.supplied.fields == bad.model_dump()["fields"]
    (refused,) = case.handle(bad, MONDAY + HOUR, consulted(faults=("form: customer.phone: 'abc' is no number",)))
    assert refused.detail["reason"] == "form: customer.phone: 'abc' is no number"
    assert case.missing == ["customer.contact", "product"]


def test_what_is_supplied_is_recorded_as_the_form_keeps_it() -> None:
    case = _vague(missing=("customer.contact",))
    given = command("supply", CUSTOMER, fields={"customer.phone": " 138 0013 8000"})
    known = consulted(fields={"customer.phone": "13800138000"}, dispatch=DISPATCH)
    supplied = case.handle(given, MONDAY + HOUR, known)[0]
    assert supplied.detail["fields"] == {"customer.phone": "13800138000"}
    assert case.missing == []


def test_an_answer_that_says_what_it_is_about_changes_type_and_priority_and_wakes_the_case() -> None:
    case = _vague(missing=("description.steps", "product"))
    answer = command("supply", CUSTOMER, fields={"description.steps": "无法登录"})
    events = case.handle(answer, MONDAY + HOUR, consulted(triaged=LOGIN, dispatch=DISPATCH))
    assert kinds(events) == [EventKind.SUPPLIED, EventKind.CLASSIFIED, EventKind.DISPATCHED]
    assert events[1].by == "system"
    assert (case.type, case.subtype, case.priority, case.playbook) == (
        "technical", "登录异常", Priority.P1, ("日志分析",),
    )  # fmt: skip
    assert (case.owner, case.missing) == ("tech-001", ["product"])
    assert (Message.DUTY_ALERT, "duty-001") in told(events)


def test_an_answer_brings_a_case_that_nobody_has_begun_to_the_right_department() -> None:
    for begun, owner in ((False, "sales-001"), (True, "tech-001")):
        case = _vague()
        if begun:
            case.handle(command("claim", "tech-001"), MONDAY + MINUTE)
        sales = TriagedAgain(type=TypeTerms(type="transaction", department="sales"), reasons=("「发票」",))
        case.handle(command("supply", CUSTOMER, text="发票"), MONDAY + HOUR,
                    consulted(triaged=sales, dispatch=SALES_DISPATCH))  # fmt: skip
        assert (case.type, case.owner) == ("transaction", owner)


def test_the_rules_do_not_undo_what_a_person_has_corrected() -> None:
    case = _vague()
    other = consulted(types={"suggestion": TypeTerms(type="suggestion", department="technical_support")})
    case.handle(command("classify", "tech-001", type="suggestion", why="是建议"), MONDAY + MINUTE, other)
    case.handle(command("classify", "tech-001", priority="P2", why="影响小"), MONDAY + MINUTE)
    answer = command("supply", CUSTOMER, text="无法登录")
    lookup = case.needs(answer)
    assert lookup is not None and lookup.supplied is not None and lookup.supplied.type == "suggestion"
    assert kinds(case.handle(answer, MONDAY + HOUR, consulted(triaged=LOGIN))) == [EventKind.SUPPLIED]
    assert (case.type, case.priority) == ("suggestion", Priority.P2)


def test_the_rules_never_lower_what_was_promised() -> None:
    case = _vague(Priority.P1)
    lower = LOGIN.model_copy(update={"priority": Priority.P3})
    case.handle(command("supply", CUSTOMER, text="只有一个人"), MONDAY + HOUR, consulted(triaged=lower))
    assert (case.type, case.priority) == ("technical", Priority.P1)
