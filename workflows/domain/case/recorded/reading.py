"""Who of the organisation may read a case; who may give it which command is in `handlers` (R45).

It needs no pydantic, since lists ask for many cases at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workflows.domain.policy.reading import ReadingRules, ReadingScope
from workflows.domain.vocabulary import OPERATOR, Role

if TYPE_CHECKING:
    from workflows.domain.organisation.organisation import Organisation

_EVERYWHERE = frozenset({Role.DUTY_MANAGER, Role.FOLLOW_UP_SUPERVISOR})
"""Roles that may act on any case, and so see it."""
_AS_SHIPPED = ReadingRules()


def may_read(
    person: str,
    view: Mapping[str, Any] | None,
    organisation: Organisation | None,
    form: Any = None,
    rules: ReadingRules = _AS_SHIPPED,
) -> bool:
    """Whether that person may read the case of that view (JSON of a `CaseView`), None where no worker opened it yet.

    May: whoever is named in it, everybody of a department that is concerned, whoever is above one of these; everywhere
    the operator, duty managers, the follow-up supervisor, and whoever is above every department. Nobody else, and
    nobody who has left. `form` is the intake form, which names the first receiver; `rules` are the policy's, which let
    people read more, or the leading department less.
    """
    if person == OPERATOR:
        return True
    if organisation is None or organisation.person(person) is None:
        return False
    if sees_all(person, organisation, rules):
        return True
    case, member = view or {}, organisation.member(person)
    named, departments = set(_people(case, form)), set(departments_of(case))
    if rules.scope is ReadingScope.GROUPS and (group := case.get("group")):
        concerned = member.group == group or member.department in set(_beside(case))
    else:
        concerned = member.department in departments
    if concerned or person in named:
        return True
    heads = {one.head for one in organisation.departments if one.id in departments}
    heads |= {one.head for one in organisation.groups if one.id == case.get("group")}
    known = [one for one in named | heads if organisation.person(one) is not None]
    return any(person == one or person in organisation.above(one) for one in known)


def sees_all(person: str, organisation: Organisation, rules: ReadingRules = _AS_SHIPPED) -> bool:
    """Whether every case is theirs to see."""
    if rules.scope is ReadingScope.COMPANY or organisation.member(person).roles & {*_EVERYWHERE, *rules.roles}:
        return True
    return all(person in {one.head, *organisation.above(one.head)} for one in organisation.departments)


def _people(view: Mapping[str, Any], form: Any) -> Iterator[str]:
    found = [view.get(key) for key in ("owner", "receiver", "follow_up", "escalated_to")]
    for task in view.get("collaborations") or ():
        found += [task.get(key) for key in ("person", "asked_by", "escalated_to")]
    if isinstance(form, dict):
        found.append(form.get("received_by"))
    yield from (one for one in found if isinstance(one, str) and one)


def departments_of(view: Mapping[str, Any]) -> Iterator[str]:
    """The departments that lead, assist, or have or had a task in the case of that view."""
    if isinstance(leading := view.get("department"), str) and leading:
        yield leading
    yield from _beside(view)


def _beside(view: Mapping[str, Any]) -> Iterator[str]:
    """The departments beside the one that leads."""
    found = [*(view.get("assisting") or ())]
    found += [task.get("department") for task in view.get("collaborations") or ()]
    yield from (one for one in found if isinstance(one, str) and one)
