"""One cause, many callers: a follower is answered by its main case, and goes on alone when that does not hold (R28)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.builders import (
    DISPATCH,
    MINUTE,
    MONDAY,
    PEOPLE,
    RESOLUTION,
    command,
    consulted,
    kinds,
    resolved_case,
    settlement,
    told,
)
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.terms import MainCase
from workflows.domain.vocabulary import CUSTOMER, SYSTEM, ClockName, Priority, Status

MAIN, FIRST, SECOND = "FB202405060001", "FB202405060002", "FB202405060003"


class Cases:
    """A main case of tech-001 and callers of tech-002, who are told what their cases tell each other."""

    def __init__(self, **opening: Any) -> None:
        self.now: datetime = MONDAY
        self.open: dict[str, Case] = {}
        self.events: dict[str, list[Event]] = {}
        for number, owner in ((MAIN, "tech-001"), (FIRST, "tech-002"), (SECOND, "tech-002")):
            settled = settlement(Priority.P2, **(opening if number != MAIN else {}))
            settled = settled.model_copy(update={"dispatch": DISPATCH.model_copy(update={"owner": owner})})
            self.open[number], self.events[number] = Case.open(number, settled, MONDAY)

    def send(self, number: str, sent: Command) -> list[Event]:
        """Judge it, and everything it makes one case say to another; answers what happened in its own case."""
        self.now += MINUTE
        case = self.open[number]
        lookup = case.needs(sent)
        facts = consulted(main=self.main(lookup.main), product="CRM") if lookup and lookup.main else consulted()
        events = case.handle(sent, self.now, facts)
        self.events[number] += events
        for forward in case.take_forwards():
            self.send(forward.to, parse_command(forward.name, forward.fields, "none", COMMANDS))
        return events

    def main(self, number: str) -> MainCase | None:
        """As the record has it."""
        case = self.open.get(number)
        if case is None:
            return None
        leads = (case.owner or "", *case.chain(case.owner))
        return MainCase(
            number=number,
            status=case.status,
            resolution=case.resolution,
            linked_to=case.linked_to,
            leads=leads,
            product="crm",
        )

    def link(self, *followers: str) -> None:
        for number in followers:
            self.accepted(number, command("link", "tech-002", to=MAIN))

    def accepted(self, number: str, sent: Command) -> list[Event]:
        events = self.send(number, sent)
        assert self.open[number].outcomes[sent.command_id].accepted, self.open[number].outcomes[sent.command_id]
        return events

    def refused(self, number: str, sent: Command) -> str:
        self.send(number, sent)
        outcome = self.open[number].outcomes[sent.command_id]
        assert not outcome.accepted
        assert outcome.reason is not None
        assert "\n" not in outcome.reason
        return outcome.reason


@pytest.fixture
def cases() -> Cases:
    return Cases()


@pytest.fixture
def linked(cases: Cases) -> Cases:
    cases.link(FIRST, SECOND)
    return cases


def test_one_solution_answers_every_caller(linked: Cases) -> None:
    linked.accepted(MAIN, command("reply", "tech-001", text="在查"))
    linked.accepted(MAIN, command("progress", "tech-001", text="已定位", step=2))
    linked.accepted(MAIN, command("resolve", "tech-001", command_id="fix", **RESOLUTION))
    for number in (FIRST, SECOND):
        case = linked.open[number]
        assert case.status is Status.AWAITING_CONFIRMATION
        assert case.owner == "tech-002", "it keeps its own owner"
        messages = [message for message, recipient in told(linked.events[number]) if recipient == CUSTOMER]
        assert messages == [Message.CREATED, Message.REPLIED, Message.PROGRESSED, Message.RESULT]
        resolved = linked.events[number][-1]
        assert (resolved.kind, resolved.by) == (EventKind.RESOLVED, "tech-001")
        assert resolved.detail["main_case"] == MAIN
        assert resolved.detail["solution"] == RESOLUTION["solution"]
        assert f"{MAIN}:fix" in case.outcomes
        assert case.steps_done == [], "a step of the main case's playbook is none of this one's"
    assert linked.events[MAIN][-1].detail == {"command": "resolve", "followers": [FIRST, SECOND]}
    assert linked.open[MAIN].view().linked == (FIRST, SECOND)
    assert linked.open[FIRST].view().linked_to == MAIN


def test_a_reply_in_time_is_in_time_for_every_caller(linked: Cases) -> None:
    linked.accepted(MAIN, command("reply", "tech-001", text="在查"))
    assert linked.open[FIRST].responded_at == linked.open[MAIN].responded_at != linked.now


def test_each_caller_accepts_and_rates_for_themselves(linked: Cases) -> None:
    linked.accepted(MAIN, command("resolve", "tech-001", **RESOLUTION))
    linked.accepted(FIRST, command("rate", CUSTOMER, score="satisfied"))
    assert linked.open[FIRST].is_closed
    assert linked.open[SECOND].status is Status.AWAITING_CONFIRMATION
    linked.accepted(MAIN, command("rate", CUSTOMER, score="satisfied"))
    assert not linked.open[SECOND].is_closed, "the others live on"
    linked.accepted(SECOND, command("confirm", CUSTOMER))


@pytest.mark.parametrize("verdict", [("refuse", {"why": "还是不行"}), ("rate", {"score": "dissatisfied"})])
def test_a_caller_who_is_not_satisfied_goes_on_alone(verdict: tuple[str, dict[str, Any]], linked: Cases) -> None:
    linked.accepted(MAIN, command("resolve", "tech-001", **RESOLUTION))
    events = linked.accepted(FIRST, command(verdict[0], CUSTOMER, **verdict[1]))
    assert kinds(events)[-2:] == [EventKind.REOPENED, EventKind.UNLINKED]
    assert linked.open[FIRST].linked_to is None
    assert linked.open[FIRST].status is Status.DISPATCHED
    assert linked.open[MAIN].followers == [SECOND]
    assert linked.open[MAIN].status is linked.open[SECOND].status is Status.AWAITING_CONFIRMATION
    assert (Message.UNLINKED, "tech-001") in told(linked.events[MAIN]), "the solution does not hold for everybody"
    linked.accepted(MAIN, command("refuse", CUSTOMER, why="我也不行"))
    linked.accepted(MAIN, command("reply", "tech-lead", text="再查"))
    assert EventKind.REPLIED not in kinds(linked.events[FIRST])


def test_a_caller_linked_after_the_solution_gets_it_at_once(cases: Cases) -> None:
    cases.accepted(MAIN, command("resolve", "tech-001", **RESOLUTION))
    cases.link(FIRST)
    assert cases.open[FIRST].status is Status.AWAITING_CONFIRMATION
    assert cases.open[FIRST].solution == RESOLUTION["solution"]


def test_a_solution_that_was_refused_goes_to_nobody_else(cases: Cases) -> None:
    cases.accepted(MAIN, command("resolve", "tech-001", **RESOLUTION))
    cases.accepted(MAIN, command("refuse", CUSTOMER, why="不行"))
    cases.link(FIRST)
    assert cases.open[FIRST].status is Status.IN_PROGRESS


def test_a_caller_who_has_a_solution_already_is_left_in_peace(linked: Cases) -> None:
    linked.accepted(FIRST, command("resolve", "tech-002", **(RESOLUTION | {"solution": "重启"})))
    linked.accepted(MAIN, command("resolve", "tech-001", **RESOLUTION))
    assert linked.open[FIRST].solution == "重启"
    assert [m for m, _ in told(linked.events[FIRST])].count(Message.RESULT) == 1
    assert linked.open[SECOND].solution == RESOLUTION["solution"]


def test_a_withdrawn_main_case_leaves_nobody_waiting_for_its_answer(linked: Cases) -> None:
    linked.accepted(MAIN, command("withdraw", CUSTOMER, why="好了"))
    for number in (FIRST, SECOND):
        assert linked.open[number].linked_to is None
        assert not linked.open[number].is_closed
        assert (Message.UNLINKED, "tech-002") in told(linked.events[number])
    assert "withdrawn" in str(linked.events[FIRST][-1].detail["why"])


def test_a_main_case_that_is_no_more_releases_who_wants_to_follow_it(cases: Cases) -> None:
    case = cases.open[FIRST]
    case.handle(command("link", "tech-002", to=MAIN), cases.now, consulted(main=cases.main(MAIN), product="CRM"))
    (forward,) = case.take_forwards()
    events = case.forward_failed(forward, cases.now)
    assert kinds(events) == [EventKind.UNLINKED]
    assert case.linked_to is None
    assert (Message.UNLINKED, "tech-002") in told(events)


def test_a_main_case_that_has_closed_meanwhile_says_so(cases: Cases) -> None:
    before = cases.main(MAIN)
    cases.accepted(MAIN, command("withdraw", CUSTOMER, why="好了"))
    case = cases.open[FIRST]
    case.handle(command("link", "tech-002", to=MAIN), cases.now, consulted(main=before, product="CRM"))
    (forward,) = case.take_forwards()
    cases.send(MAIN, parse_command(forward.name, forward.fields, "none", COMMANDS))
    assert case.linked_to is None
    assert "closed" in str(cases.events[FIRST][-1].detail["why"])


def test_two_cases_linked_to_each_other_at_once_end_up_alone(cases: Cases) -> None:
    facts = {number: cases.main(number) for number in (MAIN, FIRST)}
    cases.open[MAIN].handle(
        command("link", "tech-001", to=FIRST), cases.now, consulted(main=facts[FIRST], product="CRM")
    )
    cases.open[FIRST].handle(
        command("link", "tech-002", to=MAIN), cases.now, consulted(main=facts[MAIN], product="CRM")
    )
    for number in (MAIN, FIRST):
        for forward in cases.open[number].take_forwards():
            cases.send(forward.to, parse_command(forward.name, forward.fields, "none", COMMANDS))
    assert all(not case.linked_to and not case.followers for case in cases.open.values())


def test_an_owner_is_told_that_somebody_linked_their_case(cases: Cases) -> None:
    cases.accepted(FIRST, command("link", "tech-lead", to=MAIN))
    assert (Message.LINKED, "tech-002") in told(cases.events[FIRST])
    assert (Message.LINKED, "tech-001") in told(cases.events[MAIN])
    cases.accepted(SECOND, command("link", "tech-002", to=MAIN))
    assert (Message.LINKED, "tech-002") not in told(cases.events[SECOND]), "not what they have just done"


def test_an_owner_who_links_has_begun_to_work(cases: Cases) -> None:
    cases.accepted(FIRST, command("link", "tech-002", to=MAIN))
    cases.accepted(SECOND, command("link", "tech-001", to=MAIN))
    assert ClockName.CLAIM not in cases.open[FIRST].clocks
    assert ClockName.CLAIM in cases.open[SECOND].clocks, "its own owner has not seen it yet"
    assert ClockName.RESPONSE in cases.open[FIRST].clocks, "the customer has no answer yet"


@pytest.mark.parametrize("by", ["tech-001", "tech-002", "tech-lead", "duty-001"])
def test_both_owners_and_those_above_link_and_unlink(by: str, cases: Cases) -> None:
    cases.accepted(FIRST, command("link", by, to=MAIN))
    cases.accepted(FIRST, command("unlink", by, why="另一个原因"))
    assert cases.open[MAIN].followers == []
    cases.link(FIRST)
    assert cases.open[MAIN].followers == [FIRST]


def test_nobody_else_does(linked: Cases) -> None:
    assert "whoever works on its main case" in linked.refused(FIRST, command("unlink", "agent-001"))
    assert "unlink is for" in linked.refused(FIRST, command("unlink", CUSTOMER))


@pytest.mark.parametrize(
    ("number", "to", "words"),
    [
        (FIRST, FIRST, "cannot be linked to itself"),
        (SECOND, "FB209901010001", "there is no such case"),
        (FIRST, MAIN, f"{FIRST} is linked to {MAIN} already"),
        (MAIN, FIRST, f"{MAIN} is the main case of {FIRST}; link {FIRST} to it instead"),
        (SECOND, FIRST, f"{FIRST} is linked itself; link to its main case {MAIN}"),
    ],
)
def test_what_cannot_be_linked_is_said_in_one_line(number: str, to: str, words: str, cases: Cases) -> None:
    cases.link(FIRST)
    assert words in cases.refused(number, command("link", "tech-lead", to=to))


def test_neither_a_closed_nor_a_solved_case_is_linked(cases: Cases) -> None:
    cases.accepted(SECOND, command("withdraw", CUSTOMER, why="好了"))
    assert "closed" in cases.refused(SECOND, command("link", "tech-002", to=MAIN))
    assert f"{SECOND} is closed (withdrawn); allowed: an open case" in cases.refused(
        FIRST, command("link", "tech-002", to=SECOND)
    )
    cases.accepted(FIRST, command("resolve", "tech-002", **RESOLUTION))
    assert "solution is with the customer" in cases.refused(FIRST, command("link", "tech-002", to=MAIN))


def test_another_product_needs_the_reason(cases: Cases) -> None:
    case, facts = cases.open[FIRST], consulted(main=cases.main(MAIN), product="打印机")
    plain = command("link", "tech-002", to=MAIN)
    case.handle(plain, cases.now, facts)
    assert "the products differ (打印机, crm)" in (case.outcomes[plain.command_id].reason or "")
    case.handle(command("link", "tech-002", to=MAIN, why="同一个网络故障"), cases.now, facts)
    assert case.linked_to == MAIN


def test_unlinking_what_is_not_linked_says_what_is(linked: Cases) -> None:
    reason = linked.refused(MAIN, command("unlink", "tech-001"))
    assert reason == f"{MAIN} is linked to no case; it is the main case of {FIRST}, {SECOND}: unlink those"


def test_an_answer_of_a_case_that_is_not_the_main_case_is_refused(linked: Cases) -> None:
    assert f"{FIRST} is not linked to {SECOND}" in linked.refused(
        FIRST, command("reply", "tech-001", text="x", via="system", main_case=SECOND)
    )


def test_what_only_the_follower_asks_for_does_not_hold_up_the_solution() -> None:
    cases = Cases(tested=True)
    cases.link(FIRST)
    cases.open[FIRST].unexplained = True
    cases.accepted(MAIN, command("progress", "tech-001", text="已定位"))
    assert cases.events[FIRST][-1].kind is EventKind.PROGRESSED
    untested = {key: value for key, value in RESOLUTION.items() if key != "verified"}
    cases.accepted(MAIN, command("resolve", "tech-001", **untested))
    resolved = cases.events[FIRST][-1]
    assert (resolved.kind, resolved.detail["verified"]) == (EventKind.RESOLVED, "not_applicable")


def test_a_case_of_a_release_before_links_is_read() -> None:
    case, _ = resolved_case()
    old = case.model_dump(mode="json", exclude={"linked_to", "linked_by", "followers", "forwards", "answer"})
    assert Case.model_validate(old).followers == []


def test_what_is_still_to_be_told_travels_into_a_new_run(cases: Cases) -> None:
    case = cases.open[FIRST]
    case.handle(command("link", "tech-002", to=MAIN), cases.now, consulted(main=cases.main(MAIN), product="CRM"))
    assert Case.model_validate_json(case.model_dump_json()).forwards == case.forwards
    assert case.forwards[0].fields["by"] == SYSTEM
    assert set(PEOPLE) >= {case.owner}


def test_an_id_of_any_length_is_passed_on_once(linked: Cases) -> None:
    long = "x" * 200
    linked.accepted(MAIN, command("reply", "tech-001", text="在查", command_id=long))
    assert kinds(linked.events[FIRST])[-1] is EventKind.REPLIED
    linked.send(MAIN, command("reply", "tech-001", text="在查", command_id=long))
    assert kinds(linked.events[FIRST]).count(EventKind.REPLIED) == 1
