"""Exactly one owner: the least loaded person who fits and is at work (R11, R12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from workflows.domain.organisation.assignment import Situation, assign, mismatches
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.terms import Dispatch, DispatchRequest
from workflows.domain.vocabulary import Priority

POLICY = load_policy("standard")
SAMPLE = sample_organisation()
TODAY = date(2026, 11, 20)


def altered(*changes: tuple[str, str, dict[str, Any]]) -> Organisation:
    data = SAMPLE.model_dump(mode="json")
    for section, key, fields in changes:
        next(one for one in data[section] if one["id"] == key).update(fields)
    return Organisation.model_validate(data)


def chosen(
    organisation: Organisation = SAMPLE, *, loads: dict[str, int] | None = None, product: str = "", **request: Any
) -> Dispatch:
    asked = DispatchRequest(**({"type": "technical", "priority": Priority.P2} | request))
    return assign(asked, organisation, POLICY, Situation(loads=loads or {}, day=TODAY, product=product))


@pytest.mark.parametrize(
    ("kind", "department"),
    [
        ("technical", "technical_support"),
        ("service", "after_sales"),
        ("transaction", "sales"),
        ("enquiry", "customer_service"),
        ("suggestion", "product"),
        ("other", "customer_service"),
    ],
)
def test_each_type_reaches_its_department(kind: str, department: str) -> None:
    dispatch = chosen(type=kind)
    assert dispatch.department == department
    assert dispatch.people[dispatch.owner].department == department


def test_the_least_loaded_person_gets_the_case_and_ties_go_by_id() -> None:
    assert chosen().owner == "tech-001"
    assert chosen(loads={"tech-001": 2, "tech-002": 1, "tech-003": 2}).owner == "tech-002"


def test_who_is_trained_for_it_goes_before_who_has_less_to_do() -> None:
    assert chosen(subtype="API调用", loads={"tech-003": 9}).owner == "tech-003"


def test_who_knows_the_product_goes_before_who_does_not() -> None:
    skilled = {"skills": {"types": ["technical"], "products": ["CRM"]}}
    organisation = altered(("people", "tech-002", skilled))
    assert chosen(organisation, product="智办公crm系统").owner == "tech-002"


def test_who_is_trained_for_other_things_comes_last() -> None:
    organisation = altered(("people", "agent-001", {"skills": {"types": ["suggestion"]}}))
    assert chosen(organisation, type="enquiry", loads={"agent-002": 50}).owner == "agent-002"


def test_nobody_who_is_away_or_excluded_gets_a_case() -> None:
    holiday = {"away": [{"first": "2026-11-19", "last": "2026-11-20"}]}
    organisation = altered(("people", "tech-001", holiday))
    assert chosen(organisation).owner == "tech-002"
    assert chosen(organisation, exclude=("tech-002",)).owner == "tech-003"


def test_a_case_never_stays_without_an_owner_when_everyone_is_away() -> None:
    away = [("people", f"tech-00{n}", {"away": True}) for n in (1, 2, 3)]
    assert chosen(altered(*away)).owner == "tech-lead"
    away.append(("people", "tech-lead", {"away": True}))
    assert chosen(altered(*away)).owner == "tech-head"
    away += [("people", key, {"away": True}) for key in ("tech-head", "director")]
    assert chosen(altered(*away)).owner == "tech-lead"


def test_the_group_that_names_the_case_best_handles_it() -> None:
    data = SAMPLE.model_dump(mode="json")
    data["groups"] += [
        {"id": "urgent", "labels": {"en": "Urgent"}, "department": "technical_support", "head": "tech-head",
         "priorities": ["P0"]},
        {"id": "api", "labels": {"en": "API"}, "department": "technical_support", "head": "tech-head",
         "subtypes": ["API调用"]},
    ]  # fmt: skip
    for key, group in (("tech-002", "urgent"), ("tech-003", "api")):
        next(one for one in data["people"] if one["id"] == key)["group"] = group
    organisation = Organisation.model_validate(data)
    assert chosen(organisation).group == "tech-support"
    assert chosen(organisation, priority=Priority.P0).group == "urgent"
    assert chosen(organisation, priority=Priority.P0, subtype="API调用").owner == "tech-003"


def test_a_dispatch_knows_the_group_everyone_above_and_the_assisting_heads() -> None:
    dispatch = chosen(priority=Priority.P0)
    assert dispatch.assisting == {"customer_service": "service-head"}
    assert set(dispatch.people) == {
        "tech-001", "tech-002", "tech-003", "tech-lead", "tech-head", "director", "service-head",
    }  # fmt: skip
    assert chosen(priority=Priority.P1).assisting == {}


def test_a_department_does_not_assist_itself() -> None:
    assert chosen(priority=Priority.P0, department="customer_service").assisting == {}


def test_a_person_asked_for_gets_the_case_in_their_own_department() -> None:
    dispatch = chosen(person="sales-001")
    assert (dispatch.owner, dispatch.department, dispatch.group) == ("sales-001", "sales", "sales-desk")
    assert chosen(person="director").department == "technical_support"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"person": "agent-999"}, "agent-999 is not in the organisation"),
        ({"department": "legal"}, "department 'legal' is not in the organisation; allowed: customer_service"),
        ({"person": "tech-001"}, "tech-001 is away on 2026-11-20; allowed: somebody at work, such as tech-lead"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_can(request_: dict[str, Any], said: str) -> None:
    away = [("people", f"tech-00{n}", {"away": True}) for n in (1, 2, 3)]
    with pytest.raises(Problem) as caught:
        chosen(altered(*away), **request_)
    assert said in str(caught.value)


def test_a_type_whose_department_is_not_there_still_reaches_somebody() -> None:
    data = POLICY.model_dump(mode="json")
    data["types"][0]["department"] = "robotics"
    policy = Policy.model_validate(data)
    request = DispatchRequest(type="technical", priority=Priority.P2)
    dispatch = assign(request, SAMPLE, policy, Situation(loads={}, day=TODAY))
    assert dispatch.department == "customer_service"
    assert "types[technical].department: 'robotics' is no department" in mismatches(policy, SAMPLE)[0]


def _no_change(data: dict[str, Any]) -> None:
    del data


def _unknown_type(data: dict[str, Any]) -> None:
    data["groups"][0]["types"] = ["nonsense"]


@pytest.mark.parametrize(("alter", "faults"), [(_no_change, 0), (_unknown_type, 1)])
def test_policy_and_organisation_that_do_not_fit_are_told_apart(
    alter: Callable[[dict[str, Any]], None], faults: int
) -> None:
    data = SAMPLE.model_dump(mode="json")
    alter(data)
    assert len(mismatches(POLICY, Organisation.model_validate(data))) == faults
