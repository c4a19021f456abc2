"""What a case workflow starts with, and what it carries from one run to the next."""

from __future__ import annotations

from workflows.domain.case.aggregate import Case
from workflows.domain.event import Event
from workflows.entity.input import EntityInput


class CaseInput(EntityInput):
    """`number` is also the workflow id. `case` is None until the case is open; the rest belongs to later runs."""

    number: str
    case: Case | None = None
    unrecorded: tuple[Event, ...] = ()
    """Events that are not in the database yet."""
