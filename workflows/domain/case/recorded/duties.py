"""What a recorded case asks of one person, decided on the JSON of its view (R30): for the list of one's own work."""

from __future__ import annotations

from collections.abc import Collection

from workflows.domain.case.recorded.overdue import open_tasks
from workflows.domain.case.recorded.view_json import CaseViewJson, TaskViewJson


def is_theirs(view: CaseViewJson, person: str) -> bool:
    """Whether the case is theirs to move: they own it, or it waits for them."""
    waiting = view.get("waiting")
    return view["owner"] == person or (waiting is not None and waiting["who"] == person)


def has_to_call(view: CaseViewJson, person: str) -> bool:
    """Whether they have to tell the customer what no channel brings (R43)."""
    return bool(view.get("untold")) and teller(view) == person


def teller(view: CaseViewJson) -> str | None:
    """Who has to tell the customer what no channel brings: the owner, before that the receiver (R43)."""
    return view["owner"] or view["receiver"]


def has_to_acknowledge(view: CaseViewJson, person: str) -> bool:
    """Whether an escalation waits for them (R17)."""
    return view["escalation_level"] > 0 and not view["acknowledged"] and view["escalated_to"] == person


def tasks_for(view: CaseViewJson, person: str, departments: Collection[str]) -> list[TaskViewJson]:
    """Departments' tasks that are not answered: theirs, and those of the departments they belong to (R18)."""
    return [task for task in open_tasks(view) if task["person"] == person or task["department"] in departments]
