"""What somebody is told they may do now is what the case lets them do, and nothing else is refused (R6, R22, R45)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.builders import (
    MONDAY,
    PEOPLE,
    SALES,
    STRANGER,
    command,
    open_case,
    resolved_case,
    settlement,
    terms,
)
from tests.workflows.domain.case.test_invariants import lives, moves
from workflows.domain.case.aggregate import Case
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.recorded.actions import OFFERED, Action, Hindrance, actions
from workflows.domain.case.recorded.standing import standing
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import OurCommand
from workflows.domain.organisation.organisation import Duty
from workflows.domain.terms import Consultation, Dispatch, MainCase, Member, TypeTerms
from workflows.domain.vocabulary import CUSTOMER, Priority, Reachable, Role, Status


@dataclass(frozen=True)
class _Department:
    id: str
    head: str


class Roster:
    """As the organisation in force knows the people of the builders."""

    members = (
        PEOPLE
        | SALES
        | {
            "sales-001": STRANGER,
            "followup-head": PEOPLE["followup-head"].model_copy(
                update={"roles": frozenset({Role.FOLLOW_UP_SUPERVISOR})}
            ),
        }
    )

    duty: tuple[Duty, ...] = (Duty(person="duty-001", first=MONDAY.date(), last=MONDAY.date()),)

    def person(self, key: str) -> Member | None:
        return self.members.get(key)

    def member(self, key: str) -> Member:
        return self.members[key]

    def above(self, key: str) -> tuple[str, ...]:
        found: list[str] = []
        while (above := self.members[key].superior) is not None and above not in found:
            found.append(key := above)
        return tuple(found)

    def department(self, key: str) -> _Department | None:
        heads = {"technical_support": "tech-head", "sales": "sales-head"}
        return _Department(key, heads[key]) if key in heads else None


ROSTER: Any = Roster()
SAYS: dict[str, dict[str, Any]] = {
    "reply": {"text": "在查"},
    "classify": {"why": "纠正"},
    "assign": {"why": "分派"},
    "progress": {"text": "进展"},
    "escalate": {"why": "超出权限"},
    "request_info": {"text": "版本?"},
    "supply": {"text": "5.2"},
    "resolve": {"cause": "超时", "solution": "已扩容"},
    "attach": {"files": [{"id": "0" * 32, "name": "照片.jpg", "size": 9, "type": "jpeg"}]},
    "refuse": {"why": "还是不行"},
    "rate": {"score": "satisfied"},
    "note": {"text": "备注"},
    "withdraw": {"why": "不用了"},
    "collaborate": {"department": "finance", "duty": "对账"},
    "link": {"to": "FB2"},
}
NEEDED: dict[str, Any] = {"why": "忙", "verified": "yes", "why_open": "稍后补"}


def view_of(case: Case) -> Any:
    return json.loads(case.view().model_dump_json())


def sent(case: Case, action: Action, person: str) -> Any:
    """The command as a page sends it."""
    fields = SAYS.get(action.command, {}) | {name: NEEDED[name] for name in action.needed}
    if action.command == "classify":
        fields |= {"priority": next(one for one in Priority if one is not case.priority)}
    if action.heard:
        fields |= {"relayed_by": person, "heard": "telephone"}
    return command(action.command, CUSTOMER if action.heard else person, **fields)


def accepts(case: Case, action: Action, person: str) -> str | None:
    """Why the case refuses it; None where it does not."""
    tried = Case.model_validate_json(case.model_dump_json())
    other = "tech-002" if case.owner == "tech-001" else "tech-001"
    facts = Consultation(
        people=Roster.members,
        heads={"finance": "director"},
        types={"transaction": TypeTerms(type="transaction", department="technical_support")},
        dispatch=Dispatch(department="technical_support", group="tech", owner=other, people=PEOPLE),
        terms=terms(),
        main=MainCase(number="FB2", status=Status.IN_PROGRESS),
    )
    one = sent(case, action, person)
    tried.handle(one, case.updated_at, facts)
    return tried.outcomes[one.command_id].reason


def check(case: Case, people: Iterable[str]) -> None:
    view = view_of(case)
    for person in people:
        if person in case.people:
            assert standing(view, person, ROSTER) == case.capacities(person), person
        told = actions(view, person, ROSTER)
        assert {action.command for action in told} == set(OFFERED)
        opened = [action.hindrance is None for action in told]
        assert opened == sorted(opened, reverse=True), "what is open comes first"
        for action in told:
            assert (action.reason is None) == (action.hindrance is None)
            if action.department is None and action.command != "contribute":
                refused = accepts(case, action, person)
                assert (refused is None) == (action.hindrance is None), (person, action, refused)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.sampled_from(list(Priority)),
    st.sampled_from([(), ("product",)]),
    st.booleans(),
    st.sampled_from(list(Reachable)),
    st.lists(moves(), max_size=12),
    st.booleans(),
    st.sampled_from(sorted(Roster.members)),
)
def test_what_is_open_is_accepted_and_what_is_not_is_refused_wherever_a_case_has_come_to(
    priority: Priority,
    missing: tuple[str, ...],
    by_phone: bool,
    reachable: Reachable,
    script: list[Any],
    own: bool,
    person: str,
) -> None:
    given_terms = terms(owner_may_take_down=own)
    case, _ = Case.open(
        "FB1", settlement(priority, terms_=given_terms, missing=missing, by_phone=by_phone, reachable=reachable), MONDAY
    )
    # Links and departments' answers come from other workflows, which would have to be there as well.
    told = [move for move in script if move[0] is None or not issubclass(COMMANDS[move[0]], OurCommand)]
    lives(case, told)
    check(case, {person, case.owner or person})


def test_a_duty_manager_whom_nobody_else_is_above_is_shown_what_the_case_lets_them_do() -> None:
    case, _ = open_case(Priority.P1)
    lives(
        case, [("classify", "director", {"priority": Priority.P0, "type": "transaction", "why": "纠正"}, 1500.0, 0.0)]
    )
    assert (case.owner, case.superiors()) == ("sales-001", [])
    check(case, {"duty-001", "agent-001", "sales-001"})


def test_whoever_is_below_an_escalation_is_not_offered_its_acknowledgement_also_where_they_own_the_case() -> None:
    case, _ = open_case(Priority.P0)
    lives(case, [(None, "", {}, 600.0, 0.0), (None, "", {}, 5000.0, 0.0), ("claim", "duty-001", {}, 7.0, 0.0)])
    assert (case.owner, case.escalation.to, case.superiors()) == ("duty-001", "director", [])
    check(case, {"duty-001", "director"})


def test_who_took_a_case_in_that_nobody_else_answers_for_is_shown_what_the_case_lets_them_do() -> None:
    alone = {"tech-001": PEOPLE["tech-001"].model_copy(update={"left": True, "superior": None})}
    case, _ = open_case(Priority.P1)
    case.people.update(alone)
    case.terms = case.terms.model_copy(update={"head": None, "duty_managers": ()})

    class Few(Roster):
        duty = ()

        def person(self, key: str) -> Member | None:
            return None if key == "tech-001" else super().person(key)

    people: Any = Few()
    assert Capacity.SUPERIOR in case.capacities("agent-001")
    assert standing(view_of(case), "agent-001", people) == case.capacities("agent-001")


def test_every_command_that_people_give_is_offered() -> None:
    ours = {"customer_wrote", "review", *(name for name, kind in COMMANDS.items() if issubclass(kind, OurCommand))}
    assert {kind.name for kind in COMMANDS.values()} - ours == set(OFFERED)


def first(case: Case, person: str) -> str:
    return actions(view_of(case), person, ROSTER)[0].command


def test_the_first_thing_offered_is_what_the_case_asks_of_that_person() -> None:
    case, _ = open_case(Priority.P1)
    assert first(case, "tech-001") == "claim"
    assert first(case, "tech-002") == "claim"
    case.handle(command("claim", "tech-001"), MONDAY)
    assert first(case, "tech-001") == "reply"
    case.handle(command("reply", "tech-001", text="在查"), MONDAY)
    assert first(case, "tech-001") == "resolve"
    case.handle(command("escalate", "tech-001", why="超出权限"), MONDAY)
    assert first(case, "tech-lead") == "acknowledge"
    solved, _ = resolved_case(by_phone=True)
    assert first(solved, "tech-001") == "told"
    followed, _ = resolved_case()
    assert first(followed, "followup-001") == "confirm"
    assert actions(None, "tech-001", ROSTER)[0].hindrance is Hindrance.NOT_OPENED


def test_a_department_that_owes_its_part_is_offered_the_answer_first() -> None:
    case, _ = open_case(Priority.P1)
    case.handle(
        command("collaborate", "tech-001", department="sales", duty="对合同"),
        MONDAY,
        Consultation(heads={"sales": "sales-head"}),
    )
    view = view_of(case)
    task = view["collaborations"][0]
    found = actions(view, "sales-002", ROSTER)
    assert [(one.command, one.department) for one in found[:2]] == [("contribute", "sales"), ("claim", "sales")]
    task |= {"person": "sales-001", "claimed_at": None}
    assert next((one.command, one.department) for one in actions(view, "sales-001", ROSTER)) == ("claim", "sales")
    task["claimed_at"] = task["asked_at"]
    assert next((one.command, one.department) for one in actions(view, "sales-001", ROSTER)) == ("contribute", "sales")
    assert not [one for one in actions(view, "followup-001", ROSTER) if one.department]


@pytest.mark.parametrize("person", ["nobody", "gone-001"])
def test_a_stranger_may_do_nothing(person: str) -> None:
    case, _ = open_case()
    assert {one.hindrance for one in actions(view_of(case), person, ROSTER)} <= {
        Hindrance.NOT_YOURS, Hindrance.NO_TASK
    }  # fmt: skip
