"""Deadlines that are missed, and who is told."""

from __future__ import annotations

from datetime import datetime
from typing import cast

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
    resolved_case,
    terms,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.case.recorded.overdue import standing_breaches, who_owes
from workflows.domain.case.recorded.view_json import CaseViewJson
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import TypeTerms
from workflows.domain.vocabulary import CUSTOMER, ClockName, Priority


def test_a_p1_at_night_wakes_the_duty_manager_and_a_p2_does_not() -> None:
    assert (Message.DUTY_ALERT, "duty-001") in told(open_case(Priority.P1)[1])
    assert (Message.DUTY_ALERT, "duty-001") not in told(open_case(Priority.P2)[1])


def test_a_reply_sent_too_late_is_recorded_after_the_missed_deadline() -> None:
    case, _ = open_case()
    sent = MONDAY + 90 * MINUTE
    events = case.handle(command("reply", "tech-001", text="在查", at=sent), MONDAY + 5 * HOUR)
    assert ClockName.RESPONSE in [breach.clock for breach in case.breaches]
    assert kinds(events).index(EventKind.LAPSED) < kinds(events).index(EventKind.REPLIED)


def test_a_p1_that_nobody_touches_climbs_level_by_level_and_tells_the_customer() -> None:
    case, _ = open_case()
    events = [event for minute in range(1, 200) for event in case.expire(MONDAY + minute * MINUTE)]
    escalated = [event.detail["to"] for event in events if event.kind is EventKind.ESCALATED]
    assert escalated[:3] == ["tech-lead", "tech-head", "director"]
    assert (Message.ESCALATED_CUSTOMER, CUSTOMER) in told(events)
    assert case.view().escalation_level == 3


def test_after_an_outage_no_escalation_is_left_out_for_a_deadline_that_was_missed_after_it() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 20 * MINUTE)
    events = case.expire(MONDAY + 70 * MINUTE)
    missed = [(event.detail["clock"], event.detail["due"]) for event in events if event.kind is EventKind.LAPSED]
    assert [clock for clock, _ in missed] == [ClockName.ESCALATION, ClockName.RESPONSE]
    assert missed == sorted(missed, key=lambda one: str(one[1]))
    assert case.escalation.level == 3


def test_acknowledging_stops_the_climb() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 20 * MINUTE)
    assert case.escalation.to == "tech-lead"
    case.handle(command("acknowledge", "tech-lead"), MONDAY + 21 * MINUTE)
    case.expire(MONDAY + 55 * MINUTE)
    assert case.escalation.level == 1


def test_only_the_person_it_went_to_or_above_acknowledges() -> None:
    case, _ = open_case()
    for minute in range(60):
        case.expire(MONDAY + minute * MINUTE)
    assert case.escalation.to == "tech-head"
    events = case.handle(command("acknowledge", "tech-lead"), MONDAY + HOUR - MINUTE)
    assert kinds(events) == [EventKind.REJECTED]
    events = case.handle(command("acknowledge", "director"), MONDAY + HOUR - MINUTE)
    assert kinds(events) == [EventKind.ACKNOWLEDGED]


def test_a_missed_daily_update_escalates_and_has_to_be_explained() -> None:
    case, _ = open_case()
    case.handle(command("reply", "tech-001", text="在查"), MONDAY + MINUTE)
    case.expire(MONDAY + DAY)
    assert ClockName.PROGRESS in [breach.clock for breach in case.breaches]
    assert case.escalation.level >= 1
    late = command("progress", "tech-001", text="定位到原因")
    assert kinds(case.handle(late, MONDAY + DAY + HOUR))[-1] is EventKind.REJECTED
    explained = command("progress", "tech-001", text="定位到原因", why="夜里没有人")
    assert kinds(case.handle(explained, MONDAY + DAY + HOUR))[-1] is EventKind.PROGRESSED


def test_a_second_day_without_an_update_escalates_again() -> None:
    case, _ = open_case()
    case.handle(command("reply", "tech-001", text="在查"), MONDAY + MINUTE)
    for hours in range(49):
        case.expire(MONDAY + hours * HOUR)
    assert [breach.clock for breach in case.breaches].count(ClockName.PROGRESS) == 2


def test_an_internal_update_does_not_reach_the_customer() -> None:
    case, _ = open_case()
    events = case.handle(command("progress", "tech-001", text="怀疑是上游", internal=True), MONDAY + MINUTE)
    assert told(events) == []


