"""Who reads which cases, as a company decides it (R45)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import field_validator

from workflows.domain.model import Fact
from workflows.domain.vocabulary import Role


class ReadingScope(StrEnum):
    """Who reads a case, beside whoever is named in it and those above them."""

    GROUPS = "groups"
    """The group that has it, and the departments that assist or have a task."""
    DEPARTMENTS = "departments"
    """Every department that is concerned."""
    COMPANY = "company"
    """Everybody of the organisation."""


class ReadingRules(Fact):
    """R45: own and concerned departments, superiors theirs, unless the company says it differently."""

    scope: ReadingScope = ReadingScope.DEPARTMENTS
    roles: tuple[Role, ...] = ()
    """Roles that read every case, beside those that may act on every case anyway."""

    @field_validator("roles")
    @classmethod
    def _not_everybody(cls, value: tuple[Role, ...]) -> tuple[Role, ...]:
        if Role.AGENT in value:
            raise ValueError('agent is whoever may be given cases; allowed: scope = "company", where all read all')
        return value
