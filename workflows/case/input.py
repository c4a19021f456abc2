"""What a case workflow starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event
from workflows.entity.input import EntityInput


class CaseInput(EntityInput[Case, Event]):
    """`number` is also the workflow id."""

    number: str
