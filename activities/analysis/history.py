"""The history of a case up to a moment, read from its timeline: its state then, and the milestones reports count (R29).

A promise is counted once a cycle of handling (from receipt, or from a reopening): kept when the answer came and the
deadline had not lapsed, missed when it lapsed. The priority, department and owner of a milestone are those at its
moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from workflows.domain.event import EventKind
from workflows.domain.provenance import is_own_hand, of_event
from workflows.domain.vocabulary import ClockName


class MilestoneKind(StrEnum):
    """Kinds of milestones that reports count."""

    PROMISE = "promise"
    """A promised time that was kept (`kept`) or missed; `value` is the clock, response or resolution."""
    ANSWER = "answer"
    """The first substantive reply of a cycle; `seconds` since it began."""
    SOLUTION = "solution"
    """A solution given to the customer; `seconds` since its cycle began."""
    CLOSING = "closing"
    """The end; `value` is the resolution, `seconds` since receipt."""
    GIVEN = "given"
    """Somebody became the owner."""
    ESCALATION = "escalation"
    """Upwards; `level` from 1, `value` the clock that was missed, or asked."""
    SIDEWAYS = "sideways"
    """Another department was called in; `value` is that department."""
    REOPENING = "reopening"
    """Handling began anew; `value` is the reason."""
    ACCEPTANCE = "acceptance"
    """The customer accepted the solution; `own_hand`: themselves, and nobody took it down (R39)."""
    RATING = "rating"
    """The customer's verdict; `value` is one of Satisfaction, `own_hand` as above. Another one that corrects it takes
    its place.
    """


MOMENTS = tuple(kind.value for kind in (EventKind.CREATED, EventKind.REPLIED, EventKind.RESOLVED))
"""Entries of which only the time is read: their details are the longest of a timeline and are not loaded."""
KINDS = MOMENTS + tuple(
    kind.value
    for kind in (
        EventKind.CLASSIFIED,
        EventKind.DISPATCHED,
        EventKind.HANDED_OVER,
        EventKind.LAPSED,
        EventKind.ESCALATED,
        EventKind.DEPARTMENT_INVOLVED,
        EventKind.REOPENED,
        EventKind.CONFIRMED,
        EventKind.RATED,
        EventKind.CLOSED,
        EventKind.UNTOLD,
        EventKind.FEEDBACK_GIVEN,
        EventKind.DELIVERED,
    )
)
"""The entries of a timeline that reports are made of."""


class TimelineEntry(NamedTuple):
    """An entry of the timeline as it was read; those of `MOMENTS` without their details."""

    at: datetime
    kind: str
    detail: dict[str, Any] | None = None
    by: str = ""


class Milestone(NamedTuple):
    """One milestone of a case, with priority, type, department and owner as of that moment."""

    what: MilestoneKind
    at: datetime
    priority: str
    type: str
    department: str | None
    owner: str | None
    value: str | None = None
    kept: bool = True
    seconds: float | None = None
    level: int = 0
    own_hand: bool = False


@dataclass(slots=True)
class History:
    """A case as of a moment. `received_at` is when it was accepted; `closed_at` is None while it is open."""

    number: str
    channel: str
    product: str | None
    received_at: datetime
    closed_at: datetime | None = None
    type: str = ""
    subtype: str | None = None
    priority: str = ""
    department: str | None = None
    owner: str | None = None
    milestones: list[Milestone] = field(default_factory=list)
    _begun: datetime | None = None
    _lapsed: frozenset[str] = frozenset()
    _answered: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls, number: str, channel: str, product: str | None, entries: Iterable[TimelineEntry], until: datetime
    ) -> History | None:
        """What had happened before `until`; None when the case did not exist yet. Entries are in their order."""
        history: History | None = None
        for entry in entries:
            if entry.at >= until:
                continue
            if entry.kind == EventKind.CREATED:
                history = cls(number, channel, product, entry.at, _begun=entry.at)
            elif history is not None:
                history._take(entry.at, entry.kind, entry.detail or {}, entry.by)
        return history

    def _take(self, at: datetime, kind: str, detail: dict[str, Any], by: str) -> None:
        match kind:
            case EventKind.CLASSIFIED:
                after = detail["after"]
                self.type, self.subtype, self.priority = after["type"], after["subtype"], after["priority"]
            case EventKind.DISPATCHED:
                self.department, self.owner = detail["department"], detail["owner"]
                self._note(MilestoneKind.GIVEN, at)
            case EventKind.HANDED_OVER:
                self.department, self.owner = detail.get("department") or self.department, detail["to"]
                self._note(MilestoneKind.GIVEN, at)
            case EventKind.REPLIED:
                self._answer(ClockName.RESPONSE, MilestoneKind.ANSWER, at)
            case EventKind.RESOLVED:
                self._answer(ClockName.RESPONSE, MilestoneKind.ANSWER, at)
                self._answer(ClockName.RESOLUTION, MilestoneKind.SOLUTION, at)
            case EventKind.UNTOLD | EventKind.FEEDBACK_GIVEN | EventKind.DELIVERED:
                self._tell(detail, at)
            case EventKind.LAPSED:
                self._lapse(detail["clock"], at)
            case EventKind.ESCALATED:
                self._note(MilestoneKind.ESCALATION, at, value=detail["why"], level=detail["level"])
            case EventKind.DEPARTMENT_INVOLVED:
                self._note(MilestoneKind.SIDEWAYS, at, value=detail["department"])
            case EventKind.REOPENED:
                self._note(MilestoneKind.REOPENING, at, value=detail["reason"])
                self.priority, self.owner = detail["priority"], detail["owner"]
                self.closed_at, self._begun, self._lapsed, self._answered = None, at, frozenset(), frozenset()
                self._note(MilestoneKind.GIVEN, at)
            case EventKind.CONFIRMED | EventKind.RATED:
                self._judge(detail, by, at)
            case EventKind.CLOSED:
                self.closed_at = at
                self._note(
                    MilestoneKind.CLOSING, at, value=detail["resolution"], seconds=_seconds(self.received_at, at)
                )

    def _answer(self, clock: str, what: MilestoneKind, at: datetime) -> None:
        if clock in self._answered:
            return
        self._answered |= {clock}
        self._note(what, at, seconds=_seconds(self._begun or self.received_at, at))
        if clock not in self._lapsed:
            self._note(MilestoneKind.PROMISE, at, value=clock)

    def _tell(self, detail: dict[str, Any], at: datetime) -> None:
        """What was sent as the first reply of this handling has not reached the customer, or a person told it (R43)."""
        if detail.get("answered"):
            self._answer(ClockName.RESPONSE, MilestoneKind.ANSWER, at)
        if not detail.get("unanswered"):
            return
        self._answered -= {ClockName.RESPONSE}
        begun = self._begun or self.received_at
        self.milestones = [
            one
            for one in self.milestones
            if one.at < begun
            or not (
                one.what is MilestoneKind.ANSWER
                or (one.value == ClockName.RESPONSE and one.what is MilestoneKind.PROMISE and one.kept)
            )
        ]

    def _judge(self, detail: dict[str, Any], by: str, at: datetime) -> None:
        """The customer accepts, or rates (with a `score`)."""
        own_hand = is_own_hand(by, of_event(by, detail)[0], detail.get("relayed_by"))
        if "score" not in detail:
            self._note(MilestoneKind.ACCEPTANCE, at, own_hand=own_hand)
            return
        rated = [one for one in self.milestones if one.what is MilestoneKind.RATING]
        if rated and detail.get("corrects") == EventKind.RATED:
            self.milestones.remove(rated[-1])
        self._note(MilestoneKind.RATING, at, value=detail["score"], own_hand=own_hand)

    def _lapse(self, clock: str, at: datetime) -> None:
        if clock in {ClockName.RESPONSE, ClockName.RESOLUTION} and clock not in self._lapsed:
            self._lapsed |= {clock}
            self._note(MilestoneKind.PROMISE, at, value=clock, kept=False)

    def _note(self, what: MilestoneKind, at: datetime, **facts: Any) -> None:
        self.milestones.append(Milestone(what, at, self.priority, self.type, self.department, self.owner, **facts))


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
