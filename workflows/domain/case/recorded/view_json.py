"""The JSON of a `CaseView`, as the record keeps it, for what reads many cases or has to start quickly.

Nothing here imports pydantic. Times are texts in ISO 8601 with their offset.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from workflows.domain.clock_json import BreachJson, DeadlineJson


class WaitingJson(TypedDict):
    """A `Waiting`."""

    clock: str | None
    who: str
    until: str | None


class UntoldJson(TypedDict):
    """An `Untold`."""

    message: str
    key: str
    at: str
    why: str


class TaskViewJson(TypedDict):
    """A `TaskView`."""

    department: str
    round: int
    workflow_id: str
    duty: str
    asked_by: str
    asked_at: str
    due: str
    person: str | None
    status: str
    claimed_at: str | None
    late_at: str | None
    escalated_to: str | None
    result: str | None
    ended_at: str | None


class CaseViewJson(TypedDict):
    """A `CaseView`. What is not required is missing in cases that were recorded last by an earlier release."""

    number: str
    status: str
    priority: str
    type: str
    subtype: str | None
    department: str | None
    group: str | None
    owner: str | None
    receiver: str | None
    head: NotRequired[str | None]
    claimed: NotRequired[bool]
    handed_on_by: NotRequired[str | None]
    follow_up: NotRequired[str | None]
    assisting: list[str]
    collaborations: NotRequired[list[TaskViewJson]]
    linked_to: NotRequired[str | None]
    linked: NotRequired[list[str]]
    escalation_level: int
    escalated_to: str | None
    escalated_at: NotRequired[str | None]
    acknowledged: bool
    reopened: int
    resolution: str | None
    satisfaction: str | None
    correctable_until: NotRequired[str | None]
    retractable_until: NotRequired[str | None]
    flagged: bool
    received_at: str
    opened_at: str
    updated_at: str
    responded_at: str | None
    unanswered_since: NotRequired[str | None]
    resolved_at: str | None
    closed_at: str | None
    expected_resolution: str | None
    reachable: NotRequired[str]
    untold: NotRequired[list[UntoldJson]]
    missing: list[str]
    unexplained: NotRequired[bool]
    tested: NotRequired[bool]
    verdict_by_owner: NotRequired[bool]
    playbook: list[str]
    steps_done: list[int]
    breaches: list[BreachJson]
    deadlines: list[DeadlineJson]
    waiting: WaitingJson | None
    faults: NotRequired[list[dict[str, str]]]
    sequence: int


def deadline_of(view: CaseViewJson, clock: str) -> DeadlineJson | None:
    """The running or paused deadline of that clock."""
    return next((one for one in view["deadlines"] if one["clock"] == clock), None)
