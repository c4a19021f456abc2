"""A department's task in a case: the request, its reports, and what the case keeps of it (R18).

It stands in the root of the domain because the case, the task itself (`collaboration`) and the commands need it.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from workflows.domain.ids import task_workflow_id
from workflows.domain.model import Fact, Instant, Json, Model
from workflows.domain.terms import ClockTerms, Member
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Priority, TaskStatus


class TaskReportKind(StrEnum):
    """What a department's task reports to its case."""

    ASSIGNED = "assigned"
    CLAIMED = "claimed"
    REMINDED = "reminded"
    WARNED = "warned"
    LATE = "late"
    ESCALATED = "escalated"
    CONTRIBUTED = "contributed"
    ENDED = "ended"
    REJECTED = "rejected"


class TaskReport(Fact):
    """One thing that happened in a department. `sequence` starts at 1 in each task and has no gaps."""

    sequence: int = Field(ge=1)
    at: Instant
    kind: TaskReportKind
    by: str
    detail: Json = Field(default_factory=dict)
    command_id: str | None = None
    """Of the command it came of, where that was sent to the task."""


class TaskRequest(Fact):
    """Everything a department's task begins with; it needs nothing else of the case later."""

    number: str
    department: str
    round: int
    duty: str
    due: Instant
    terms: ClockTerms
    """Of the due time: counted from `asked_at` it ends at `due`."""
    claim: ClockTerms | None = None
    escalation: ClockTerms | None = None
    """How long each level has before the lateness goes up to the next one."""
    calendar: Calendar
    asked_at: Instant
    asked_by: str
    lead: str
    """The owner of the case."""
    lead_superior: str | None = None
    """The last level of an escalation, when nobody in the department answers."""
    head: str
    type: str
    subtype: str | None = None
    priority: Priority
    people: dict[str, Member] = Field(default_factory=dict)


class TaskView(Fact):
    """A department's task as everyone outside sees it."""

    department: str
    round: int
    workflow_id: str
    """Where `claim` and `contribute` are sent."""
    duty: str
    asked_by: str
    asked_at: Instant
    due: Instant
    person: str | None = None
    status: TaskStatus = TaskStatus.OPEN
    claimed_at: Instant | None = None
    late_at: Instant | None = None
    escalated_to: str | None = None
    result: str | None = None
    """What was done, or why it cannot be done, or why the task ended."""
    ended_at: Instant | None = None


class DepartmentTask(Model):
    """What the case keeps of a department's task; the task itself (`Collaboration`) lives in its own workflow."""

    department: str
    round: int
    duty: str
    asked_by: str
    asked_at: Instant
    due: Instant
    terms: ClockTerms
    head: str
    person: str | None = None
    status: TaskStatus = TaskStatus.OPEN
    claimed_at: Instant | None = None
    late_at: Instant | None = None
    escalated_to: str | None = None
    result: str | None = None
    ended_at: Instant | None = None
    reported: int = 0
    """Sequence of the last report taken up."""
    begun: bool = False
    """Its workflow was started."""
    to_end: bool = False
    """Its workflow does not know yet that the task is over: `end` still has to be sent."""

    @property
    def is_open(self) -> bool:
        """Whether the department still owes an answer."""
        return self.status is TaskStatus.OPEN

    def view(self, number: str) -> TaskView:
        """The same for everyone outside."""
        inside = {"terms", "head", "reported", "begun", "to_end"}
        return TaskView(
            **self.model_dump(exclude=inside), workflow_id=task_workflow_id(number, self.department, self.round)
        )
