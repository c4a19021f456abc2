"""What a person is to a recorded case, decided on the JSON of its view and the organisation in force (R6, R22, R23).

The case decides the same on its own state when a command comes (`CaseState.capacities`); this is for what has to be
known before anybody sends one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflows.domain.case.capacity import Capacity
from workflows.domain.case.recorded.overdue import open_tasks
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, Role

if TYPE_CHECKING:
    from workflows.domain.case.recorded.view_json import CaseViewJson, TaskViewJson
    from workflows.domain.organisation.organisation import Organisation

_FOLLOW_UP = frozenset({Role.FOLLOW_UP, Role.FOLLOW_UP_SUPERVISOR})


def standing(view: CaseViewJson, person: str, organisation: Organisation) -> set[Capacity]:
    """Their capacities in this case: empty for a stranger, and for somebody who has left."""
    special = {CUSTOMER: Capacity.CUSTOMER, OPERATOR: Capacity.OPERATOR}
    if person in special:
        return {special[person]}
    if organisation.person(person) is None:
        return set()
    member = organisation.member(person)
    held = {
        Capacity.OWNER: person == view["owner"],
        Capacity.SUPERIOR: person != view["owner"] and person in ladder(view, organisation),
        Capacity.TEAM: bool(view["group"]) and member.group == view["group"],
        Capacity.RECEIVER: person == view["receiver"],
        Capacity.HANDED_ON_BY: person == view.get("handed_on_by"),
        Capacity.DUTY_MANAGER: Role.DUTY_MANAGER in member.roles,
        Capacity.FOLLOW_UP: person == view.get("follow_up") or bool(member.roles & _FOLLOW_UP),
        Capacity.ESCALATED_TO: person == view["escalated_to"],
    }
    return {Capacity.STAFF} | {capacity for capacity, holds in held.items() if holds}


def superiors(view: CaseViewJson, organisation: Organisation) -> list[str]:
    """Everyone above the owner, the nearest first; before there is one, and once they have left, the head as well."""
    owner, head = view["owner"], view.get("head")
    if owner is not None and organisation.person(owner) is not None:
        return list(organisation.above(owner))
    if head is None or organisation.person(head) is None:
        return []
    return [head, *organisation.above(head)]


def ladder(view: CaseViewJson, organisation: Organisation) -> list[str]:
    """Whom an escalation of the owner's goes to, the nearest first: who is above; where nobody is, the duty managers,
    and in the last resort the owner, or who took the case in (R5).
    """
    if above := superiors(view, organisation):
        return above
    owner = view["owner"]
    if on_duty := dict.fromkeys(duty.person for duty in organisation.duty if duty.person != owner):
        return list(on_duty)
    last = [person for person in (owner, view["receiver"]) if person and organisation.person(person) is not None]
    return last[:1]


def answerable_tasks(view: CaseViewJson, person: str, organisation: Organisation) -> list[TaskViewJson]:
    """Departments' open tasks that this person may answer (R18): of their department, or below them."""
    if organisation.person(person) is None:
        return []
    own = organisation.member(person).department
    return [task for task in open_tasks(view) if task["department"] == own or _is_above(person, task, organisation)]


def _is_above(person: str, task: TaskViewJson, organisation: Organisation) -> bool:
    """Whether the task escalates to them within the department, or was escalated to them."""
    department = organisation.department(task["department"])
    return person == task["escalated_to"] or (department is not None and person == department.head)
