"""What holds for every case, whatever people do and whenever time passes (hypothesis)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import DISPATCH, MONDAY, PEOPLE, RESOLUTION, STRANGER, command, settlement, terms
from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.deadlines import DUTIES
from workflows.domain.case.rules.ownership import HANDLING_CLOCKS
from workflows.domain.commands.case import COMMANDS
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import Consultation, Dispatch, MainCase, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, ClockName, Priority, Reachable, Satisfaction, Status

FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "reply": {"text": st.just("在查"), "main_case": st.sampled_from([None, None, "FB2"])},
    "classify": {"priority": st.sampled_from(list(Priority)), "type": st.sampled_from([None, "transaction"]),
                 "why": st.just("纠正")},
    "assign": {"to": st.sampled_from([None, "tech-002", "sales-001"]), "why": st.just("分派")},
    "progress": {"text": st.just("进展"), "why": st.sampled_from([None, "忙"]), "internal": st.booleans()},
    "escalate": {"why": st.just("超出权限"), "department": st.sampled_from([None, "sales", "nowhere"])},
    "request_info": {"text": st.just("版本?"), "fields": st.sampled_from([(), ("product",)])},
    "supply": {"text": st.sampled_from([None, "5.2"]), "fields": st.just({"product": "CRM"})},
    "resolve": {key: st.just(value) for key, value in RESOLUTION.items()} | {
        "why_open": st.sampled_from([None, "稍后补"])},
    "customer_wrote": {"text": st.just("还是不行"), "acknowledge": st.booleans()},
    "attach": {"files": st.just([{"id": "0" * 32, "name": "照片.jpg", "size": 9, "type": "jpeg"}])},
    "refuse": {"why": st.just("还是不行")},
    "rate": {"score": st.sampled_from(list(Satisfaction))},
    "note": {"text": st.just("备注")},
    "withdraw": {"why": st.just("不用了")},
    "collaborate": {"department": st.sampled_from(["sales", "nowhere"]), "duty": st.just("x")},
    "contribute": {"department": st.just("sales"), "result": st.just("x")},
    "part_reported": {"department": st.just("sales"), "round": st.integers(1, 2), "reports": st.just([
        {"sequence": 1, "at": MONDAY, "kind": "assigned", "by": "system", "detail": {"person": "sales-001"}}])},
    "review": {"root_cause": st.just("x"), "measures": st.just([{"what": "x", "owner": "tech-001", "due": MONDAY}])},
    "link": {"to": st.sampled_from(["FB1", "FB2", "FB2"])},
    "follower_added": {"follower": st.sampled_from(["FB3", "FB4"]), "linked_by": st.just("system")},
    "follower_removed": {"follower": st.just("FB3"), "unlinked_by": st.just("system"), "cause": st.just("asked")},
    "follower_released": {"main": st.just("FB2"), "reason": st.just("x")},
    "undeliverable": {"message": st.sampled_from(["result", "replied", "dispatched"]), "channel": st.just("email"),
                      "recipient": st.sampled_from([CUSTOMER, "tech-001"]), "error": st.just("550")},
    "delivered": {"message": st.sampled_from(["result", "replied"]), "key": st.just("k")},
}  # fmt: skip
SENDERS = st.sampled_from([CUSTOMER, OPERATOR, "system", *PEOPLE, "agent-999"])


@st.composite
def moves(draw: st.DrawFn) -> tuple[str | None, str, dict[str, Any], float, float]:
    """A command (or only time), who sends it, what it says, minutes that pass, and how late it is read."""
    pause = draw(st.sampled_from([0.0, 0.5, 7.0, 61.0, 600.0, 1500.0, 5000.0]))
    # A useful sender now and then: purely random ones would hardly ever get a case closed.
    name = draw(st.one_of(st.none(), st.sampled_from(list(COMMANDS))))
    if name is None:
        return None, "", {}, pause, 0.0
    by = draw(st.one_of(SENDERS, st.just({"rate": CUSTOMER, "confirm": CUSTOMER}.get(name, "director"))))
    fields = {key: draw(value) for key, value in FIELDS.get(name, {}).items()}
    return name, by, fields, pause, draw(st.sampled_from([0.0, 0.0, 30.0, 4000.0]))


def lives(case: Case, script: list[Any]) -> list[Event]:
    """Play a script; every third command is sent twice; the case goes through JSON before each move."""
    now, events = MONDAY, []
    facts = Consultation(
        people={"sales-001": STRANGER},
        heads={"sales": "sales-001"},
        types={"transaction": TypeTerms(type="transaction", department="sales")},
        dispatch=DISPATCH,
        terms=terms(),
        main=MainCase(number="FB2", status=Status.IN_PROGRESS),
    )
    sales = Dispatch(department="sales", group="sales", owner="sales-001", people={"sales-001": STRANGER})
    for index, (name, by, fields, pause, late) in enumerate(script):
        restored = Case.model_validate_json(case.model_dump_json())
        assert restored == case
        # The earliest of what is due comes first, as the shell's timer would do it.
        until = now + timedelta(minutes=pause)
        while restored.next_deadline is not None and restored.next_deadline <= until:
            now = max(now, restored.next_deadline)
            events += restored.expire(now)
            check(restored)
        now = until
        if name is not None:
            sent = command(name, by, **fields, at=now - timedelta(minutes=late))
            chosen = sales if fields.get("to") == "sales-001" or fields.get("type") else DISPATCH
            known = facts.model_copy(update={"dispatch": chosen})
            events += restored.handle(sent, now, known)
            if index % 3 == 0:
                assert restored.handle(sent, now, known) == []
        check(restored)
        for field in Case.model_fields:
            setattr(case, field, getattr(restored, field))
    return events


def check(case: Case) -> None:
    """At any moment."""
    assert not case.take_caught(), "no rule fails"
    if case.status is Status.CLOSED:
        assert case.clocks == {}
        assert case.next_deadline is None
        assert case.resolution is not None
        assert not any(task.is_open for task in case.tasks), "nobody works on for a closed case"
    open_tasks = [task.department for task in case.tasks if task.is_open]
    assert len(open_tasks) == len(set(open_tasks)), "a department has one part at a time"
    if case.status is not Status.AWAITING_INFORMATION and not case.is_closed:
        assert case.owner is not None
    if case.status is Status.AWAITING_INFORMATION and case.owner is not None:
        assert not case.runs_on, "an urgent case never sleeps because nobody answered"
        assert all(case.clocks[name].due is None for name in HANDLING_CLOCKS if name in case.clocks)
    assert not (case.linked_to and case.followers), "no chains of linked cases"
    for clock in case.clocks.values():
        assert (clock.due is None) != (clock.remaining is None)
    if not case.is_closed:
        assert case.view().waiting is not None
    if not case.escalation.acknowledged:
        assert case.due(ClockName.ESCALATION) is not None, "whoever has to acknowledge is reminded"


def split_by_reopening(events: list[Event]) -> list[list[Event]]:
    """The events of each handling."""
    cycles: list[list[Event]] = [[]]
    for event in events:
        if event.kind is EventKind.REOPENED:
            cycles.append([])
        cycles[-1].append(event)
    return cycles


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(Priority)),
    st.sampled_from([(), ("product",)]),
    st.booleans(),
    st.sampled_from(list(Reachable)),
    st.lists(moves(), max_size=30),
)
def test_no_life_breaks_a_promise_of_the_rule_book(
    priority: Priority, missing: tuple[str, ...], by_phone: bool, reachable: Reachable, script: list[Any]
) -> None:
    case, opening = Case.open(
        "FB1", settlement(priority, missing=missing, by_phone=by_phone, reachable=reachable), MONDAY
    )
    events = opening + lives(case, script)

    assert [event.sequence for event in events] == list(range(1, len(events) + 1)), "the timeline has no gap"
    assert [event.at for event in events] == sorted(event.at for event in events), "the timeline runs forward"

    closings = [event for event in events if event.kind is EventKind.CLOSED]
    assert len(closings) == (1 if case.is_closed else 0)
    for closing in closings:
        before = [event for event in events if event.sequence < closing.sequence]
        reason = closing.detail["resolution"]
        rated = [event.detail["score"] for event in before if event.kind is EventKind.RATED]
        accepted = any(event.kind is EventKind.CONFIRMED for event in before)
        withdrawn = closing.by in {CUSTOMER, *PEOPLE} and reason == "withdrawn"
        assert accepted or withdrawn or (rated and rated[-1] in {"satisfied", "very_satisfied"})

    cycle_missed = [(e.detail["clock"], e.detail["due"]) for e in events if e.kind is EventKind.LAPSED]
    assert len(cycle_missed) == len(set(cycle_missed)), "a deadline is missed once"
    for event in events:
        if event.kind is EventKind.LAPSED and event.detail["clock"] in {clock.value for clock in DUTIES}:
            escalated = [one for one in events if one.kind is EventKind.ESCALATED]
            at_once = [one for one in escalated if one.sequence == event.sequence + 1]
            if [one.detail["why"] for one in at_once] != [event.detail["clock"]]:
                # Another deadline of the same moment came first, and its escalation names this one.
                before_it = [one for one in escalated if one.sequence < event.sequence and one.by == "system"]
                also = before_it[-1].detail["also"]
                assert isinstance(also, list) and event.detail["clock"] in also

    for cycle in split_by_reopening(events):
        apologies = [
            notice.facts["why"]
            for event in cycle
            for notice in event.notices
            if notice.message is Message.ESCALATED_CUSTOMER
        ]
        assert [why for why in apologies if why != "in_charge"] == apologies[:1], "escalation is told once a handling"

    urgency = list(Priority)
    for event in events:
        if event.kind is EventKind.REOPENED:
            was, now_is = (Priority(str(event.detail[key])) for key in ("previous_priority", "priority"))
            assert urgency.index(now_is) == max(urgency.index(was) - 1, 0)

    keys = [(n.message, n.key, n.recipient) for event in events for n in event.notices]
    assert len(keys) == len(set(keys)), "nobody is told the same thing twice"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(Priority)), st.integers(1, 6))
def test_priority_never_drops_when_a_case_comes_back(priority: Priority, times: int) -> None:
    case, _ = Case.open("FB1", settlement(priority), MONDAY)
    order, now = list(Priority), MONDAY
    for _ in range(times):
        before = order.index(case.priority)
        case.handle(command("resolve", case.owner or "", **RESOLUTION), now)
        case.handle(command("refuse", CUSTOMER, why="不行"), now)
        assert order.index(case.priority) == max(before - 1, 0)


@settings(max_examples=100, deadline=None)
@given(st.lists(moves(), max_size=20))
def test_every_accepted_command_is_in_the_timeline_and_every_refusal_has_its_reason(script: list[Any]) -> None:
    case, _ = Case.open("FB1", settlement(), MONDAY)
    facts = Consultation(dispatch=DISPATCH, terms=terms())
    now = MONDAY
    for name, by, fields, pause, _ in script:
        now += timedelta(minutes=pause)
        if name is None:
            case.expire(now)
            continue
        sent = command(name, by, **fields)
        case.expire(now)
        events = case.handle(sent, now, facts)
        outcome = case.outcomes[sent.command_id]
        assert events, "whatever was sent leaves a trace"
        if not outcome.accepted:
            assert [event.kind for event in events] == [EventKind.REJECTED]
            assert events[0].detail["reason"] == outcome.reason
            assert outcome.reason
        else:
            assert EventKind.REJECTED not in [event.kind for event in events]
            assert events[0].by == by
