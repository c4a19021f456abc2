"""The state of a review and the operations its rules use: emit an event, notify, start and stop clocks (R27)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field, PrivateAttr, TypeAdapter

from workflows.domain.aggregate_root import AggregateRoot
from workflows.domain.clock import Clock
from workflows.domain.commands.command import Refused
from workflows.domain.event import Event, EventKind, Message, Notice
from workflows.domain.model import Instant
from workflows.domain.review.view import CorrectiveAction, Findings, ReviewRequest, ReviewStatus
from workflows.domain.terms import ClockTerms, Consultation, Involved, Lookup
from workflows.domain.vocabulary import Audience, CalendarKind, ClockName

REPORT = "report"
"""Key of the clock of the report, then of its approval. A corrective action's is `measure:1`, that of the level that
lateness went up to `escalation:` with the key of the clock that was missed.
"""
_JSON: TypeAdapter[Any] = TypeAdapter(Any)


class ReviewState(AggregateRoot[Event]):
    """The data of a review. Nothing outside `workflows.domain` changes it."""

    request: ReviewRequest
    status: ReviewStatus = ReviewStatus.WRITING
    author: str
    findings: Findings | None = None
    measures: list[CorrectiveAction] = Field(default_factory=list)
    returned: int = 0
    escalated: dict[str, list[str]] = Field(default_factory=dict)
    """To whom the lateness behind a clock was escalated, in order."""
    late: bool = False
    extended: bool = False
    """An author who was named too late got the whole time once; there is no second time for one report."""
    new_head: str | None = None
    """Of the responsible department, where that is somebody else than when the review was asked for."""
    added: list[str] = Field(default_factory=list)
    """Cases that closed while the report was being written, in order."""
    approved_at: Instant | None = None
    approved_by: str | None = None
    ended_at: Instant | None = None
    ended_because: str | None = None
    clocks: dict[str, Clock] = Field(default_factory=dict)
    sequence: int = 0
    _events: list[Event] = PrivateAttr(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether anybody still owes anything."""
        return self.status is not ReviewStatus.DONE

    @property
    def head(self) -> str:
        """The head of the responsible department."""
        return self.new_head or self.request.subject.head

    @property
    def approver(self) -> str | None:
        """Who decides on the report: the head, or whoever is above where the head wrote it."""
        if self.findings is None:
            return None
        return self.head if self.findings.by != self.head else self.above(self.head, self.head)[0]

    # People

    def owing(self, key: str) -> list[str]:
        """Who has to act on what a clock stands for."""
        number = action_number(key.removeprefix("escalation:"))
        if number is not None:
            return [self.measures[number - 1].owner]
        return [(self.approver if self.status is ReviewStatus.AWAITING_APPROVAL else None) or self.author]

    def waits_for(self) -> tuple[str, ...]:
        """Everyone who has to act now."""
        if self.status in {ReviewStatus.WRITING, ReviewStatus.AWAITING_APPROVAL}:
            return tuple(self.owing(REPORT))
        owed = [action.owner for action in self.measures if self.is_open and action.done_at is None]
        return tuple(dict.fromkeys(owed))

    def above(self, person: str, last: str) -> list[str]:
        """Superiors, nearest first, then `last` and those above them; where there is nobody, `last` alone."""
        found: list[str] = []
        for start in dict.fromkeys((person, last)):
            member = self.people.get(start)
            if start != person and start not in found:
                found.append(start)
            while member is not None and member.superior and member.superior not in {*found, person}:
                found.append(member.superior)
                member = self.people.get(member.superior)
        found = [key for key in found if not self.has_left(key)]
        return found or [last]

    def at_work(self, persons: Iterable[str]) -> list[str]:
        """The persons who are at work; where none is, those who are away (R35)."""
        asked = list(persons)
        here = [key for key in asked if not self.has_left(key)]
        return [key for key in here if self.is_at_work(key)] or here or asked

    def involved(self, at: datetime) -> Lookup | None:
        """The question what has become of the people of the review; None once it is over."""
        if not self.is_open:
            return None
        known = Involved(people=self.people, heads={self.request.department: self.head})
        return Lookup(number=self.request.number, at=at, involved=known)

    def renew(self, facts: Consultation, _: datetime) -> list[Event]:
        """Take up who has come, is away or has left since; a report that nobody was named for is the new head's."""
        self.people.update(facts.people)
        head = facts.heads.get(self.request.department, self.head)
        if head != self.head:
            self.author, self.new_head = head if self.author == self.head else self.author, head
        return []

    # Clocks

    def follow(self, number: int, action: CorrectiveAction, now: datetime) -> None:
        """Start the clock of a corrective action."""
        within = max((action.due - now).total_seconds(), 1.0)
        warnings = self.request.terms.measure_warnings
        terms = ClockTerms(within=within, calendar=CalendarKind.ROUND_THE_CLOCK, warnings=warnings)
        self.start(action_key(number), ClockName.MEASURE, terms, now)

    def start(self, key: str, name: ClockName, terms: ClockTerms, now: datetime) -> datetime | None:
        """Start a clock anew; its due time."""
        clock = self.clocks[key] = Clock.start(name, terms, now, self.request.calendar)
        return clock.due

    def settle(self, key: str) -> None:
        """The escalation behind a clock ends; the next lateness begins at the first level."""
        self.clocks.pop(f"escalation:{key}", None)
        self.escalated.pop(key, None)

    def first(self) -> tuple[str, Clock] | None:
        """The clock that acts next, with its key."""
        running = [(clock.next, clock.started, key) for key, clock in self.clocks.items() if clock.next is not None]
        return (key := min(running)[2], self.clocks[key]) if running else None

    # Corrective actions

    def action(self, number: int) -> CorrectiveAction:
        """A corrective action by its number, from 1.

        Raises:
            Refused: there is none of that number.
        """
        if not 1 <= number <= len(self.measures):
            allowed = f"1 to {len(self.measures)}" if self.measures else "none before the report is handed in"
            raise Refused(f"there is no measure {number}; allowed: {allowed}")
        return self.measures[number - 1]

    def following(self, number: int) -> CorrectiveAction:
        """A corrective action that is still to be done.

        Raises:
            Refused: there is none, it is done, or nobody has approved it yet.
        """
        action = self.action(number)
        if self.status is not ReviewStatus.FOLLOWING:
            raise Refused(f"measures are followed once the report is approved: the review is {self.status}")
        if action.done_at is not None:
            raise Refused(f"measure {number} is done already")
        return action

    def action_notice(self, number: int, now: datetime) -> Notice:
        """The notice to the owner of a corrective action that it is to be done."""
        owner = self.measures[number - 1].owner
        key = f"asked:{number}:{self.sequence}"
        return self.notice_to(owner, Message.MEASURE_ASKED, key, asked_at=now, **self.action_facts(number))

    def action_facts(self, number: int | None) -> dict[str, Any]:
        """What every message about a corrective action says; nothing for None, which is the report."""
        if number is None:
            return {}
        action = self.measures[number - 1]
        return {"measure": number, "what": action.what, "owner": action.owner, "due": action.due}

    # Recording and telling

    def notice_to(self, person: str | None, message: Message, key: str, **facts: Any) -> Notice:
        """A notice to somebody of the staff; where nobody is named, to the head."""
        subject = self.request.subject
        common = {
            "reason": subject.reason, "cases": subject.cases, "department": self.request.department,
            "author": self.author, "head": self.head,
        }  # fmt: skip
        plain = _JSON.dump_python({**common, **facts}, mode="json")
        recipient = self.at_work([person or self.head, *self.above(person or self.head, self.head)])[0]
        return Notice(message=message, audience=Audience.STAFF, recipient=recipient, key=f"review:{key}", facts=plain)

    def emit(self, kind: EventKind, by: str, now: datetime, *notices: Notice, **detail: Any) -> None:
        """Add one entry to the timeline of the review."""
        self.sequence += 1
        self.updated_at = now
        plain = _JSON.dump_python({key: value for key, value in detail.items() if value is not None}, mode="json")
        self._events.append(
            Event(
                sequence=self.sequence, at=now, kind=kind, by=by, detail={**plain, **self.circumstances(by)},
                notices=notices, command_id=self._judging,
            )
        )  # fmt: skip

    def take_events(self) -> list[Event]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def local(self, moment: datetime) -> str:
        """A time as the company reads it."""
        return self.request.calendar.local(moment).isoformat(timespec="minutes")


def action_key(number: int) -> str:
    """The key of the clock of a corrective action."""
    return f"measure:{number}"


def action_number(key: str) -> int | None:
    """The number of the corrective action a clock stands for; None: the report."""
    kind, _, number = key.partition(":")
    return int(number) if kind == "measure" else None