def test_refusing_again_and_again_climbs_until_the_top_and_p0_stays_p0() -> None:
    case, now = resolved_case(Priority.P1)
    owners = []
    for hour in range(1, 6):
        case.handle(command("refuse", CUSTOMER, why="还是不行"), now + hour * HOUR)
        owners.append(case.owner)
        case.handle(command("resolve", case.owner or "", **RESOLUTION), now + hour * HOUR)
    assert owners == ["tech-lead", "tech-head", "director", "director", "director"]
    assert case.priority is Priority.P0
    assert case.reopened == 5


def test_a_reopened_case_does_not_alarm_at_once() -> None:
    case, now = resolved_case()
    later = now + 30 * DAY
    case.expire(later)
    case.handle(command("refuse", CUSTOMER, why="又坏了"), later)
    assert case.expire(later + MINUTE) == []


def test_a_customer_who_wants_a_call_makes_the_owner_call_and_a_missed_call_escalates() -> None:
    case, now = resolved_case(by_phone=True)
    assert ClockName.FEEDBACK in case.clocks
    assert ClockName.CONFIRMATION not in case.clocks
    case.expire(now + 2 * DAY)
    assert ClockName.FEEDBACK in [breach.clock for breach in case.breaches]
    events = case.handle(command("feedback", "tech-001", text="已电话告知"), now + 2 * DAY)
    assert kinds(events) == [EventKind.FEEDBACK_GIVEN]
    assert (Message.FOLLOW_UP_DUE, "followup-001") in told(events)


def test_a_result_that_cannot_be_delivered_is_told_by_a_person_instead() -> None:
    case, now = resolved_case()
    failed = command(
        "undeliverable", "system", message="result", recipient=CUSTOMER, channel="email", error="550 no such user"
    )
    events = case.handle(failed, now + MINUTE)
    assert (Message.FEEDBACK_DUE, "tech-001") in told(events)
    assert ClockName.FEEDBACK in case.clocks


def test_an_undeliverable_message_to_the_owner_goes_to_somebody_else() -> None:
    case, _ = open_case()
    failed = command(
        "undeliverable", "system", message="dispatched", recipient="tech-001", channel="email", error="550"
    )
    assert told(case.handle(failed, MONDAY)) == [(Message.UNDELIVERABLE, "tech-lead")]


def test_a_missed_follow_up_goes_to_the_follow_up_supervisor() -> None:
    case, now = resolved_case()
    events = [event for hours in range(25) for event in case.expire(now + hours * HOUR)]
    assert (Message.FOLLOW_UP_DUE, "followup-001") in told(events)
    assert (Message.ESCALATED, "followup-head") in told(events)
    assert (Message.ESCALATED_CUSTOMER, CUSTOMER) not in told(events)
    assert kinds(case.handle(command("acknowledge", "followup-head"), now + DAY)) == [EventKind.ACKNOWLEDGED]


def test_a_late_follow_up_is_the_specialists_until_the_customer_has_rated() -> None:
    case, now = resolved_case()
    for hours in range(25):
        case.expire(now + hours * HOUR)
    view = cast("CaseViewJson", case.view().model_dump(mode="json"))
    assert [(one["clock"], who_owes(view, one["clock"])) for one in standing_breaches(view)] == [
        ("follow_up", "followup-001")
    ]
    assert who_owes(view, "resolution") == "tech-001"
    case.handle(command("rate", "followup-001", score="neutral"), now + 2 * DAY)
    rated = cast("CaseViewJson", case.view().model_dump(mode="json"))
    assert (rated["status"], standing_breaches(rated)) == ("awaiting_confirmation", [])


def test_a_handover_to_a_colleague_does_not_silence_an_escalation() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 21 * MINUTE)
    other = DISPATCH.model_copy(update={"owner": "tech-002"})
    case.handle(
        command("assign", "tech-001", to="tech-002", why="交给你"), MONDAY + 22 * MINUTE, consulted(dispatch=other)
    )
    assert case.owner == "tech-002"
    assert not case.escalation.acknowledged
    case.handle(
        command("assign", "tech-lead", to="tech-001", why="还是你"), MONDAY + 23 * MINUTE, consulted(dispatch=DISPATCH)
    )
    assert case.escalation.acknowledged
    assert case.escalation.level == 0


