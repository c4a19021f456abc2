"""Assignment: the choice of a case's owner, the least loaded person who fits and is at work (R11, R12)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from workflows.domain.model import Fact
from workflows.domain.organisation.organisation import Department, Group, Organisation, Person
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.terms import Dispatch, DispatchRequest
from workflows.domain.vocabulary import Role


class Situation(Fact):
    """The world at the moment of choosing: open cases per owner, the company's local day, the case's product."""

    loads: dict[str, int]
    day: date
    product: str = ""


def mismatches(policy: Policy, organisation: Organisation) -> list[str]:
    """Names that policy and organisation use differently, one line each: such a case goes where it should not."""
    departments = {entry.id for entry in organisation.departments}
    types = {entry.id for entry in policy.types}
    wanted = [(f"types[{entry.id}].department", entry.department) for entry in policy.types]
    wanted += [
        (f"assisting[{i}].departments", key) for i, rule in enumerate(policy.assisting) for key in rule.departments
    ]
    named = [(f"groups[{group.id}].types", group.types) for group in organisation.groups]
    named += [(f"people[{person.id}].skills.types", person.skills.types) for person in organisation.people]
    return [
        f"policy {policy.name}: {where}: {key!r} is no department of the organisation; "
        f"allowed: {', '.join(sorted(departments))}"
        for where, key in wanted
        if key not in departments
    ] + [
        f"{where}: {key!r} is no type of the policy {policy.name}; allowed: {', '.join(sorted(types))}"
        for where, keys in named
        for key in keys
        if key not in types
    ]


def assign(request: DispatchRequest, organisation: Organisation, policy: Policy, situation: Situation) -> Dispatch:
    """Choose the owner of a case: this very person, or somebody of this department, or by the type.

    Raises:
        Problem: the person or department asked for does not exist, or the person is away.
    """
    if request.person is not None:
        owner = _asked_for(request.person, organisation, situation.day)
        home = owner.department or department_of(request, organisation, policy).id
        return _dispatch(
            owner, request, organisation, policy, situation.day, reason="asked for", lead=home, team=owner.group or ""
        )
    department = department_of(request, organisation, policy)
    group = handling_group(request, department, organisation)
    owner, reason = _choose(request, department, group, organisation, situation)
    return _dispatch(
        owner, request, organisation, policy, situation.day, reason=reason, lead=department.id, team=group.id
    )


def department_of(request: DispatchRequest, organisation: Organisation, policy: Policy) -> Department:
    """The department asked for, or that of the type; a type nobody handles goes where the default type goes.

    Raises:
        Problem: the department asked for does not exist.
    """
    if request.department is not None:
        asked = organisation.department(request.department)
        if asked is None:
            allowed = ", ".join(entry.id for entry in organisation.departments)
            raise Problem(f"department {request.department!r} is not in the organisation; allowed: {allowed}")
        return asked
    for name in (request.type, policy.default_type):
        kind = policy.type_named(name)
        found = organisation.department(kind.department) if kind else None
        if found is not None:
            return found
    return organisation.departments[0]


def handling_group(request: DispatchRequest, department: Department, organisation: Organisation) -> Group:
    """The group of the department that names most of what the case is; the first of the file where two are even."""
    groups = [group for group in organisation.groups if group.department == department.id]
    return max(groups, key=lambda group: _fits_group(group, request))


def _fits_group(group: Group, request: DispatchRequest) -> int:
    asked: Sequence[tuple[Collection[str], str | None, int]] = (
        (group.subtypes, request.subtype, 4),
        (group.types, request.type, 2),
        (group.priorities, request.priority, 1),
    )
    if any(handled and wanted not in handled for handled, wanted, _ in asked):
        return -1
    return sum(weight for handled, _, weight in asked if handled)


def _asked_for(key: str, organisation: Organisation, day: date) -> Person:
    person = organisation.person(key)
    if person is None:
        raise Problem(f"{key} is not in the organisation; allowed: the id of one of its people")
    if person.is_away(day):
        present = [one.id for one in organisation.people if one.group == person.group and not one.is_away(day)]
        raise Problem(
            f"{key} is away on {day}; allowed: somebody at work, such as {', '.join(present) or 'a superior'}"
        )
    return person


def _choose(
    request: DispatchRequest, department: Department, group: Group, organisation: Organisation, situation: Situation
) -> tuple[Person, str]:
    """Everybody who works in the group, then its head, then the next above; whoever is away comes last of all."""
    candidates = [
        person
        for person in organisation.members(group.id)
        if Role.AGENT in person.roles
        and person.id != group.head
        and person.id not in request.exclude
        and not person.is_away(situation.day)
    ]
    if candidates:
        fitness = {person.id: _fits_person(person, request, situation.product) for person in candidates}
        best = min(candidates, key=lambda one: (-fitness[one.id], situation.loads.get(one.id, 0), one.id))
        how = "skilled and " if fitness[best.id] > 0 else ""
        return best, f"{how}least loaded of {group.id}: {situation.loads.get(best.id, 0)} open"
    chain = list(dict.fromkeys((group.head, *organisation.above(group.head), department.head)))
    allowed = [key for key in chain if key not in request.exclude] or chain
    people = [person for person in map(organisation.person, allowed) if person is not None]
    head = next((person for person in people if not person.is_away(situation.day)), people[0])
    return head, f"nobody of {group.id} is at work: next above"


def _fits_person(person: Person, request: DispatchRequest, product: str) -> int:
    """More is better; 0 for a bit of everything, below 0 when trained for other things only."""
    skills = person.skills
    knows_product = any(name.casefold() in product.casefold() for name in skills.products)
    if skills.subtypes and request.subtype in skills.subtypes:
        return 4 + knows_product
    if request.type in skills.types:
        return 2 + knows_product
    if skills.types or skills.subtypes:
        return -1
    return int(knows_product)


def _dispatch(
    owner: Person,
    request: DispatchRequest,
    organisation: Organisation,
    policy: Policy,
    day: date,
    *,
    reason: str,
    lead: str,
    team: str,
) -> Dispatch:
    informed = _assisting(request, organisation, policy, day, lead)
    around = [owner.id, *(person.id for person in organisation.members(team)), *informed.values()]
    people = organisation.members_with_superiors([owner.id], day)
    people.update({key: organisation.member(key, day) for key in around})
    return Dispatch(department=lead, group=team, owner=owner.id, assisting=informed, people=people, reason=reason)


def _assisting(
    request: DispatchRequest, organisation: Organisation, policy: Policy, day: date, lead: str
) -> Mapping[str, str]:
    names = [
        name for rule in policy.assisting if rule.covers(request.type, request.priority) for name in rule.departments
    ]
    found = [organisation.department(name) for name in dict.fromkeys(names)]
    return {
        entry.id: organisation.at_work(entry.head, day) for entry in found if entry is not None and entry.id != lead
    }
