"""Which fields of a page are at fault, by the validation errors of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def fields_at_fault(error: ValidationError, fields: Mapping[str, str]) -> list[str]:
    """Names of fields, of each fault the nearest; `fields`: dotted key of the form -> name. What has none is `form`."""
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        keys = [str(part) for part in fault["loc"]]
        while keys and ".".join(keys) not in fields:
            keys.pop()
        found.append(fields.get(".".join(keys), "form"))
    return found