def test_a_supervisor_who_handed_a_case_on_may_still_correct_its_type_until_another_hands_it_on() -> None:
    case, _ = open_case()
    wrong = command("classify", "tech-lead", type="transaction", why="是发票问题")
    types = {"transaction": TypeTerms(type="transaction", department="sales")}
    given = consulted(types=types, dispatch=SALES_DISPATCH)
    case.handle(
        command("assign", "tech-lead", department="sales", why="销售的事"), MONDAY, consulted(dispatch=SALES_DISPATCH)
    )
    assert case.owner == "sales-001"
    assert kinds(case.handle(wrong, MONDAY + MINUTE, given)) == [EventKind.CLASSIFIED]
    assert (case.type, case.owner) == ("transaction", "sales-001")
    (refused,) = case.handle(command("progress", "tech-lead", text="在查"), MONDAY + 2 * MINUTE)
    assert refused.kind is EventKind.REJECTED
    other = SALES_DISPATCH.model_copy(update={"owner": "sales-002"})
    case.handle(command("assign", "sales-lead", to="sales-002", why="换人"), MONDAY + HOUR, consulted(dispatch=other))
    (refused,) = case.handle(command("classify", "tech-lead", type="transaction", why="x"), MONDAY + HOUR, given)
    assert refused.kind is EventKind.REJECTED


def test_a_p0_that_is_worked_on_does_not_escalate_because_the_customer_is_silent() -> None:
    case, _ = open_case(Priority.P0, missing=("product",))
    case.handle(command("reply", "tech-001", text="先按已知信息处理"), MONDAY + MINUTE)
    case.clocks = {ClockName.SUPPLEMENT: case.clocks[ClockName.SUPPLEMENT]}
    events = [event for days in range(1, 10) for event in case.expire(MONDAY + days * DAY)]
    assert (Message.SUPPLEMENT_OVERDUE, "tech-001") in told(events)
    assert EventKind.ESCALATED not in kinds(events)


def test_what_comes_at_the_very_moment_of_a_deadline_is_in_time_and_nobody_is_blamed() -> None:
    on_time = {
        ClockName.RESPONSE: ("reply", {"text": "在查"}, open_case()[0]),
        ClockName.CLAIM: ("claim", {}, open_case()[0]),
        ClockName.PROGRESS: ("progress", {"text": "已定位"}, open_case(Priority.P3)[0]),
        ClockName.RESOLUTION: ("resolve", RESOLUTION, open_case()[0]),
        ClockName.FEEDBACK: ("feedback", {}, resolved_case(by_phone=True)[0]),
        ClockName.FOLLOW_UP: ("rate", {"score": "satisfied"}, resolved_case()[0]),
    }
    for clock, (name, fields, case) in on_time.items():
        due = case.due(clock)
        assert due is not None
        case.clocks = {clock: case.clocks[clock]}
        by = "followup-001" if name == "rate" else "tech-001"
        events = case.handle(command(name, by, **fields), due) + case.expire(due)
        assert EventKind.LAPSED not in kinds(events), clock
        assert case.breaches == [], clock


def test_a_deadline_at_whose_very_moment_only_a_remark_comes_is_missed_once() -> None:
    case, _ = open_case()
    due = case.due(ClockName.CLAIM)
    assert due is not None
    assert EventKind.LAPSED not in kinds(case.handle(command("note", "tech-002", text="看到了"), due))
    assert kinds(case.expire(due)).count(EventKind.LAPSED) == 1


def _passes(case: Case, until: datetime) -> list[Event]:
    """Everything that falls due until then, as a timer brings it."""
    events = []
    while case.next_deadline is not None and case.next_deadline <= until:
        events += case.expire(case.next_deadline)
    return events


def _apologies(events: list[Event]) -> list[str]:
    return [
        str(notice.facts["why"])
        for event in events
        for notice in event.notices
        if notice.message is Message.ESCALATED_CUSTOMER
    ]


def test_two_promises_missed_at_the_same_moment_go_one_level_up_and_are_one_apology() -> None:
    case, _ = open_case(Priority.P3)
    case.handle(command("claim", "tech-001"), MONDAY + MINUTE)
    events = _passes(case, MONDAY + DAY)
    missed = [event.detail["clock"] for event in events if event.kind is EventKind.LAPSED]
    assert missed == [ClockName.RESPONSE, ClockName.PROGRESS]
    (escalated,) = (event for event in events if event.kind is EventKind.ESCALATED)
    assert (escalated.detail["why"], escalated.detail["also"]) == ("response", ["progress"])
    assert case.escalation.level == 1
    assert _apologies(events) == ["response"]
    assert {breach.clock for breach in case.breaches} == {ClockName.RESPONSE, ClockName.PROGRESS}


