"""People who are away or have left: nobody asks them, and those who have left do nothing any more (R35)."""

from __future__ import annotations

import pytest

from tests.builders import (
    DISPATCH,
    HOUR,
    MINUTE,
    MONDAY,
    NUMBER,
    PEOPLE,
    SALES,
    command,
    consulted,
    kinds,
    open_case,
    resolved_case,
    told,
)
from tests.workflows.domain.collaboration.test_aggregate import asked
from tests.workflows.domain.collaboration.test_aggregate import sent as sent_to_task
from tests.workflows.domain.review.test_aggregate import climbed, opened, refusal, sent
from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import Consultation, Member, Roster
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, Role

NEW_LEAD = Member(
    id="new-lead", department="technical_support", group="tech", superior="tech-head", roles=frozenset({Role.HEAD})
)
REPLACED = consulted(
    people={
        "tech-lead": PEOPLE["tech-lead"].model_copy(update={"left": True}),
        "new-lead": NEW_LEAD,
        "tech-001": PEOPLE["tech-001"].model_copy(update={"superior": "new-lead"}),
        "tech-002": PEOPLE["tech-002"].model_copy(update={"superior": "new-lead"}),
    },
    roster=Roster(
        duty_managers=("duty-001",), follow_up="followup-001", follow_up_supervisor="followup-head", head="new-lead"
    ),
)
"""The head of the group has left, and another one has the place."""


def away(*persons: str) -> Consultation:
    return consulted(people={key: (PEOPLE | SALES)[key].model_copy(update={"away": True}) for key in persons})


def left(*persons: str) -> Consultation:
    return consulted(people={key: (PEOPLE | SALES)[key].model_copy(update={"left": True}) for key in persons})


def escalated_to(events: list[Event]) -> list[str]:
    return [str(event.detail["to"]) for event in events if event.kind is EventKind.ESCALATED]


def reason(case: Case, events: list[Event]) -> str:
    assert kinds(events)[-1] is EventKind.REJECTED, kinds(events)
    return str(events[-1].detail["reason"])


def test_an_open_case_escalates_to_the_new_superior_who_may_acknowledge_it() -> None:
    case, _ = open_case()
    case.renew(REPLACED, MONDAY)
    events = case.expire(MONDAY + 20 * MINUTE)
    assert escalated_to(events) == ["new-lead"]
    assert kinds(case.handle(command("acknowledge", "new-lead"), MONDAY + 21 * MINUTE)) == [EventKind.ACKNOWLEDGED]


def test_a_new_superior_may_acknowledge_what_had_gone_to_the_old_one() -> None:
    case, _ = open_case()
    assert escalated_to(case.expire(MONDAY + 20 * MINUTE)) == ["tech-lead"]
    case.renew(REPLACED, MONDAY)
    assert kinds(case.handle(command("acknowledge", "new-lead"), MONDAY + 21 * MINUTE)) == [EventKind.ACKNOWLEDGED]


def test_what_the_old_superior_did_not_answer_goes_to_the_new_one_before_it_goes_further_up() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 20 * MINUTE)
    case.renew(REPLACED, MONDAY)
    events = [event for minute in range(21, 120) for event in case.expire(MONDAY + minute * MINUTE)]
    assert escalated_to(events)[:2] == ["new-lead", "tech-head"]


def test_nobody_who_is_away_is_escalated_to_and_everybody_else_is_in_turn() -> None:
    case, _ = open_case()
    case.renew(away("tech-lead"), MONDAY)
    events = [event for minute in range(1, 200) for event in case.expire(MONDAY + minute * MINUTE)]
    assert escalated_to(events)[:2] == ["tech-head", "director"]
    assert "tech-lead" not in escalated_to(events)


def test_a_superior_who_is_away_may_still_act() -> None:
    case, _ = open_case()
    case.renew(away("tech-lead"), MONDAY)
    case.expire(MONDAY + 20 * MINUTE)
    assert kinds(case.handle(command("reply", "tech-lead", text="在查"), MONDAY + 21 * MINUTE)) == [EventKind.REPLIED]


def test_where_everybody_above_is_away_the_nearest_is_asked_and_never_one_who_has_left() -> None:
    case, _ = open_case()
    case.renew(left("tech-lead"), MONDAY)
    case.renew(away("tech-head", "director"), MONDAY)
    assert escalated_to(case.expire(MONDAY + 20 * MINUTE)) == ["tech-head"]


def test_a_dissatisfied_customer_gets_a_superior_who_is_there() -> None:
    case, now = resolved_case()
    case.renew(away("tech-lead"), now)
    case.handle(command("refuse", CUSTOMER, why="还是不行"), now + HOUR)
    assert case.owner == "tech-head"


