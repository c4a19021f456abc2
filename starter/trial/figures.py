"""The figures of a simulation, counted from the events of its cases (R9, R16, R17, R22).

Everything but the cases that are open at the end is counted from events alone, so the same counting holds for
timelines that were really recorded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.domain.case.aggregate import Case
from workflows.domain.case.rules.deadlines import DUTIES
from workflows.domain.event import Event, EventKind
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Audience, ClockName, Priority, Status

PROMISES = (ClockName.RESPONSE, ClockName.RESOLUTION)
_KEPT_BY = {
    EventKind.REPLIED: (ClockName.RESPONSE,),
    EventKind.RESOLVED: (ClockName.RESPONSE, ClockName.RESOLUTION),
}


@dataclass
class Attainment:
    """How often one promise was kept; `undecided`: withdrawn, or still running at the end."""

    met: int = 0
    missed: int = 0
    undecided: int = 0

    @property
    def share(self) -> float | None:
        """Kept of all that are decided; None where there is none."""
        decided = self.met + self.missed
        return self.met / decided if decided else None

    def as_json(self) -> dict[str, Any]:
        """The counts and the share."""
        return {
            "met": self.met,
            "missed": self.missed,
            "undecided": self.undecided,
            "share": self.share,
        }


@dataclass
class _Cycle:
    """One handling of a case, from its opening or reopening on."""

    priority: Priority
    decided: dict[ClockName, tuple[Priority, bool]] = field(default_factory=dict)


@dataclass
class Figures:
    """Counts over all cases; feed it every event once, those of one case in their order.

    A case counts once for each handling: reopened, it makes both promises anew (R25). It counts under the priority
    it had when the promise was kept or missed.
    """

    calendar: Calendar
    """Whose zone says which week it is."""
    breaches: Counter[ClockName] = field(default_factory=Counter)
    escalations: Counter[tuple[int, str]] = field(default_factory=Counter)
    """By level and by what was missed (`asked`: somebody asked for it)."""
    escalated_to: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Person -> ISO week (`2026-W20`) -> escalations that came to them."""
    notices: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """The same of notifications."""
    customer_notices: Counter[str] = field(default_factory=Counter)
    resolutions: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Commands that the rules rejected, by name and reason."""
    open: Counter[Status] = field(default_factory=Counter)
    never_closing: Counter[Status] = field(default_factory=Counter)
    never_closing_keys: list[str] = field(default_factory=list)
    _cycles: dict[str, list[_Cycle]] = field(default_factory=dict)
    _weeks: dict[datetime, str] = field(default_factory=dict)
    """Cached: it is asked several times for each moment."""

    def take(self, key: str, events: Iterable[Event]) -> None:
        """Count what happened to one case."""
        for event in events:
            self._count_notices(event)
            match event.kind:
                case EventKind.CREATED:
                    self._cycles[key] = [_Cycle(Priority.P3)]
                case EventKind.CLASSIFIED:
                    self._cycles[key][-1].priority = Priority(_of(event, "after")["priority"])
                case EventKind.REOPENED:
                    self._cycles[key].append(_Cycle(Priority(str(event.detail["priority"]))))
                case EventKind.REPLIED | EventKind.RESOLVED:
                    for clock in _KEPT_BY[event.kind]:
                        self._decide(key, clock, kept=True)
                case EventKind.UNTOLD if event.detail.get("unanswered"):
                    self._take_back(key, ClockName.RESPONSE)
                case EventKind.FEEDBACK_GIVEN | EventKind.DELIVERED if event.detail.get("answered"):
                    self._decide(key, ClockName.RESPONSE, kept=True)
                case EventKind.LAPSED:
                    self._count_lapse(key, ClockName(str(event.detail["clock"])))
                case EventKind.ESCALATED:
                    self.escalations[_level(event), str(event.detail["why"])] += 1
                    self.escalated_to[str(event.detail["to"])][self._week(event)] += 1
                case EventKind.CLOSED:
                    self.resolutions[str(event.detail["resolution"])] += 1
                case EventKind.REJECTED:
                    self.refused[str(event.detail["command"]), str(event.detail["reason"])] += 1

    def leave_open(self, case: Case) -> None:
        """Count a case that is open at the end."""
        self.open[case.status] += 1
        if not _closes_by_itself(case):
            self.never_closing[case.status] += 1
            self.never_closing_keys.append(case.number)

    @property
    def cases(self) -> int:
        """How many cases were opened."""
        return len(self._cycles)

    @property
    def reopened(self) -> int:
        """How often cases were reopened."""
        return sum(len(cycles) - 1 for cycles in self._cycles.values())

    def attainment(self, clock: ClockName) -> dict[Priority, Attainment]:
        """The attainment of one promise, for every priority that occurred."""
        found: dict[Priority, Attainment] = {}
        for cycle in (cycle for cycles in self._cycles.values() for cycle in cycles):
            priority, kept = cycle.decided.get(clock, (cycle.priority, None))
            counts = found.setdefault(priority, Attainment())
            if kept is None:
                counts.undecided += 1
            elif kept:
                counts.met += 1
            else:
                counts.missed += 1
        return {priority: found[priority] for priority in Priority if priority in found}

    def as_json(self) -> dict[str, Any]:
        """The answer of `bihuan trial --json` for one policy."""
        levels: dict[str, dict[str, int]] = {}
        for (level, why), count in sorted(self.escalations.items()):
            levels.setdefault(str(level), {})[why] = count
        to_customers, to_people = self.customer_notices.total(), sum(weeks.total() for weeks in self.notices.values())
        return {
            "cases": self.cases,
            "attainment": {
                clock.value: {priority.value: one.as_json() for priority, one in self.attainment(clock).items()}
                for clock in PROMISES
            },
            "breaches": {clock.value: self.breaches[clock] for clock in DUTIES if self.breaches[clock]},
            "escalations": {
                "total": self.escalations.total(),
                "levels": levels,
                "people": _by_person(self.escalated_to),
            },
            "notifications": {
                "total": to_customers + to_people,
                "people": _by_person(self.notices),
                "customers": {"total": to_customers, "weeks": dict(sorted(self.customer_notices.items()))},
            },
            "closed": dict(sorted(self.resolutions.items())),
            "reopened": self.reopened,
            "open": {
                "total": self.open.total(),
                "status": {status.value: self.open[status] for status in Status if self.open[status]},
                "never_closing": self.never_closing.total(),
                "never_closing_status": {
                    status.value: self.never_closing[status] for status in Status if self.never_closing[status]
                },
                "never_closing_keys": self.never_closing_keys,
            },
            "refused": [
                {"signal": signal, "reason": reason, "count": count}
                for (signal, reason), count in self.refused.most_common()
            ],
        }

    def _count_notices(self, event: Event) -> None:
        if not event.notices:
            return
        week = self._week(event)
        for notice in event.notices:
            if notice.audience is Audience.CUSTOMER:
                self.customer_notices[week] += 1
            else:
                self.notices[notice.recipient][week] += 1

    def _week(self, event: Event) -> str:
        name = self._weeks.get(event.at)
        if name is None:
            year, number, _ = self.calendar.local(event.at).isocalendar()
            name = self._weeks[event.at] = f"{year}-W{number:02}"
        return name

    def _count_lapse(self, key: str, clock: ClockName) -> None:
        if clock in DUTIES:
            self.breaches[clock] += 1
        if clock in PROMISES:
            self._decide(key, clock, kept=False)

    def _take_back(self, key: str, clock: ClockName) -> None:
        """What seemed to keep the promise has not reached the customer (R43)."""
        decided = self._cycles[key][-1].decided
        if clock in decided and decided[clock][1]:
            del decided[clock]

    def _decide(self, key: str, clock: ClockName, *, kept: bool) -> None:
        cycle = self._cycles[key][-1]
        cycle.decided.setdefault(clock, (cycle.priority, kept))


def _by_person(counts: dict[str, Counter[str]]) -> dict[str, Any]:
    """Who has most comes first."""
    return {
        person: {"total": weeks.total(), "weeks": dict(sorted(weeks.items()))}
        for person, weeks in sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    }


def _closes_by_itself(case: Case) -> bool:
    """Whether waiting is enough: the policy closes on silence, and the clock that does so runs (R22, R24)."""
    limits = {
        ClockName.CONFIRMATION: case.terms.close_silent_after,
        ClockName.RATING: case.terms.close_unrated_after,
    }
    return any(limit is not None and case.due(clock) is not None for clock, limit in limits.items())


def _of(event: Event, name: str) -> dict[str, Any]:
    value = event.detail[name]
    return value if isinstance(value, dict) else {}


def _level(event: Event) -> int:
    level = event.detail["level"]
    return int(level) if isinstance(level, int | float | str) else 0
