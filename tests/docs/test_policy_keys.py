"""docs/policy.md explains every key of a policy and of an organisation file, and none that there is not."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.docs.pages import ROOT, read, rows
from workflows.domain.formats import Days, seconds_of, written_duration
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.conditions import Condition
from workflows.domain.policy.policy import Policy
from workflows.domain.policy.service_levels import ClockRule, ReminderRule
from workflows.domain.vocabulary import Priority

_PAGE = ROOT / "docs" / "policy.md"
_ONCE: Mapping[type[BaseModel], str] = {ClockRule: "CLOCK", ReminderRule: "REMINDER", Condition: "CONDITION", Days: ""}
"""Models that stand in many places, and are explained once; days are explained where they stand."""


def _keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        key = f"{above}{name}"
        inner, many, by_priority = _model_in(field.annotation)
        if inner is None or inner in _ONCE:
            yield key, field
        else:
            yield from _keys(inner, key + ("[]." if many else ".PRIORITY." if by_priority else "."))


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool, bool]:
    """The model that a key holds; whether many of it, whether one a priority."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False, False
    if origin is dict and inner[0] is Priority:
        return _model_in(inner[1])[0], False, True
    found = [one for one in map(_model_in, inner) if one[0] is not None]
    if origin in {tuple, Union, types.UnionType} and found:
        return found[0][0], origin is tuple or found[0][1], False
    return None, False, False


def _written(field: FieldInfo) -> str | None:
    """The default as the page writes it; None where it is too long for that."""
    if field.is_required():
        return "needed"
    default = field.default
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Enum):
        return str(default.value)
    if default is None or default == "" or default == ():
        return "–"
    if any(getattr(one, "func", None) is seconds_of for one in field.metadata):
        return written_duration(default)
    return str(default) if isinstance(default, str | int | float) else None


def _expected() -> dict[str, FieldInfo]:
    keys = dict(_keys(Policy))
    for model, name in _ONCE.items():
        if name:
            keys |= dict(_keys(model, f"{name}."))
    return keys | dict(_keys(Organisation, "organisation: "))


def _explained() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    above = ""
    for row in rows(read(_PAGE)):
        if row[0] == "key of the organisation":
            above = "organisation: "
        if row[0].startswith("`"):
            for key in row[0].split(", "):
                found[above + key.strip("`")] = row
    return found


def test_every_key_is_explained_and_none_that_there_is_not() -> None:
    assert sorted(_explained()) == sorted(_expected())


@pytest.mark.parametrize("key", sorted(_expected()))
def test_the_page_says_what_holds_where_a_key_is_left_out(key: str) -> None:
    written = _written(_expected()[key])
    said = _explained()[key][1].strip("`")
    assert said == written if written is not None else said
