"""A case as everyone outside it sees it: the keys of `bihuan show --json`, and the database row."""

from __future__ import annotations

from pydantic import Field

from workflows.domain.aggregate_root import Fault
from workflows.domain.clock import Breach, Deadline
from workflows.domain.department_task import TaskView
from workflows.domain.model import Fact, Instant
from workflows.domain.vocabulary import ClockName, Priority, Resolution, Satisfaction, Status


class Waiting(Fact):
    """What the case waits for, and who has to act until when."""

    clock: ClockName | None = None
    who: str
    until: Instant | None = None


class CaseView(Fact):
    """Everything but the timeline and the customer's content."""

    number: str
    status: Status
    priority: Priority
    type: str
    subtype: str | None
    department: str | None
    group: str | None
    owner: str | None
    receiver: str | None
    follow_up: str | None = None
    """Who asks the customer how satisfied they are (R23)."""
    assisting: tuple[str, ...] = ()
    collaborations: tuple[TaskView, ...] = ()
    """What other departments were asked for, in order (R18)."""
    linked_to: str | None = None
    """Its main case, whose solution answers this one too (R28)."""
    linked: tuple[str, ...] = ()
    """The cases that follow this one."""
    escalation_level: int
    escalated_to: str | None = None
    acknowledged: bool = True
    """False while an escalation waits for the person it went to."""
    reopened: int
    resolution: Resolution | None = None
    satisfaction: Satisfaction | None = None
    flagged: bool = False
    """Marked for analysis (R26)."""
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    responded_at: Instant | None = None
    """First substantive reply of the present cycle (R9)."""
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    expected_resolution: Instant | None = None
    missing: tuple[str, ...] = ()
    playbook: tuple[str, ...] = ()
    steps_done: tuple[int, ...] = ()
    """Numbers of the playbook's steps that are ticked, from 1 (R15)."""
    breaches: tuple[Breach, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    waiting: Waiting | None = None
    faults: tuple[Fault, ...] = ()
    """Where a rule failed, and nobody has seen to it yet."""
    sequence: int = Field(description="of the last event")
