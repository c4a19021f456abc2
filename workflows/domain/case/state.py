"""The state of a case and the operations its rules use: emit an event, notify, start and stop clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import Field, TypeAdapter

from workflows.domain.aggregate_root import AggregateRoot
from workflows.domain.case.capacity import Capacity
from workflows.domain.case.parts import Escalation, FirstAnswer, Forward, SentBack, Verdict
from workflows.domain.case.view import Untold
from workflows.domain.clock import Breach, Clock
from workflows.domain.commands.case import Resolve
from workflows.domain.department_task import DepartmentTask
from workflows.domain.event import Event, EventKind, Message, Notice
from workflows.domain.model import Instant, Json
from workflows.domain.terms import (
    ClockTerms,
    Consultation,
    DispatchRequest,
    Involved,
    Lookup,
    Opening,
    Roster,
    Terms,
)
from workflows.domain.vocabulary import (
    CUSTOMER,
    OPERATOR,
    SYSTEM,
    Audience,
    ClockName,
    Priority,
    Reachable,
    Resolution,
    Role,
    Satisfaction,
    Status,
)

_REMEMBERED_BREACHES = 50
"""Of a long life; the timeline has every one."""
_NOT_TO_ONESELF = frozenset(
    {
        Message.SUPPLIED,
        Message.ATTACHED,
        Message.HANDED_OVER,
        Message.CLOSED_STAFF,
        Message.ASSISTING,
        Message.LINKED,
        Message.UNLINKED,
    }
)
"""Nobody needs a message about what they have just done."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types, not their subclasses, whose values are JSON already."""
_dumped = partial(TypeAdapter[Any](Any).serializer.to_python, mode="json")