def test_an_urgent_case_alarms_no_duty_manager_who_is_away() -> None:
    case, now = resolved_case()
    second = Member(id="duty-002", department="customer_service", roles=frozenset({Role.DUTY_MANAGER}))
    on_duty = Roster(duty_managers=("duty-001", "duty-002"), follow_up="followup-001", head="tech-lead")
    case.renew(consulted(people={**away("duty-001").people, "duty-002": second}, roster=on_duty), now)
    events = case.handle(command("refuse", CUSTOMER, why="还是不行"), now + HOUR)
    assert [to for message, to in told(events) if message is Message.DUTY_ALERT] == ["duty-002"]


@pytest.mark.parametrize("name", ["reply", "progress", "note", "resolve"])
def test_an_owner_who_has_left_can_do_nothing_any_more(name: str) -> None:
    case, _ = open_case()
    case.renew(left("tech-001"), MONDAY)
    fields = {"solution": "重启", "verified": "yes", "cause": "x"} if name == "resolve" else {"text": "在查"}
    events = case.handle(command(name, "tech-001", **fields), MONDAY + MINUTE)
    assert reason(case, events) == "tech-001 is no longer in the organisation"


def test_what_an_owner_who_has_left_should_hear_goes_to_whoever_is_above() -> None:
    case, _ = open_case()
    case.renew(left("tech-001"), MONDAY)
    events = [event for minute in range(1, 70) for event in case.expire(MONDAY + minute * MINUTE)]
    assert escalated_to(events)[0] == "tech-lead"
    assert "tech-001" not in {to for _, to in told(events)}


def test_the_operator_hands_the_case_of_somebody_who_has_left_to_somebody_who_is_there() -> None:
    case, _ = open_case()
    case.expire(MONDAY + 20 * MINUTE)
    case.renew(left("tech-001", "tech-lead"), MONDAY)
    other = DISPATCH.model_copy(update={"owner": "tech-002", "people": {}})
    events = case.handle(command("assign", OPERATOR, why="已离职"), MONDAY + 21 * MINUTE, consulted(dispatch=other))
    assert case.owner == "tech-002"
    assert case.view().acknowledged, "nobody waits for an answer of somebody who has left"
    assert (Message.HANDED_OVER, "tech-002") in told(events)
    assert (Message.HANDED_OVER, "tech-001") not in told(events)


def test_a_follow_up_is_asked_of_whoever_has_the_place_now() -> None:
    case, now = resolved_case()
    fresh = Member(id="followup-002", department="customer_service", roles=frozenset({Role.FOLLOW_UP}))
    place = Roster(duty_managers=("duty-001",), follow_up="followup-002", follow_up_supervisor="director")
    case.renew(
        consulted(people={**left("followup-001", "followup-head").people, "followup-002": fresh}, roster=place), now
    )
    events = [event for hour in range(1, 60) for event in case.expire(now + hour * HOUR)]
    assert {to for message, to in told(events) if message is Message.FOLLOW_UP_DUE} == {"followup-002"}
    assert "director" in escalated_to(events)
    assert not {"followup-001", "followup-head"} & {to for _, to in told(events)}


def test_a_closed_case_asks_for_nobody() -> None:
    case, now = resolved_case()
    case.handle(command("rate", CUSTOMER, score="satisfied"), now + HOUR)
    assert case.involved(now + HOUR) is None


def test_a_departments_task_of_somebody_who_has_left_is_the_heads() -> None:
    _, task, _ = asked()
    lookup = task.involved(MONDAY)
    assert lookup is not None and lookup.involved is not None
    (given,) = task.renew(left("sales-001"), MONDAY + MINUTE)
    assert (task.person, given.detail["reason"]) == ("sales-head", "sales-001 is no longer in the organisation")
    *_, refused = task.handle(sent_to_task("contribute", "sales-001", result="好了"), MONDAY + HOUR)
    assert refused.detail["reason"] == "sales-001 is no longer in the organisation"


def test_a_late_department_is_escalated_to_nobody_who_is_absent() -> None:
    _, task, _ = asked()
    task.renew(consulted(people=away("sales-lead").people, heads={"sales": "sales-boss"}), MONDAY)
    reports = []
    while (clock := task.earliest()) is not None and clock.next is not None:
        reports += task.expire(clock.next)
    up = [one.detail["to"] for one in reports if one.kind == "escalated"]
    assert up[0] == "sales-head"
    assert "sales-boss" in up


def test_a_review_is_asked_of_the_present_head_and_climbs_past_whoever_is_away() -> None:
    review, _ = opened()
    boss = Member(id="new-head", department="technical_support", superior="director")
    people = {**left("tech-head").people, **away("director").people, "new-head": boss}
    review.renew(consulted(people=people, heads={"technical_support": "new-head"}), MONDAY)
    assert (review.author, review.head) == ("new-head", "new-head")
    assert "tech-head" not in {to for _, to in climbed(review)}
    wish = sent("name_author", "tech-head", author="tech-001")
    assert refusal(review, wish) == "tech-head is no longer in the organisation"
    assert review.request.number == NUMBER
