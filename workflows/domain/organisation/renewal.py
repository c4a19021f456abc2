"""What has changed among the people of a case, task or review: who is away, who has left, who has their places.

Asked whenever a case, task or review has woken up, before anything counts that it judges: a case outlives an
organisation file, and who is absent changes every day.
"""

from __future__ import annotations

from datetime import date

from workflows.domain.organisation.assignment import department_of, handling_group
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.terms import Consultation, Involved, Roster


def renewal(involved: Involved, organisation: Organisation, policy: Policy, day: date) -> Consultation:
    """What is not as `involved` has it on that local day; empty where nothing has changed."""
    heads = {key: found.head for key in involved.heads if (found := organisation.department(key)) is not None}
    roster = _roster(involved, organisation, policy, day)
    named = [*involved.people, *heads.values(), *_places(roster)]
    people = organisation.members_with_superiors(named, day)
    for key, member in involved.people.items():
        if key not in people:
            people[key] = member.model_copy(update={"left": True, "away": False})
    return Consultation(
        people={key: member for key, member in people.items() if involved.people.get(key) != member},
        heads={key: head for key, head in heads.items() if involved.heads[key] != head},
        roster=roster if roster != involved.roster else None,
    )


def _roster(involved: Involved, organisation: Organisation, policy: Policy, day: date) -> Roster | None:
    known = involved.roster
    if known is None:
        return None
    group = organisation.group(involved.group or "")
    if group is None and involved.request is not None:
        group = handling_group(involved.request, department_of(involved.request, organisation, policy), organisation)
    specialists = organisation.follow_up.specialists
    keeps = known.follow_up in specialists and organisation.at_work(str(known.follow_up), day) == known.follow_up
    return Roster(
        duty_managers=organisation.duty_managers(day),
        follow_up=known.follow_up if keeps else organisation.follow_up_on(day),
        follow_up_supervisor=organisation.follow_up.supervisor,
        head=group.head if group is not None else known.head,
    )


def _places(roster: Roster | None) -> list[str]:
    if roster is None:
        return []
    single = (roster.follow_up, roster.follow_up_supervisor, roster.head)
    return [*roster.duty_managers, *(key for key in single if key is not None)]