class CaseState(AggregateRoot[Event]):
    """The data of a case. Nothing outside `workflows.domain` changes it."""

    number: str
    opening: Opening
    terms: Terms
    status: Status
    type: str
    subtype: str | None
    priority: Priority
    tested: bool = False
    playbook: tuple[str, ...] = ()
    steps_done: list[int] = Field(default_factory=list)
    department: str | None = None
    group: str | None = None
    owner: str | None = None
    handed_on_by: str | None = None
    """The superior who handed it on last: who sees that a case is somebody else's sees what it is about (R8)."""
    assisting: dict[str, str] = Field(default_factory=dict)
    tasks: list[DepartmentTask] = Field(default_factory=list)
    """What other departments were asked for, in order (R18)."""
    linked_to: str | None = None
    """The main case: what its people answer is passed on to this one (R28)."""
    linked_by: str | None = None
    followers: list[str] = Field(default_factory=list)
    """Cases that this one is the main case of, in order."""
    forwards: list[Forward] = Field(default_factory=list)
    """Signals to other cases that have not been sent yet, in order."""
    answer: Resolve | None = None
    """The solution while it stands: a case that is linked late gets it at once."""
    opened_at: Instant
    corrected: list[str] = Field(default_factory=list)
    """Of `type` and `priority` what a person has corrected: the rules do not change that any more (R8)."""
    claimed: bool = False
    responded_at: Instant | None = None
    resolved_at: Instant | None = None
    accepted_at: Instant | None = None
    closed_at: Instant | None = None
    asked_at: Instant | None = None
    """When the customer was first asked for what is missing, while an answer is awaited."""
    expected_resolution: Instant | None = None
    solution: str | None = None
    reachable: Reachable = Reachable.CHANNEL
    proves_messages: bool = False
    """What became of a message is believed where the outbox bears it out."""
    untold: list[Untold] = Field(default_factory=list)
    """What a person has to tell the customer, the oldest first (R43)."""
    first_answer: FirstAnswer | None = None
    """None before it is given, and where a person told it."""
    unanswered_since: Instant | None = None
    """When the customer wrote what nobody has answered yet, after the first reply (R34)."""
    told_at: Instant | None = None
    """When the customer got the result, and began to be waited for."""
    missing: list[str] = Field(default_factory=list)
    unexplained: bool = False
    """A progress update was missed and the next one has to say why (R16)."""
    escalation: Escalation = Field(default_factory=Escalation)
    reopened: int = 0
    resolution: Resolution | None = None
    satisfaction: Satisfaction | None = None
    comment: str | None = None
    """The customer's, with their rating."""
    verdict: Verdict | None = None
    correctable_until: Instant | None = None
    """Of a closed case: until then a different answer of the customer's own hand counts; None: never."""
    sent_back: SentBack | None = None
    flagged: bool = False
    breaches: list[Breach] = Field(default_factory=list)
    clocks: dict[ClockName, Clock] = Field(default_factory=dict)
    sequence: int = 0
    new_events: list[Event] = Field(default_factory=list, exclude=True)
    """Events since `take_events` was last called."""

    # Recording and telling

    def emit(self, kind: EventKind, by: str, now: datetime, *notices: Notice, **detail: Any) -> None:
        """Add one entry to the timeline, with the notices that go out because of it."""
        self.sequence += 1
        self.updated_at = now
        if self.sent_back is not None and by not in {SYSTEM, CUSTOMER} and kind is not EventKind.REJECTED:
            self.sent_back = None
        unique_notices = () if not notices else _once_each(by, notices)
        self.new_events.append(
            Event(
                sequence=self.sequence,
                at=now,
                kind=kind,
                by=by,
                detail=_json({**detail, **self.circumstances(by)}),
                notices=unique_notices,
                command_id=self._judging,
            )
        )

    def take_events(self) -> list[Event]:
        """The events since the last call."""
        events, self.new_events = self.new_events, []
        return events

    def take_forwards(self) -> list[Forward]:
        """The signals to other cases since the last call."""
        forwards, self.forwards = self.forwards, []
        return forwards

    def notice_to_customer(self, message: Message, key: str, /, **facts: Any) -> Notice:
        """A notice to the customer; told by a person where no channel leads to them."""
        by_person = self.reachable is Reachable.BY_PERSON
        return Notice(
            message=message,
            audience=Audience.CUSTOMER,
            recipient=CUSTOMER,
            key=key,
            facts=_json(facts),
            by_person=by_person,
        )

    def notices_to(self, person: str | None, message: Message, key: str, /, **facts: Any) -> list[Notice]:
        """A notice to a person of the staff; none for None, the customer, the system and the operator."""
        if person is None or person in {CUSTOMER, SYSTEM, OPERATOR}:
            return []
        if self.has_left(person):
            person = self.stand_in(person) or person
        return [Notice(message=message, audience=Audience.STAFF, recipient=person, key=key, facts=_json(facts))]

    def miss(self, breach: Breach) -> None:
        """Keep a missed deadline. The oldest are forgotten first, but never the first one of each clock in the present
        cycle: since then something has been owed.
        """
        self.breaches.append(breach)
        while len(self.breaches) > _REMEMBERED_BREACHES:
            standing: set[ClockName] = set()
            for index, known in enumerate(self.breaches):
                if known.cycle != self.reopened or known.clock in standing:
                    del self.breaches[index]
                    break
                standing.add(known.clock)

    # Clocks

    def clock_terms(self, name: ClockName) -> ClockTerms | None:
        """What the present priority promises for a clock; None when it promises nothing."""
        promised = self.terms.levels[self.priority].clocks
        if name is ClockName.NEXT_RESPONSE and name not in promised:
            name = ClockName.RESPONSE
        return promised.get(name)

    def start(self, name: ClockName, now: datetime) -> datetime | None:
        """Start a clock anew by the present priority's terms; its due time, or None where there are no terms."""
        terms = self.clock_terms(name)
        return self.start_with(name, terms, now) if terms is not None else None

    def start_with(self, name: ClockName, terms: ClockTerms, now: datetime, *, count: int = 0) -> datetime | None:
        """Start a clock anew by given terms."""
        clock = Clock.start(name, terms, now, self.terms.calendar, count=count)
        self.clocks[name] = clock
        return clock.due

    def stop(self, *names: ClockName) -> None:
        """What the clocks waited for has come, or no longer matters."""
        for name in names:
            self.clocks.pop(name, None)

    def due(self, name: ClockName) -> datetime | None:
        """When a running clock is due."""
        clock = self.clocks.get(name)
        return clock.due if clock is not None else None

    # People

    def at_work(self, persons: Iterable[str]) -> list[str]:
        """The persons who are at work; where none is, those who are away, and never anybody who has left (R35)."""
        here = [person for person in persons if not self.has_left(person)]
        return [person for person in here if self.is_at_work(person)] or here

    def chain(self, person: str | None) -> list[str]:
        """Superiors of a person who are still there, nearest first."""
        found: list[str] = []
        member = self.people.get(person or "")
        while member is not None and member.superior and member.superior not in found:
            found.append(member.superior)
            member = self.people.get(member.superior)
        return [superior for superior in found if not self.has_left(superior)]

    def superiors(self) -> list[str]:
        """Everyone above the owner; the head and everyone above before there is one, and once the owner has left."""
        head = self.terms.head
        if head is not None and not self.has_left(head) and (self.owner is None or self.has_left(self.owner)):
            return [head, *self.chain(head)]
        return self.chain(self.owner)

    def ladder(self) -> list[str]:
        """The levels of an escalation: the superiors who are at work (R5, R17, R35).

        Where nobody is above, the duty managers answer, and in the last resort the owner.
        """
        if above := self.at_work(self.superiors()):
            return above
        duty = self.at_work(person for person in self.terms.duty_managers if person != self.owner)
        return duty or self.at_work(person for person in (self.owner, self.opening.received_by) if person)[:1]

    def stand_in(self, person: str | None) -> str | None:
        """That person, or whoever answers while they are absent: the next above who is at work (R35)."""
        if person is None or self.is_at_work(person):
            return person
        above = self.at_work(self.chain(person)) or (self.ladder() if self.has_left(person) else [])
        return next(iter(above), person)

    def responsible(self) -> str | None:
        """Who answers for the case now: the owner, before that the head, before that the first receiver (R6)."""
        return self.stand_in(self.owner or self.terms.head or self.opening.received_by)

    def involved(self, at: datetime) -> Lookup | None:
        """The question what has become of the people of the case; None once it is closed for good."""
        if self.is_closed and self.correctable_until is None:
            return None
        terms = self.terms
        roster = Roster(
            duty_managers=terms.duty_managers,
            follow_up=terms.follow_up,
            follow_up_supervisor=terms.follow_up_supervisor,
            head=terms.head,
        )
        heads = self.assisting | {task.department: task.head for task in self.tasks if task.is_open}
        request = DispatchRequest(type=self.type, subtype=self.subtype, priority=self.priority)
        known = Involved(people=self.people, heads=heads, roster=roster, group=self.group, request=request)
        return Lookup(number=self.number, at=at, involved=known)

    def renew(self, facts: Consultation, _: datetime) -> list[Event]:
        """Take up who has come, is away or has left since; from now on these are the people who are asked."""
        self.people.update(facts.people)
        self.assisting.update({key: head for key, head in facts.heads.items() if key in self.assisting})
        for task in self.tasks:
            if task.is_open:
                task.head = facts.heads.get(task.department, task.head)
        if facts.roster is not None:
            self.terms = self.terms.model_copy(update=dict(facts.roster))
        return []

    def teller(self) -> str | None:
        """Who has to tell the customer what no channel brings: the owner, before that the first receiver (R43)."""
        return self.owner or self.opening.received_by or self.terms.head

    def capacities(self, by: str) -> set[Capacity]:
        """What a person is to this case; empty for a stranger."""
        special = {CUSTOMER: Capacity.CUSTOMER, OPERATOR: Capacity.OPERATOR, SYSTEM: Capacity.SYSTEM}
        if by in special:
            return {special[by]}
        member = self.people.get(by)
        if member is None or member.left:
            return set()
        found = {Capacity.STAFF}
        if by == self.owner:
            found.add(Capacity.OWNER)
        if by in {*self.superiors(), *self.ladder()} and by != self.owner:
            found.add(Capacity.SUPERIOR)
        if self.group and member.group == self.group:
            found.add(Capacity.TEAM)
        if by == self.opening.received_by:
            found.add(Capacity.RECEIVER)
        if by == self.handed_on_by:
            found.add(Capacity.HANDED_ON_BY)
        if by in self.terms.duty_managers or Role.DUTY_MANAGER in member.roles:
            found.add(Capacity.DUTY_MANAGER)
        follow_up = {self.terms.follow_up, self.terms.follow_up_supervisor}
        if by in follow_up or member.roles & {Role.FOLLOW_UP, Role.FOLLOW_UP_SUPERVISOR}:
            found.add(Capacity.FOLLOW_UP)
        if by == self.escalation.to:
            found.add(Capacity.ESCALATED_TO)
        return found

    @property
    def is_closed(self) -> bool:
        """Whether the loop is closed."""
        return self.status is Status.CLOSED

    @property
    def runs_on(self) -> bool:
        """Whether clocks run on while the customer is asked for information (R5: P0 and P1)."""
        return self.terms.levels[self.priority].dispatch_incomplete


def _once_each(by: str, notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """The notices with one message of a kind to a person, and none to the person whose act it tells of."""
    unique = {
        (notice.message, notice.recipient): notice
        for notice in notices
        if not (notice.recipient == by and notice.message in _NOT_TO_ONESELF)
    }
    return tuple(unique.values())


def _json(values: dict[str, Any]) -> Json:
    """Details and facts as plain JSON, so that a round trip changes nothing."""
    return {key: value if type(value) in _PLAIN else _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    """Words of the vocabulary are texts already, and far more of them come by than of anything else but times."""
    return str(value) if isinstance(value, str) else _dumped(value)
