"""The fields of a command as a form asks for them, and what was typed as the command takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from activities.rendering.filters import named
from activities.rendering.labels import label
from starter.services.cases.actions import Field, fields_of
from workflows.domain.formats import moment_of

if TYPE_CHECKING:
    from starter.web.forms import Posted
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.case.recorded.actions import Action

_LABELLED: Final = {
    "heard": "heard", "score": "satisfaction", "verified": "verification", "priority": "priority",
}  # fmt: skip
"""Fields whose values have labels, and their kind."""
_ON_THIS_PAGE: Final = frozenset({"text", "line", "choice", "yes_no", "number", "time"})
"""Kinds that a form without scripts asks for; lists and objects are for programs."""
_PEOPLE: Final = frozenset({"to"})


@dataclass(frozen=True)
class Asked:
    """A field of a form.

    Attributes:
        kind: as `Field` has it, or `person`.
        options: value and words, of a choice.
        value: what was typed, where a form is shown again.
    """

    name: str
    kind: str
    label: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""


def asked(visit: StaffVisit, action: Action, typed: Mapping[str, str]) -> list[Asked]:
    """The fields of its form, in the order in which the command has them."""
    words = visit.words["desk"]["field"]
    found = []
    for field in fields_of(action):
        if field.kind not in _ON_THIS_PAGE or (action.command == "escalate" and field.name == "department"):
            continue
        name = words.get(f"{action.command}_{field.name}") or words.get(field.name, field.name)
        kind, options = _kind(visit, action, field)
        found.append(Asked(field.name, kind, name, field.required, options, typed.get(field.name, "")))
    # What the command cannot do without is asked for first.
    return sorted(found, key=lambda one: not one.required)


def given(visit: StaffVisit, action: Action, posted: Posted) -> dict[str, Any]:
    """The fields as the command takes them; what was left empty is left out. It judges them itself."""
    found: dict[str, Any] = {"department": action.department} if action.department else {}
    for field in fields_of(action):
        text = posted.text(field.name)
        if field.kind not in _ON_THIS_PAGE or not text:
            continue
        found[field.name] = _value(visit, field, text)
    return found


def _value(visit: StaffVisit, field: Field, text: str) -> Any:
    if field.kind == "yes_no":
        return text == "yes"
    if field.kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    if field.kind == "time":
        return _moment(text, visit.zone)
    # People are chosen from a list as `id name`.
    return text.split(maxsplit=1)[0] if field.name in _PEOPLE else text


def _moment(text: str, zone: str) -> str:
    try:
        found: datetime = moment_of(text, zone)
    except ValueError:
        return text
    return found.isoformat()


def _kind(visit: StaffVisit, action: Action, field: Field) -> tuple[str, tuple[tuple[str, str], ...]]:
    who, locale = visit.who, visit.locale
    if field.name in _PEOPLE:
        return "person", ()
    if field.name == "department" and who is not None and who.organisation is not None:
        labels = who.organisation.labels()
        return "choice", tuple((one.id, named(one.id, labels, locale)) for one in who.organisation.departments)
    if field.name == "type" and action.command == "classify":
        policy = visit.installation.policy
        labels = policy.labels()
        return "choice", tuple((one.id, named(one.id, labels, locale)) for one in policy.types)
    if field.kind == "choice":
        kind = _LABELLED.get(field.name)
        return "choice", tuple((one, label(kind, one, locale) if kind else one) for one in field.allowed)
    return field.kind, ()
