"""The fields of a command as a form asks for them, and what was typed as the command takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from activities.rendering.filters import named
from activities.rendering.labels import label
from starter.services.cases.actions import Field, fields_of
from workflows.domain.form_fields import SUPPLIED
from workflows.domain.formats import moment_of

if TYPE_CHECKING:
    from starter.web.forms.form import Posted
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.case.recorded.actions import Action

_LABELLED: Final = {
    "heard": "heard", "score": "satisfaction", "verified": "verification", "priority": "priority",
}  # fmt: skip
"""Fields whose values have labels, and their kind."""
_PARTED: Final = frozenset({"list", "object"})
"""Kinds that a form without scripts asks for by a field a part: a box for each entry of a list, a line for each key of
an object. All that commands have of these are keys of the registration form.
"""
OF_TASKS: Final = frozenset({"claim", "contribute"})
"""Commands whose `department` names a task, which has a form of its own."""
_GIVEN_TO: Final = frozenset({"assign"})
"""Commands whose `to` is a person; else it is a case."""
_LONG_PARTS: Final = ("description.", "impact.")


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
        if field.kind in _PARTED:
            found += [_part(visit, action, field, key, typed) for key in SUPPLIED]
            continue
        if field.name == "department" and action.command in OF_TASKS:
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
        if field.kind in _PARTED:
            parts = {key: text for key in SUPPLIED if (text := posted.text(_part_name(field, key)))}
            if parts and field.kind == "list":
                found[field.name] = list(parts)
            elif parts:
                found[field.name] = {key: _part_value(visit, key, text) for key, text in parts.items()}
        elif text := posted.text(field.name):
            found[field.name] = _value(visit, action, field, text)
    return found


def _part(visit: StaffVisit, action: Action, field: Field, key: str, typed: Mapping[str, str]) -> Asked:
    said = visit.words["desk"]["field"].get(f"{action.command}_{field.name}", "{}")
    name = str(said).format(label("field", key, visit.locale))
    kind = "yes_no" if field.kind == "list" else _kind_of_part(key)
    part = _part_name(field, key)
    return Asked(part, kind, name, False, value=typed.get(part, ""))


def _part_name(field: Field, key: str) -> str:
    return f"{field.name}:{key}"


def _kind_of_part(key: str) -> str:
    if key == "occurred_at":
        return "time"
    return "text" if key.startswith(_LONG_PARTS) else "line"


def _part_value(visit: StaffVisit, key: str, text: str) -> str:
    return moment(text, visit.zone) if _kind_of_part(key) == "time" else text


def _value(visit: StaffVisit, action: Action, field: Field, text: str) -> Any:
    if field.kind == "yes_no":
        return text == "yes"
    if field.kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    if field.kind == "time":
        return moment(text, visit.zone)
    # People are chosen from a list as `id name`.
    return text.split(maxsplit=1)[0] if _is_person(action, field) else text


def _is_person(action: Action, field: Field) -> bool:
    return field.name == "to" and action.command in _GIVEN_TO


def moment(text: str, zone: str) -> str:
    """A time as a form has it, in the company's zone; what is none, as it was typed."""
    try:
        found: datetime = moment_of(text, zone)
    except ValueError:
        return text
    return found.isoformat()


def _kind(visit: StaffVisit, action: Action, field: Field) -> tuple[str, tuple[tuple[str, str], ...]]:
    who, locale = visit.who, visit.locale
    if _is_person(action, field):
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
