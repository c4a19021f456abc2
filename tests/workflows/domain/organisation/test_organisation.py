"""Who is above whom, who is on duty, and which mistakes in an organisation file are seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from activities.organisation.loading import sample_organisation
from workflows.domain.organisation.organisation import Organisation, Person
from workflows.domain.vocabulary import Role

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@pytest.fixture(scope="module")
def sample() -> Organisation:
    return sample_organisation()


def altered(sample: Organisation, alter: Callable[[dict[str, Any]], object]) -> Organisation:
    data = sample.model_dump(mode="json")
    alter(data)
    return Organisation.model_validate(data)


def entry(entries: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(one for one in entries if one["id"] == key)


def test_the_sample_has_five_departments_and_three_levels_above_an_agent(sample: Organisation) -> None:
    assert {department.id for department in sample.departments} == {
        "customer_service", "technical_support", "after_sales", "sales", "product",
    }  # fmt: skip
    assert sample.above("agent-001") == ("service-lead", "service-head", "director")
    assert sample.above("tech-001") == ("tech-lead", "tech-head", "director")
    assert sample.above("director") == ()


def test_what_nobody_sees_is_taken_out_of_names_and_addresses(sample: Organisation) -> None:
    def paste(data: dict[str, Any]) -> None:
        entry(data["people"], "tech-001").update(
            name="\u202d李娜\u202c", email="\u200blina@example.com", phone="\u202d13800138000"
        )

    person = altered(sample, paste).person("tech-001")
    assert person is not None
    assert (person.name, person.email, person.phone) == ("李娜", "lina@example.com", "13800138000")


def test_nobody_is_everybody_to_a_chat_platform(sample: Organisation) -> None:
    with pytest.raises(ValidationError, match="wecom"):
        altered(sample, lambda data: entry(data["people"], "tech-001").update(wecom="@all"))


def test_the_superior_is_the_head_of_the_group_then_of_the_department(sample: Organisation) -> None:
    assert sample.superior_of("tech-001") == "tech-lead"
    assert sample.superior_of("tech-lead") == "tech-head"
    assert sample.superior_of("tech-head") == "director"


def test_roles_follow_from_the_place_a_person_has(sample: Organisation) -> None:
    assert sample.member("tech-lead").roles == {Role.HEAD}
    assert sample.member("duty-001").roles == {Role.DUTY_MANAGER}
    assert Role.FOLLOW_UP in sample.member("followup-001").roles
    assert Role.FOLLOW_UP_SUPERVISOR in sample.member("followup-head").roles
    assert sample.member("agent-001").roles == {Role.AGENT}


def test_the_right_manager_is_woken_on_each_day(sample: Organisation) -> None:
    assert sample.duty_managers(MONDAY) == ("duty-001",)
    assert sample.duty_managers(FRIDAY) == ("duty-002",)


def test_a_stated_date_goes_before_the_weekday_and_who_is_away_is_not_woken(sample: Organisation) -> None:
    def swap(data: dict[str, Any]) -> None:
        data["duty"].append({"person": "service-head", "first": "2026-11-20", "last": "2026-11-22"})

    swapped = altered(sample, swap)
    assert swapped.duty_managers(FRIDAY) == ("service-head",)

    def swap_and_leave(data: dict[str, Any]) -> None:
        swap(data)
        entry(data["people"], "service-head")["away"] = [{"first": "2026-11-20", "last": "2026-11-20"}]

    left = altered(sample, swap_and_leave)
    assert left.duty_managers(FRIDAY) == ("duty-002",)
    assert left.duty_managers(date(2026, 11, 21)) == ("service-head",)


def test_somebody_is_alerted_even_when_all_duty_managers_are_away(sample: Organisation) -> None:
    away = altered(sample, lambda data: entry(data["people"], "duty-001").update(away=True))
    assert away.duty_managers(MONDAY) == ("duty-001",)


def test_another_specialist_follows_up_while_the_first_is_away(sample: Organisation) -> None:
    def add(data: dict[str, Any]) -> None:
        data["follow_up"]["specialists"].append("agent-002")
        entry(data["people"], "followup-001")["away"] = [{"first": "2026-11-20", "last": "2026-11-21"}]

    organisation = altered(sample, add)
    assert organisation.follow_up_on(FRIDAY) == "agent-002"
    assert organisation.follow_up_on(MONDAY) == "followup-001"


def test_customers_see_the_display_name_when_there_is_one() -> None:
    person = Person.model_validate({"id": "a", "name": "李娜", "display_name": "小李"})
    assert person.roles == {Role.AGENT}
    assert person.display_name == "小李"


def _set(section: str, key: str, **changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda data: entry(data[section], key).update(changes)


def _circle(data: dict[str, Any]) -> None:
    entry(data["people"], "tech-head")["superior"] = "tech-001"


def _nobody_in_a_group(data: dict[str, Any]) -> None:
    for person in data["people"]:
        if person["group"] == "sales-desk":
            person["group"] = None


def _no_sunday(data: dict[str, Any]) -> None:
    for duty in data["duty"]:
        duty["weekdays"] = [day for day in duty["weekdays"] if day != "sunday"]


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (_set("people", "agent-001", superior="nobody"), "people[agent-001].superior: 'nobody' is nobody in people"),
        (_set("people", "agent-001", department="nowhere"), "'nowhere' is no department; allowed: customer_service"),
        (_set("people", "agent-001", group="nowhere"), "'nowhere' is no group; allowed: service-desk"),
        (_set("people", "agent-001", department="sales"), "their group 'service-desk' is in 'customer_service'"),
        (_set("departments", "sales", head="agent-001"), "'agent-001' is not in that department"),
        (_set("groups", "sales-desk", head="agent-001"), "'agent-001' is not in the department 'sales'"),
        (_circle, "go round in a circle: tech-001 → tech-lead → tech-head → tech-001"),
        (_set("people", "director", superior="director"), "in a circle: director → director"),
        (_nobody_in_a_group, "groups[sales-desk]: nobody is in it"),
        (_no_sunday, "there is no duty manager on sunday"),
        (lambda data: data["duty"].clear(), "at least 1 item"),
        (lambda data: data["people"].append(dict(data["people"][0])), "'director' is there 2 times"),
        (lambda data: data["duty"][0].update(person="nobody"), "duty[0].person: 'nobody' is nobody in people"),
        (lambda data: data["duty"][0].update(weekdays=[]), "says not when"),
        (lambda data: data["follow_up"].update(supervisor="nobody"), "follow_up.supervisor: 'nobody'"),
        (_set("people", "agent-001", email="not an address"), "is no mail address"),
        (_set("people", "agent-001", id="customer"), "'customer' is taken"),
        (_set("people", "agent-001", roles=["boss"]), "'agent', 'head', 'duty_manager'"),
    ],
)
def test_a_mistake_in_the_organisation_is_named(
    sample: Organisation, alter: Callable[[dict[str, Any]], object], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        altered(sample, alter)
    assert said in str(caught.value)


def test_an_organisation_survives_being_stored(sample: Organisation) -> None:
    assert Organisation.model_validate_json(sample.model_dump_json()) == sample
