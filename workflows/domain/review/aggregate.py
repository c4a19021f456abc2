"""A review of closed cases, from the request until its corrective actions are done, with all its rules (R27).

    review, events = Review.open(request, now)
    events = review.handle(command, now, facts)
    events = review.expire(now)

The head of the responsible department answers for it until an author is named. The report is written, approved by
somebody else (returned as often as needed), and each of its corrective actions is followed until it is done. Whatever
is late goes up one level after the other. Like the case it has no clock of its own and knows nothing of Temporal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from operator import le, lt
from typing import Any, Self

from workflows.domain.aggregate_root import NOBODY, clock_fault
from workflows.domain.clock import Clock, Deadline
from workflows.domain.commands.command import Command, Refused
from workflows.domain.commands.review import (
    Approve,
    CaseAdded,
    CorrectiveActionDone,
    End,
    MoveCorrectiveAction,
    NameAuthor,
    ReturnReport,
    SubmitReview,
)
from workflows.domain.event import Event, EventKind, Message
from workflows.domain.ids import review_id
from workflows.domain.review import deadlines, rules
from workflows.domain.review.state import REPORT, ReviewState
from workflows.domain.review.view import ReviewRequest, ReviewView
from workflows.domain.terms import Consultation, Lookup
from workflows.domain.vocabulary import OPERATOR, SYSTEM, ClockName


class Review(ReviewState):
    """One review: all its rules."""

    @classmethod
    def open(cls, request: ReviewRequest, now: datetime, facts: Consultation = NOBODY) -> tuple[Self, list[Event]]:
        """The head of the department is asked for it; its time counts from the closing of the case."""
        subject = request.subject
        at = min(request.opened_at, now)
        review = cls(request=request, people=dict(subject.people), author=subject.head, updated_at=at)
        review.renew(facts, at)
        due = review.start(REPORT, ClockName.REVIEW, request.terms.report, at)
        review.emit(
            EventKind.REVIEW_OPENED, SYSTEM, at,
            review.notice_to(review.author, Message.REVIEW_ASKED, "opened", due=due),
            reason=subject.reason, cases=subject.cases, department=request.department, author=review.author, due=due,
        )  # fmt: skip
        return review, review.take_events()

    def needs(self, command: Command) -> Lookup | None:
        """Who the people are that the command names, where that is not known yet."""
        if not self.is_open or command.command_id in self.outcomes:
            return None
        named = {command.by, *_people_named(command)} - {SYSTEM, OPERATOR}
        unknown = tuple(sorted(key for key in named if key not in self.people))
        forgotten = command.command_id if self.may_have_forgotten(command.command_id) else None
        if not unknown and forgotten is None:
            return None
        return Lookup(
            number=self.request.number, at=self.updated_at, people=unknown, command_id=forgotten, review=True
        )  # fmt: skip

    def expire(self, now: datetime, *, inclusive: bool = True) -> list[Event]:
        """Everything that has fallen due by `now`, in the order in which it did; each deadline is missed once.

        Not `inclusive`: before `now`. What is sent at the very moment of a deadline is in time.
        """
        by = le if inclusive else lt
        while (first := self.first()) is not None and first[1].next is not None and by(first[1].next, now):
            (key, clock), at, before = first, max(now, self.updated_at), self.snapshot()
            is_expired = clock.due is not None and by(clock.due, now)
            try:
                (deadlines.expire if is_expired else deadlines.warn)(self, key, clock, at)
            except Exception as error:  # noqa: BLE001 - whatever a rule raises, the other clocks go on
                fault = self.undo(before, error, clock_fault(key), at)
                (deadlines.fail if is_expired else deadlines.drop_warnings)(self, key, self.clocks[key], at, fault)
        return self.take_events()

    def earliest(self) -> Clock | None:
        """The clock that acts next."""
        first = self.first()
        return first[1] if first else None

    def view(self) -> ReviewView:
        """The review as people and the database see it."""
        request, subject = self.request, self.request.subject
        running = sorted(self.clocks.values(), key=lambda clock: clock.due or clock.started)
        last = [escalated[-1] for escalated in self.escalated.values() if escalated]
        return ReviewView(
            review=review_id(request.number),
            number=request.number,
            reason=subject.reason,
            cases=(*subject.cases, *self.added),
            department=request.department,
            product=subject.product,
            type=request.type,
            subtype=request.subtype,
            priority=request.priority,
            status=self.status,
            head=self.head,
            author=self.author,
            approver=self.approver,
            waits_for=self.waits_for(),
            findings=self.findings,
            measures=tuple(self.measures),
            returned=self.returned,
            escalated_to=last[-1] if last else None,
            deadlines=tuple(
                Deadline(clock=clock.name, started=clock.started, due=clock.due, next=clock.next) for clock in running
            ),
            late=self.late,
            opened_at=request.opened_at,
            updated_at=self.updated_at,
            approved_at=self.approved_at,
            approved_by=self.approved_by,
            ended_at=self.ended_at,
            ended_because=self.ended_because,
            faults=tuple(self.faults),
            sequence=self.sequence,
        )

    def _carry_out(self, command: Command, now: datetime, facts: Consultation) -> None:  # noqa: ARG002
        self._check(command)
        RULES[type(command)](self, command, now)

    def _tell_rejected(self, by: str, now: datetime, **given: str) -> None:
        self.emit(EventKind.REJECTED, by, now, **given)

    def _check(self, command: Command) -> None:
        if not self.is_open:
            raise Refused(f"the review of {self.request.number} is over")
        by = command.by
        if isinstance(command, CaseAdded) and by != SYSTEM:
            raise Refused("case_added is for the case itself")
        if by == SYSTEM and not isinstance(command, CaseAdded):
            raise Refused(f"{command.name} is for people; nobody outside is the system")
        if by == SYSTEM or (by == OPERATOR and isinstance(command, NameAuthor | MoveCorrectiveAction | End)):
            return
        for key in sorted({by, *_people_named(command)}):
            if key not in self.people:
                raise Refused(f"{key} is not in the organisation")
            if self.has_left(key):
                raise Refused(f"{key} is no longer in the organisation")
        allowed = self._allowed(command)
        if by not in allowed:
            raise Refused(f"{command.name} is for {', '.join(dict.fromkeys(allowed))}; {by} is not among them")

    def _allowed(self, command: Command) -> list[str]:
        above = [self.head, *self.above(self.head, self.head)]
        match command:
            case SubmitReview():
                return [self.author, *self.above(self.author, self.head)]
            case NameAuthor():
                # Whoever a late report is escalated to has to be able to do something about it.
                return list(dict.fromkeys([*above, *self.above(self.author, self.head)]))
            case Approve() | ReturnReport():
                approver = self.approver
                return above if approver is None else [approver, *self.above(approver, approver)]
            case CorrectiveActionDone():
                owner = self.action(command.measure).owner
                return [owner, *self.above(owner, owner), self.author, *above]
        return above


def _people_named(command: Command) -> Iterable[str]:
    match command:
        case NameAuthor():
            return (command.author,)
        case SubmitReview():
            return tuple(action.owner for action in command.measures)
        case MoveCorrectiveAction():
            return (command.owner,) if command.owner else ()
    return ()


RULES: dict[type[Command], Callable[[ReviewState, Any, datetime], None]] = {
    NameAuthor: rules.name_author,
    SubmitReview: rules.submit,
    Approve: rules.approve,
    ReturnReport: rules.return_report,
    CorrectiveActionDone: rules.done,
    MoveCorrectiveAction: rules.move,
    End: rules.end,
    CaseAdded: rules.case_added,
}
"""Every class of `REVIEW_COMMANDS`, and nothing else."""
