"""A case as everyone outside it sees it: the keys of `bihuan show --json`, and the database row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.domain.aggregate_root import Fault
from workflows.domain.clock import Breach, Deadline
from workflows.domain.department_task import TaskView
from workflows.domain.event import Message
from workflows.domain.model import Fact, Instant
from workflows.domain.vocabulary import ClockName, Priority, Reachable, Resolution, Satisfaction, Status


class Waiting(Fact):
    """What the case waits for, and who has to act until when."""

    clock: ClockName | None = None
    who: str
    until: Instant | None = None


class Untold(Fact):
    """A message that a person has to tell the customer, and why: the customer wished a call, there is no way to send
    it, or it was sent and refused for good (R21, R43). `key` is that of its outbox row.
    """

    message: Message
    key: str
    at: Instant
    why: Literal["phone", "no_way", "undeliverable"]


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
    head: str | None = None
    """Who answers for the department that the case is for, also before anybody owns it."""
    claimed: bool = False
    """Whether the owner has begun."""
    handed_on_by: str | None = None
    """The superior who handed it on last (R8)."""
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
    escalated_at: Instant | None = None
    """Since when an acknowledgement of theirs is awaited; None when none is."""
    acknowledged: bool = True
    """False while an escalation waits for the person it went to."""
    reopened: int
    resolution: Resolution | None = None
    satisfaction: Satisfaction | None = None
    correctable_until: Instant | None = None
    """Of a closed case: until then the customer may still give another answer by their own hand (R39)."""
    retractable_until: Instant | None = None
    """Of a case that their own hand sent back: until then they may accept or rate well after all; None once somebody
    has taken it up.
    """
    flagged: bool = False
    """Marked for analysis (R26)."""
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    responded_at: Instant | None = None
    """First substantive reply of the present cycle (R9)."""
    unanswered_since: Instant | None = None
    """When the customer wrote, after the first reply, what has no answer yet (R34)."""
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    expected_resolution: Instant | None = None
    reachable: Reachable = Reachable.CHANNEL
    untold: tuple[Untold, ...] = ()
    """What a person still has to tell the customer, the oldest first."""
    missing: tuple[str, ...] = ()
    unexplained: bool = False
    """The next progress update has to say why the last one was missed (R16)."""
    tested: bool = False
    """A solution has to say whether it was verified in a test environment (R19)."""
    verdict_by_owner: bool = True
    """Whether the owner may take down acceptance and rating of their own work."""
    playbook: tuple[str, ...] = ()
    steps_done: tuple[int, ...] = ()
    """Numbers of the playbook's steps that are ticked, from 1 (R15)."""
    breaches: tuple[Breach, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    waiting: Waiting | None = None
    faults: tuple[Fault, ...] = ()
    """Where a rule failed, and nobody has seen to it yet."""
    sequence: int = Field(description="of the last event")