def test_an_acknowledgement_that_stays_out_at_the_moment_of_another_deadline_goes_one_level_up() -> None:
    case, _ = open_case()
    _passes(case, MONDAY + 20 * MINUTE)
    unanswered = case.due(ClockName.ESCALATION)
    case.clocks[ClockName.RESPONSE].due = unanswered
    assert unanswered is not None
    assert kinds(_passes(case, unanswered)).count(EventKind.ESCALATED) == 1
    assert case.escalation.level == 2


def test_updates_missed_day_by_day_fall_due_at_the_same_time_of_day() -> None:
    case, _ = open_case()
    case.clocks = {ClockName.PROGRESS: case.clocks[ClockName.PROGRESS]}
    case.expire(MONDAY + DAY + MINUTE)
    assert case.due(ClockName.PROGRESS) == MONDAY + 2 * DAY
    case.expire(MONDAY + 9 * DAY)
    assert case.due(ClockName.PROGRESS) == MONDAY + 10 * DAY, "what an outage covered is not missed again and again"


def test_a_customer_reads_of_an_escalation_once_however_far_it_goes() -> None:
    case, _ = open_case()
    events = _passes(case, MONDAY + 5 * DAY)
    assert case.escalation.to == "director"
    assert len([event for event in events if event.kind is EventKind.ESCALATED]) > 5
    assert _apologies(events) == ["claim"]


def test_a_customer_reads_who_higher_up_has_taken_charge_unless_the_policy_keeps_that_inside() -> None:
    for told_of_it, read in ((True, ["claim", "in_charge"]), (False, ["claim"])):
        case, _ = open_case(terms_=terms(tell_customer_of_every_escalation=told_of_it))
        events = _passes(case, MONDAY + HOUR - MINUTE)
        events += case.handle(command("acknowledge", "tech-head"), MONDAY + HOUR - MINUTE)
        assert _apologies(events) == read
        again = _passes(case, MONDAY + 2 * HOUR)
        assert _apologies(again + case.handle(command("acknowledge", "tech-head"), MONDAY + 2 * HOUR)) == []


def test_a_customer_reads_when_a_superior_takes_the_case_over() -> None:
    case, _ = open_case()
    events = _passes(case, MONDAY + 20 * MINUTE)
    events += case.handle(command("claim", "tech-lead"), MONDAY + 21 * MINUTE)
    assert _apologies(events) == ["claim", "in_charge"]


def test_a_reopened_case_that_is_late_again_is_told_again() -> None:
    case, _ = open_case()
    first = _passes(case, MONDAY + HOUR)
    case.handle(command("resolve", "tech-001", **RESOLUTION), MONDAY + HOUR)
    case.handle(command("refuse", CUSTOMER, why="还是不行"), MONDAY + 2 * HOUR)
    assert len(_apologies(first)) == len(_apologies(_passes(case, MONDAY + DAY))) == 1


def test_asking_two_departments_for_help_is_one_message_to_the_customer() -> None:
    case, _ = open_case()
    heads = consulted(heads={"sales": "sales-head", "product": "product-head"})
    events = case.handle(command("escalate", "tech-001", department="sales", why="合同"), MONDAY, heads)
    events += case.handle(command("escalate", "tech-001", department="product", why="设计"), MONDAY, heads)
    assert _apologies(events) == ["asked"]


def test_whoever_is_at_the_top_is_reminded_until_somebody_acknowledges() -> None:
    case, _ = open_case()
    case.clocks = {ClockName.CLAIM: case.clocks[ClockName.CLAIM]}
    top = MONDAY + 20 * MINUTE + 2 * 30 * MINUTE
    _passes(case, top)
    assert case.escalation.to == "director"
    events = _passes(case, top + 5 * HOUR)
    assert [notice.recipient for event in events for notice in event.notices] == ["director"] * 10
    assert {event.kind for event in events} == {EventKind.WARNED}
    assert case.view().escalated_at == top
    case.handle(command("acknowledge", "director"), top + 5 * HOUR)
    assert _passes(case, top + 9 * DAY) == []
    assert case.view().escalated_at is None


def test_reminders_at_the_top_become_one_a_day_so_that_a_forgotten_case_stays_readable() -> None:
    case, _ = open_case(Priority.P0)
    case.clocks = {ClockName.CLAIM: case.clocks[ClockName.CLAIM]}
    events = _passes(case, MONDAY + 30 * DAY)
    assert 24 * 8 < len(events) < 24 * 8 + 40
    assert case.escalation.reminded > 24 * 8
