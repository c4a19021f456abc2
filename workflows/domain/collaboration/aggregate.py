"""A department's task in a case, from the request to the answer, with all its rules (R18).

    task, reports = Collaboration.open(request, facts, now)
    reports = task.handle(command, now, facts)
    reports = task.expire(now)

Like the case it has no clock of its own and knows nothing of Temporal. What happens is reported to the case, which
writes it into its timeline and tells people.
"""

from __future__ import annotations

from datetime import datetime
from operator import le, lt
from typing import Any, Self

from pydantic import Field, PrivateAttr, TypeAdapter

from workflows.domain.aggregate_root import AggregateRoot, clock_fault
from workflows.domain.clock import Clock
from workflows.domain.commands.case import Claim, Contribute
from workflows.domain.commands.command import Command, Refused
from workflows.domain.commands.review import End
from workflows.domain.department_task import TaskReport, TaskReportKind, TaskRequest, TaskView
from workflows.domain.ids import task_workflow_id
from workflows.domain.model import Instant
from workflows.domain.terms import Consultation, DispatchRequest, Involved, Lookup
from workflows.domain.vocabulary import OPERATOR, SYSTEM, ClockName, TaskStatus

_JSON: TypeAdapter[Any] = TypeAdapter(Any)


class Collaboration(AggregateRoot[TaskReport]):
    """A department's task. Feed it commands and the time; it answers with what the case has to know."""

    request: TaskRequest
    person: str
    """Who answers for it: picked when it was asked for, or whoever claimed it."""
    status: TaskStatus = TaskStatus.OPEN
    claimed_at: Instant | None = None
    late_at: Instant | None = None
    result: str | None = None
    ended_at: Instant | None = None
    escalated: list[str] = Field(default_factory=list)
    """To whom it was escalated, in order."""
    head: str | None = None
    """Of the department, where that is somebody else than when it was asked."""
    clocks: dict[ClockName, Clock] = Field(default_factory=dict)
    sequence: int = 0
    _reports: list[TaskReport] = PrivateAttr(default_factory=list)

    @staticmethod
    def pick(request: TaskRequest) -> Lookup:
        """What has to be looked up to find one person of the department."""
        wanted = DispatchRequest(
            type=request.type, subtype=request.subtype, priority=request.priority, department=request.department
        )
        return Lookup(number=request.number, at=request.asked_at, dispatch=wanted)

    @classmethod
    def open(cls, request: TaskRequest, facts: Consultation, now: datetime) -> tuple[Self, list[TaskReport]]:
        """Give the task to one person; where nobody fits, to the head of the department.

        Its times count from when it was asked for, also when the engine was away at that moment.
        """
        picked = facts.dispatch
        task = cls(
            request=request,
            people={**request.people, **(picked.people if picked else {})},
            person=picked.owner if picked else request.head,
            updated_at=min(request.asked_at, now),
        )
        task._start(ClockName.COLLABORATION)
        claim = (
            Clock.start(ClockName.CLAIM, request.claim, request.asked_at, request.calendar) if request.claim else None
        )
        if claim is not None and claim.due is not None and claim.due < request.due:
            task.clocks[ClockName.CLAIM] = claim
        task._report(
            TaskReportKind.ASSIGNED, SYSTEM, task.updated_at, person=task.person, due=request.due,
            reason=picked.reason if picked else "; ".join(facts.problems) or "head",
        )  # fmt: skip
        return task, task.take_events()

    @property
    def is_open(self) -> bool:
        """Whether the department still owes an answer."""
        return self.status is TaskStatus.OPEN

    @property
    def ladder(self) -> list[str]:
        """Whom lateness climbs: superiors within the department, its head, then the superior of the case's owner.

        Those who have left are not among them.
        """
        department, request = self.request.department, self.request
        found = self._above(self.person)
        inside = [key for key in found if key in self.people and self.people[key].department == department]
        last = [key for key in (request.lead_superior, *self._above(request.lead), request.lead) if key]
        still = [key for key in last if not self.has_left(key)] or last
        chosen = next((key for key in still if self.is_at_work(key)), still[0])
        all_ = dict.fromkeys([*inside, self.head or request.head, chosen])
        return [key for key in all_ if key != self.person and not self.has_left(key)]

    def involved(self, at: datetime) -> Lookup | None:
        """The question what has become of the people of the task; None once it is over."""
        if not self.is_open:
            return None
        request = self.request
        known = Involved(people=self.people, heads={request.department: self.head or request.head})
        return Lookup(number=request.number, at=at, involved=known)

    def renew(self, facts: Consultation, now: datetime) -> list[TaskReport]:
        """Take up who has come, is away or has left since; what was given to somebody who has left is the head's."""
        self.people.update(facts.people)
        self.head = facts.heads.get(self.request.department, self.head)
        head = self.head or self.request.head
        if self.has_left(self.person) and not self.has_left(head):
            gone, self.person, self.claimed_at = self.person, head, None
            self._report(
                TaskReportKind.ASSIGNED, SYSTEM, max(now, self.updated_at), person=head, due=self.request.due,
                reason=f"{gone} is no longer in the organisation",
            )  # fmt: skip
        return self.take_events()

    def _above(self, person: str) -> list[str]:
        found: list[str] = []
        member = self.people.get(person)
        while member is not None and member.superior and member.superior not in found:
            found.append(member.superior)
            member = self.people.get(member.superior)
        return found

    def needs(self, command: Command) -> Lookup | None:
        """Who the sender is, where that is not known yet."""
        if not self.is_open or command.command_id in self.outcomes:
            return None
        if command.by in self.people or command.by in {SYSTEM, OPERATOR}:
            return None
        return Lookup(number=self.request.number, at=self.updated_at, people=(command.by,))

    def expire(self, now: datetime, *, inclusive: bool = True) -> list[TaskReport]:
        """Everything that has fallen due by `now`, in the order in which it did; each deadline is missed once.

        Not `inclusive`: before `now`. What is sent at the very moment of a deadline is in time.
        """
        by = le if inclusive else lt
        while (clock := self.earliest()) is not None and clock.next is not None and by(clock.next, now):
            at, name, before = max(now, self.updated_at), clock.name, self.snapshot()
            is_expired = clock.due is not None and by(clock.due, now)
            try:
                (self._expire_clock if is_expired else self._warn)(clock, at)
            except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other clocks go on
                fault = self.undo(before, error, clock_fault(name), at)
                (self._fail if is_expired else self._drop_warnings)(self.clocks[name], at, fault)
        return self.take_events()

    def earliest(self) -> Clock | None:
        """The clock that acts next."""
        running = [(clock.next, clock.started, clock) for clock in self.clocks.values() if clock.next is not None]
        return min(running, key=lambda entry: entry[:2])[2] if running else None

    @property
    def next_deadline(self) -> datetime | None:
        """When the task next acts by itself."""
        clock = self.earliest()
        return clock.next if clock is not None else None

    def view(self) -> TaskView:
        """The task as people see it."""
        request = self.request
        return TaskView(
            department=request.department,
            round=request.round,
            workflow_id=task_workflow_id(request.number, request.department, request.round),
            duty=request.duty,
            asked_by=request.asked_by,
            asked_at=request.asked_at,
            due=request.due,
            person=self.person,
            status=self.status,
            claimed_at=self.claimed_at,
            late_at=self.late_at,
            escalated_to=self.escalated[-1] if self.escalated else None,
            result=self.result,
            ended_at=self.ended_at,
        )

    # Commands

    def _carry_out(self, command: Command, now: datetime, facts: Consultation) -> None:
        department = self.request.department
        if not self.is_open:
            raise Refused(f"the part of {department} is over ({self.status})")
        if self.may_have_forgotten(command.command_id) and not isinstance(command, End):
            raise Refused("a command of this id was judged long ago; send it again with an id of its own")
        if isinstance(command, End):
            self._end(command, now)
            return
        if not isinstance(command, Claim | Contribute):
            raise Refused(f"a department's part takes claim and contribute, not {command.name}")
        if command.department not in {None, department}:
            raise Refused(f"this is the part of {department}, not of {command.department}")
        member = self.people.get(command.by)
        if member is not None and member.left:
            raise Refused(f"{command.by} is no longer in the organisation")
        if member is None:
            raise Refused("; ".join(facts.problems) or f"{command.by} is not in the organisation")
        if member.department != department and command.by not in self.ladder:
            raise Refused(f"{command.name} is for the people of {department}; {command.by} is not one of them")
        if isinstance(command, Claim):
            self._claim(command, now)
        else:
            self._contribute(command, now)

    def _claim(self, command: Claim, now: datetime) -> None:
        if self.claimed_at is not None and command.by == self.person:
            raise Refused(f"already claimed by {self.person}")
        previous = self.person
        if command.by in self.escalated:
            # Whom it was escalated to has taken it in hand; nobody further up has to be told.
            self.clocks.pop(ClockName.ESCALATION, None)
        self.person, self.claimed_at = command.by, now
        self.clocks.pop(ClockName.CLAIM, None)
        self._report(TaskReportKind.CLAIMED, command.by, now, previous=previous if previous != command.by else None)

    def _contribute(self, command: Contribute, now: datetime) -> None:
        self.status = TaskStatus.DONE if command.result is not None else TaskStatus.CANNOT
        self.result, self.ended_at = command.result or command.cannot, now
        self.clocks.clear()
        self._report(
            TaskReportKind.CONTRIBUTED,
            command.by,
            now,
            status=self.status,
            result=command.result,
            cannot=command.cannot,
        )

    def _end(self, command: End, now: datetime) -> None:
        if command.by not in {SYSTEM, OPERATOR}:
            raise Refused(f"end is for the case itself or the operator, not for {command.by}")
        request = self.request
        name = task_workflow_id(request.number, request.department, request.round)
        if command.by == SYSTEM and command.command_id != f"{name}:end":
            raise Refused("nobody outside is the system: end it as the operator")
        self.status, self.result, self.ended_at = TaskStatus.ENDED, command.reason, now
        self.clocks.clear()
        if command.by != SYSTEM:  # the case knows what it has ended itself
            self._report(TaskReportKind.ENDED, command.by, now, reason=command.reason)

    # Time

    def _warn(self, clock: Clock, now: datetime) -> None:
        share = clock.warned(now, self.request.calendar)
        self._report(TaskReportKind.WARNED, SYSTEM, now, due=clock.due, share=share)

    def _drop_warnings(self, clock: Clock, now: datetime, fault: str) -> None:
        """A warning failed: of this clock none is given any more, its deadline stays."""
        clock.pending_warnings, clock.next_warning = [], None
        self._report(TaskReportKind.WARNED, SYSTEM, now, due=clock.due, fault=fault)

    def _fail(self, clock: Clock, now: datetime, fault: str) -> None:
        """The rule of a missed deadline failed: the clock stops, and the last of the ladder has to see to it."""
        del self.clocks[clock.name]
        self.late_at = self.late_at or now
        self._report(TaskReportKind.LATE, SYSTEM, now, due=clock.due, fault=fault)
        if self.ladder:
            self.escalated.append(self.ladder[-1])
            self._report(TaskReportKind.ESCALATED, SYSTEM, now, level=len(self.ladder), to=self.ladder[-1], top=True)

    def _expire_clock(self, clock: Clock, now: datetime) -> None:
        del self.clocks[clock.name]
        if clock.name is ClockName.CLAIM:
            self._report(TaskReportKind.REMINDED, SYSTEM, now, due=self.request.due)
            return
        if clock.name is ClockName.COLLABORATION:
            self.late_at = now
            self._report(TaskReportKind.LATE, SYSTEM, now, due=clock.due)
        left = [key for key in self.ladder if key not in self.escalated]
        left = [key for key in left if self.is_at_work(key)] or left
        if not left:
            return
        self.escalated.append(left[0])
        next_at = self._start(ClockName.ESCALATION, now) if left[1:] else None
        self._report(
            TaskReportKind.ESCALATED, SYSTEM, now, level=len(self.escalated), to=left[0], top=not left[1:], next=next_at
        )

    def _start(self, name: ClockName, now: datetime | None = None) -> datetime | None:
        request = self.request
        terms = request.terms if name is ClockName.COLLABORATION else request.escalation
        if terms is None:
            return None
        clock = self.clocks[name] = Clock.start(name, terms, now or request.asked_at, request.calendar)
        return clock.due

    # Reports

    def _tell_rejected(self, by: str, now: datetime, **given: str) -> None:
        self._report(TaskReportKind.REJECTED, by, now, **given)

    def _report(self, kind: TaskReportKind, by: str, now: datetime, **detail: Any) -> None:
        self.sequence += 1
        self.updated_at = now
        plain = _JSON.dump_python({key: value for key, value in detail.items() if value is not None}, mode="json")
        self._reports.append(
            TaskReport(
                sequence=self.sequence, at=now, kind=kind, by=by, detail={**plain, **self.circumstances(by)},
                command_id=self._judging,
            )
        )  # fmt: skip

    def take_events(self) -> list[TaskReport]:
        """The reports since the last call."""
        reports, self._reports = self._reports, []
        return reports
