"""What a company's own ids are shown as, for whoever reads a history or a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _kind(type_: str, subtype: str | None) -> str:
    return "/".join(filter(None, (type_, subtype)))


@dataclass(frozen=True)
class Called:
    """By itself it shows every id as it is.

    Attributes:
        person: what a person's id is shown as.
        unit: what that of a department or a group is.
        kind: what those of a type and a subtype are, one of which may be empty.
        command: what a command is called; None for one that has no name.
    """

    person: Callable[[str], str] = str
    unit: Callable[[str], str] = str
    kind: Callable[[str, str | None], str] = _kind
    command: Callable[[str], str | None] = str
