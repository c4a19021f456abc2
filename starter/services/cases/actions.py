"""What somebody may do now with a case (decision of the core), with the fields that each command takes (R45)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from workflows.domain.case.recorded.actions import Action, actions
from workflows.domain.commands.case import COMMANDS
from workflows.domain.vocabulary import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from activities.queries.case_record import CaseRecord
    from workflows.domain.organisation.organisation import Organisation

NOT_SAID: Final = ("by", "via", "at", "command_id", "relayed_by", "main_case")
"""Keys of commands that no request may hold: they come from the token and the server."""
_LONG: Final = 1_000
"""Characters from which on a text is one of several lines."""


@dataclass(frozen=True)
class Field:
    """A field of a command: `kind` is `text`, `line`, `choice`, `yes_no`, `number`, `time`, `list` or `object`."""

    name: str
    kind: str
    required: bool
    allowed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The field as JSON, for programs."""
        return {"name": self.name, "kind": self.kind, "required": self.required, "allowed": list(self.allowed)}


def open_actions(record: CaseRecord, person: str | None, organisation: Organisation | None) -> list[Action]:
    """Every command, those that are open first; `person` None speaks as the customer, as systems do."""
    if organisation is None:
        return []
    return actions(record.view, person or CUSTOMER, organisation)


def fields_of(action: Action) -> list[Field]:
    """What the command takes of this person now; `department` is not asked for where the action names it."""
    found = [
        Field(one.name, one.kind, one.required or one.name in action.needed, one.allowed)
        for one in _fields(action.command)
        if not (one.name == "department" and action.department is not None)
    ]
    return [Field(one.name, one.kind, action.heard, one.allowed) if one.name == "heard" else one for one in found]


def action_json(action: Action) -> dict[str, Any]:
    """`command`, `department`, `open`; of an open one `fields`, else `code` and `reason`."""
    is_open = action.hindrance is None
    return {
        "command": action.command,
        "department": action.department,
        "open": is_open,
        "code": action.hindrance,
        "reason": action.reason,
        "fields": [field.as_json() for field in fields_of(action)] if is_open else [],
    }


@cache
def _fields(command: str) -> tuple[Field, ...]:
    model = COMMANDS[command]
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    kinds = schema.get("$defs", {})
    found = []
    for name, given in schema["properties"].items():
        if name not in NOT_SAID:
            kind, allowed = _kind(given, kinds)
            found.append(Field(name, kind, name in required, allowed))
    return tuple(found)


def _kind(given: Mapping[str, Any], kinds: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """What a JSON schema asks for; None is what is left out."""
    for one in given.get("anyOf", ()):
        if one.get("type") != "null":
            return _kind(one, kinds)
    if "$ref" in given:
        return _kind(kinds[given["$ref"].rpartition("/")[2]], kinds)
    if "enum" in given:
        return "choice", tuple(map(str, given["enum"]))
    simple = {"boolean": "yes_no", "integer": "number", "array": "list", "object": "object"}
    if given.get("format") == "date-time":
        return "time", ()
    if given.get("type") in simple:
        return simple[given["type"]], ()
    return ("text" if given.get("maxLength", 0) > _LONG else "line"), ()
