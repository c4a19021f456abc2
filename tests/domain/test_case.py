"""The rule book of a case, rule by rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.scenes import (
    DAY,
    DISPATCH,
    HOUR,
    MINUTE,
    MONDAY,
    PEOPLE,
    RESOLUTION,
    STRANGER,
    command,
    consulted,
    kinds,
    open_case,
    resolved_case,
    settlement,
    terms,
    told,
)
from workflows.domain.case import Case
from workflows.domain.event import EventKind, Message
from workflows.domain.terms import Dispatch, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, ClockName, NeutralRule, Priority, Resolution, Status


def test_the_customer_gets_the_number_and_the_owner_the_case_at_once() -> None:
    case, events = open_case()
    assert case.status is Status.DISPATCHED
    assert case.owner == "tech-001"
    assert (Message.CREATED, CUSTOMER) in told(events)
    assert (Message.DISPATCHED, "tech-001") in told(events)
    assert case.expected_resolution == MONDAY + 16 * HOUR


def test_a_p1_at_night_wakes_the_duty_manager_and_a_p2_does_not() -> None:
    assert (Message.DUTY_ALERT, "duty-001") in told(open_case(Priority.P1)[1])
    assert (Message.DUTY_ALERT, "duty-001") not in told(open_case(Priority.P2)[1])


def test_the_promise_counts_from_acceptance_even_when_the_engine_was_away() -> None:
    case, _ = Case.open("FB1", settlement(Priority.P1, accepted_at=MONDAY), MONDAY + 2 * HOUR)
    events = case.expire(MONDAY + 2 * HOUR)
    assert [b.clock for b in case.breaches] == [ClockName.CLAIM, ClockName.RESPONSE]
    assert EventKind.WARNED not in kinds(events)


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


def test_a_reply_sent_too_late_is_recorded_after_the_missed_deadline() -> None:
    case, _ = open_case()
    sent = MONDAY + 90 * MINUTE
    events = case.handle(command("reply", "tech-001", text="在查", at=sent), MONDAY + 5 * HOUR)
    assert ClockName.RESPONSE in [breach.clock for breach in case.breaches]
    assert kinds(events).index(EventKind.LAPSED) < kinds(events).index(EventKind.REPLIED)


def test_backdating_a_reply_does_not_undo_a_breach() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 2 * HOUR)
    case.handle(command("reply", "tech-001", text="在查", at=MONDAY + MINUTE), MONDAY + 2 * HOUR)
    assert ClockName.RESPONSE in [breach.clock for breach in case.breaches]


def test_a_p1_that_nobody_touches_climbs_level_by_level_and_tells_the_customer() -> None:
    case, _ = open_case()
    events = [event for minute in range(1, 200) for event in case.expire(MONDAY + minute * MINUTE)]
    escalated = [event.detail["to"] for event in events if event.kind is EventKind.ESCALATED]
    assert escalated[:3] == ["tech-lead", "tech-head", "director"]
    assert (Message.ESCALATED_CUSTOMER, CUSTOMER) in told(events)
    assert case.view().escalation_level == 3


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


def test_a_colleague_of_the_group_takes_over_by_claiming_and_it_is_recorded() -> None:
    case, _ = open_case()
    events = case.handle(command("claim", "tech-002"), MONDAY + MINUTE)
    assert case.owner == "tech-002"
    assert kinds(events) == [EventKind.HANDED_OVER, EventKind.CLAIMED]
    assert (Message.HANDED_OVER, "tech-001") in told(events)


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


def test_only_the_owner_or_a_superior_resolves() -> None:
    for by, expected in (
        ("tech-002", EventKind.REJECTED), ("agent-001", EventKind.REJECTED), (CUSTOMER, EventKind.REJECTED),
        ("tech-head", EventKind.RESOLVED), ("tech-001", EventKind.RESOLVED),
    ):  # fmt: skip
        case, _ = open_case()
        assert kinds(case.handle(command("resolve", by, **RESOLUTION), MONDAY + MINUTE))[-1] is expected


def test_a_stranger_is_looked_up_and_refused_when_unknown() -> None:
    case, _ = open_case()
    wish = command("note", "agent-999", text="?")
    lookup = case.needs(wish)
    assert lookup is not None and lookup.people == ("agent-999",)
    events = case.handle(wish, MONDAY, consulted(problems=("agent-999 is not in the organisation",)))
    assert events[-1].detail["reason"] == "agent-999 is not in the organisation"


def test_a_technical_solution_says_whether_it_was_tested() -> None:
    case, _ = open_case(tested=True)
    untold = command("resolve", "tech-001", cause="c", solution="s")
    assert kinds(case.handle(untold, MONDAY + MINUTE)) == [EventKind.REJECTED]
    unexplained = command("resolve", "tech-001", cause="c", solution="s", verified="no")
    assert kinds(case.handle(unexplained, MONDAY + MINUTE)) == [EventKind.REJECTED]
    told_why = command("resolve", "tech-001", cause="c", solution="s", verified="no", verified_note="无测试环境")
    assert kinds(case.handle(told_why, MONDAY + MINUTE)) == [EventKind.RESOLVED]


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


def test_another_department_is_informed_when_asked_for() -> None:
    case, _ = open_case()
    wish = command("escalate", "tech-001", department="sales", why="需要合同信息")
    events = case.handle(wish, MONDAY + MINUTE, consulted(heads={"sales": "sales-head"}))
    assert kinds(events) == [EventKind.DEPARTMENT_INVOLVED]
    assert (Message.ASSISTING, "sales-head") in told(events)
    again = command("escalate", "tech-001", department="sales", why="再次")
    assert kinds(case.handle(again, MONDAY + MINUTE, consulted(heads={"sales": "sales-head"}))) == [EventKind.REJECTED]


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


def test_commands_of_later_releases_are_refused_in_words() -> None:
    case, _ = open_case()
    events = case.handle(command("collaborate", "tech-001", department="sales", duty="x"), MONDAY)
    assert "not available" in str(events[0].detail["reason"])


@pytest.mark.parametrize("name", ["reply", "progress", "resolve", "claim"])
def test_work_on_a_case_that_nobody_owns_is_refused_in_words(name: str) -> None:
    case, _ = open_case(Priority.P2, missing=("product",))
    fields = {"reply": {"text": "x"}, "progress": {"text": "x"}, "resolve": RESOLUTION}.get(name, {})
    events = case.handle(command(name, "duty-001", **fields), MONDAY)
    assert kinds(events) == [EventKind.REJECTED]


def test_the_view_says_who_must_act_until_when() -> None:
    case, _ = open_case()
    waiting = case.view().waiting
    assert waiting is not None
    assert (waiting.who, waiting.clock, waiting.until) == ("tech-001", ClockName.CLAIM, MONDAY + 20 * MINUTE)
    case.expire(MONDAY + 20 * MINUTE + timedelta(seconds=1))
    waiting = case.view().waiting
    assert waiting is not None and waiting.who == "tech-lead"


def test_everyone_in_the_roster_is_a_member() -> None:
    assert all(member.superior in PEOPLE for member in PEOPLE.values() if member.superior)
