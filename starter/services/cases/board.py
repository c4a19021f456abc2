"""The figures of open cases for the board and for managers; everybody sees those that they may read (R45, R49).

Many look at once, so one read of the record serves all of them: see `Board`.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import add
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Protocol

from activities.queries.daily import DayCount, count_days
from activities.queries.open_cases import OpenCase, OpenCases
from workflows.domain.case.recorded.reading import may_read
from workflows.domain.policy.reading import ReadingScope
from workflows.domain.vocabulary import Priority

if TYPE_CHECKING:
    from worker.installation.installation import Installation
    from workflows.domain.organisation.organisation import Organisation
    from workflows.domain.policy.reading import ReadingRules

SOON: Final = timedelta(hours=4)
"""What managers look ahead."""
DAYS: Final = 30
_HOLDS: Final = 1.0
"""Seconds for which what was read serves whoever asks without having heard of anything new."""
_APART: Final = 0.25
"""Seconds between two looks at the record at least, also where everybody has heard of something new."""
_GATHER: Final = 0.1
"""Seconds after the first who has heard of something, in which the others hear of it."""
_TODAY_HOLDS: Final = 15.0
_PAST_HOLDS: Final = 3600.0
_READERS: Final = 100
"""So many people are remembered by what they may read."""


class Looker(Protocol):
    """Whoever looks: a `Bearer`."""

    @property
    def person(self) -> str | None:
        """The id of whoever looks."""

    @property
    def organisation(self) -> Organisation | None:
        """The one in force."""

    @property
    def reading(self) -> ReadingRules:
        """What the policy lets people read."""

    @property
    def sees_all(self) -> bool:
        """Whether every case is theirs to see."""


Days = tuple[list[tuple[date, DayCount]], list[str] | None]
"""Each day, and the departments of whose cases; None: of all."""


Counts = dict[str | None, list[DayCount]]
"""Of each department, day by day."""


@dataclass
class Load:
    """How many cases: `open`, of these `late`, of each priority, and `soon`, due within `SOON` or before."""

    open: int = 0
    late: int = 0
    soon: int = 0
    priorities: Counter[str] = field(default_factory=Counter)

    def add(self, count: int, priority: str, *, late: bool, soon: bool) -> None:
        """So many more that are alike."""
        self.open += count
        self.late += count * late
        self.soon += count * soon
        self.priorities[priority] += count


@dataclass(frozen=True)
class Snapshot:
    """The record at one moment: `at` by the cases' time; `unstarted` are registered, and could not be begun yet."""

    at: datetime
    cases: Sequence[OpenCase]
    unstarted: int
    drawn: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was made of it already, for the next who asks for the same."""


@dataclass(frozen=True)
class Standing:
    """The figures of the cases that somebody may read, at `at`.

    Attributes:
        priorities: every one, the highest first.
        departments: id, and the cases that concern it; the most first. A case may concern several.
        people: owner, and their cases; the most first. The owner is None for cases that nobody has yet.
        late: the first to be late first; `late_count` in all, where only some are asked for.
        next: not late, by the next deadline.
        unacknowledged: escalations that wait for somebody, the oldest first.
        soon: due within `SOON` or before, by the next deadline.
    """

    at: datetime
    total: Load
    priorities: dict[str, Load]
    departments: dict[str, Load]
    people: dict[str | None, Load]
    late: list[OpenCase]
    next: list[OpenCase]
    unacknowledged: list[OpenCase]
    soon: list[OpenCase]
    unacknowledged_count: int
    unstarted: int


class Board:
    """The board of one process."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._counting = asyncio.Lock()
        self._open: OpenCases | None = None
        self._look: Snapshot | None = None
        self._began = 0.0
        self._readable: dict[str, tuple[Any, dict[str, tuple[OpenCase, bool]]]] = {}
        self.pictures: dict[Any, str] = {}
        """What was drawn of days; whoever draws sees to it that they stay few."""
        self._days: dict[tuple[datetime, datetime], tuple[float, Counts]] = {}

    async def look(self, installation: Installation, *, fresh: bool) -> Snapshot:
        """The record as it was a second ago at most; with `fresh`, not before this call.

        Raises:
            Problem: it cannot be read.
        """
        asked = time.monotonic()
        after = asked if fresh else asked - _HOLDS
        async with self._reading:
            if self._look is not None and self._began >= after:
                return self._look
            # Whoever asks meanwhile is served by this one: many hear of the same news within a moment.
            await asyncio.sleep(max(_GATHER * fresh, self._began + _APART - time.monotonic()))
            began = time.monotonic()
            if self._open is None:
                self._open = OpenCases(installation.database)
            cases, unstarted = await self._open.read()
            self._look, self._began = Snapshot(installation.now(), cases, unstarted), began
            return self._look

    def standing(self, look: Snapshot, who: Looker, most: int) -> Standing:
        """What of it is theirs to see, at most `most` cases of a list."""
        key = ("standing", None if who.sees_all else who.person, most)
        if key not in look.drawn:
            cases = look.cases
            if not who.sees_all:
                cases = [case for case, readable in self._judged(look, who).values() if readable]
            look.drawn[key] = stand(cases, look.at, most, look.unstarted if who.sees_all else 0)
        found: Standing = look.drawn[key]
        return found

    async def days(self, installation: Installation, who: Looker) -> Days:
        """The last 30 days in the company's zone, today the last; of all cases, or of those led by departments every
        case of which is theirs to see.

        Raises:
            Problem: the record cannot be read.
        """
        today = installation.local(installation.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        # By the wall clock: a day may have 23 hours.
        starts = [today + timedelta(days=place) for place in range(1 - DAYS, 2)]
        async with self._counting:
            past = await self._counted(installation, starts[:-1], _PAST_HOLDS)
            now = await self._counted(installation, starts[-2:], _TODAY_HOLDS)
        departments = None if who.sees_all else led_for(who)
        counts = [DayCount()] * DAYS
        for one in {*past, *now} if departments is None else departments:
            days = [*past.get(one, [DayCount()] * (DAYS - 1)), *now.get(one, [DayCount()])]
            counts = list(map(add, counts, days))
        return [(at.date(), count) for at, count in zip(starts, counts, strict=False)], departments

    async def _counted(self, installation: Installation, bounds: Sequence[datetime], holds: float) -> Counts:
        """The counts of these days; what is over hardly changes."""
        key, now = (bounds[0], bounds[-1]), time.monotonic()
        kept = self._days.get(key)
        if kept is None or now >= kept[0]:
            self._days = {one: held for one, held in self._days.items() if now < held[0]}
            kept = self._days[key] = (now + holds, await count_days(installation.database, bounds))
        return kept[1]

    def readable(self, look: Snapshot, who: Looker) -> dict[str, bool]:
        """Number of each open case -> whether it is theirs to see."""
        if who.sees_all:
            return {case.number: True for case in look.cases}
        return {number: readable for number, (_, readable) in self._judged(look, who).items()}

    def _judged(self, look: Snapshot, who: Looker) -> dict[str, tuple[OpenCase, bool]]:
        """Case and whether this person may read it: judged once, until case, organisation or policy changes."""
        person = str(who.person)
        if len(self._readable) > _READERS:
            self._readable.clear()
        by, judged = self._readable.get(person, (None, {}))
        if by is None or by[0] is not who.organisation or by[1] != who.reading:
            judged = {}
        known: dict[str, tuple[OpenCase, bool]] = {}
        for case in look.cases:
            kept = judged.get(case.number)
            if kept is None or kept[0] is not case:
                kept = (case, may_read(person, case.view, who.organisation, case.form, who.reading))
            known[case.number] = kept
        self._readable[person] = ((who.organisation, who.reading), known)
        return known


def stand(cases: Iterable[OpenCase], now: datetime, most: int, unstarted: int = 0) -> Standing:
    """The figures of these cases."""
    late: list[tuple[datetime, str, OpenCase]] = []
    coming: list[tuple[datetime, str, OpenCase]] = []
    soon: list[tuple[datetime, str, OpenCase]] = []
    waiting: list[tuple[datetime, str, OpenCase]] = []
    alike: Counter[tuple[str, str | None, frozenset[str], bool, bool]] = Counter()
    ahead = now + SOON
    for case in cases:
        since, due = case.late_since(now), case.due
        is_soon = due is not None and due < ahead
        alike[case.priority, case.owner, case.departments, since is not None, is_soon] += 1
        if since is not None:
            late.append((since, case.number, case))
        elif due is not None:
            coming.append((due, case.number, case))
        if due is not None and is_soon:
            soon.append((due, case.number, case))
        if case.unacknowledged_since is not None:
            waiting.append((case.unacknowledged_since, case.number, case))
    total, priorities = Load(), {priority.value: Load() for priority in Priority}
    departments: dict[str, Load] = {}
    people: dict[str | None, Load] = {}
    for (priority, owner, concerned, is_late, is_soon), count in alike.items():
        loads = [total, priorities.setdefault(priority, Load()), people.setdefault(owner, Load())]
        for load in (*loads, *(departments.setdefault(one, Load()) for one in concerned)):
            load.add(count, priority, late=is_late, soon=is_soon)

    def first(found: list[tuple[datetime, str, OpenCase]]) -> list[OpenCase]:
        return [case for _, _, case in heapq.nsmallest(most, found, key=lambda one: one[:2])]

    return Standing(
        now, total, priorities, _most_first(departments), _most_first(people), first(late), first(coming),
        first(waiting), first(soon), len(waiting), unstarted,
    )  # fmt: skip


def led_for(who: Looker) -> list[str]:
    """Departments every case of which this person may read (see `recorded.reading`), in the organisation's order."""
    person, organisation = who.person, who.organisation
    if person is None or organisation is None or (known := organisation.person(person)) is None:
        return []
    own = known.department if who.reading.scope is not ReadingScope.GROUPS else None
    return [
        one.id
        for one in organisation.departments
        if one.id == own or person == one.head or person in organisation.above(one.head)
    ]


def is_overloaded(own: int, others: Sequence[int]) -> bool:
    """Whether somebody has too many open cases beside what each of the others of their group has: more than half as
    many again as the middle one of them, and three more at least.
    """
    middle = median(others) if others else float("inf")
    return own > middle * 1.5 and own >= middle + 3


def _most_first(loads: dict[Any, Load]) -> dict[Any, Load]:
    return dict(sorted(loads.items(), key=lambda one: (-one[1].open, -one[1].late, str(one[0]))))
