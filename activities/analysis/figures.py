"""The figures of one period: counted from histories, kept by key, so that two periods can be laid side by side.

A `FigureTable` is key -> figures. Shares are between 0 and 1, times are elapsed seconds, and a share, mean or
percentile of nothing is None.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import get_args

from activities.analysis.history import History, Milestone, MilestoneKind
from activities.analysis.period import Period
from workflows.domain.policy.reports import Breakdown
from workflows.domain.vocabulary import ClockName, Priority, Satisfaction

Figures = dict[str, float | None]
FigureTable = dict[tuple[str, ...], Figures]

ALL = "all"
NONE = "none"
"""The value of a dimension that a case does not have: no department yet, no product named."""
BREAKDOWNS: tuple[str, ...] = get_args(Breakdown)
DIMENSIONS = tuple(name for name in BREAKDOWNS if name != "owner")
PROMISES = (ClockName.RESPONSE.value, ClockName.RESOLUTION.value)
SPANS = {MilestoneKind.ANSWER: "response", MilestoneKind.SOLUTION: "resolution", MilestoneKind.CLOSING: "closing"}
AGES = ((1, "under_1d"), (3, "1d_3d"), (7, "3d_7d"), (14, "7d_14d"), (30, "14d_30d"), (math.inf, "over_30d"))
"""Upper limits in days, and what an age below one is called."""
_SCORES = {score.value: 5 - place for place, score in enumerate(Satisfaction)}
_SATISFIED = (Satisfaction.VERY_SATISFIED.value, Satisfaction.SATISFIED.value)

Happened = list[tuple[History, Milestone]]


class PeriodData:
    """The histories of one period, sorted by what happened in it."""

    def __init__(self, histories: Sequence[History], period: Period, as_of: datetime) -> None:
        begins, ends = period.begins, period.ends
        self.period = period
        self.as_of = min(as_of, ends)
        self.received = [history for history in histories if begins <= history.received_at < ends]
        self.open = [history for history in histories if history.closed_at is None]
        self.happened: dict[MilestoneKind, Happened] = {what: [] for what in MilestoneKind}
        for history in histories:
            for milestone in history.milestones:
                if begins <= milestone.at < ends:
                    self.happened[milestone.what].append((history, milestone))
        self.promises = {
            clock: [pair for pair in self.happened[MilestoneKind.PROMISE] if pair[1].value == clock]
            for clock in PROMISES
        }
        self._breakdowns: dict[str, FigureTable] = {}

    @cached_property
    def headline(self) -> FigureTable:
        """The figures a manager looks at first; counted once. Keys: (figure,)."""
        return _headline(self)

    def breakdown(self, dimension: str) -> FigureTable:
        """The main figures by one dimension; counted once. Keys: (value,)."""
        if dimension not in self._breakdowns:
            self._breakdowns[dimension] = _breakdown(self, dimension)
        return self._breakdowns[dimension]


def _headline(facts: PeriodData) -> FigureTable:
    rows: FigureTable = {
        ("received",): _count(facts.received),
        ("closed",): _count(facts.happened[MilestoneKind.CLOSING]),
    }
    rows |= {(f"{clock}_kept",): kept(facts.promises[clock]) for clock in PROMISES}
    rows |= {
        (f"{name}_time",): spans(facts.happened[what])
        for what, name in SPANS.items()
        if what is not MilestoneKind.CLOSING
    }
    rows |= {
        ("escalations",): _count(facts.happened[MilestoneKind.ESCALATION]),
        ("reopened",): _count(facts.happened[MilestoneKind.REOPENING]),
        ("satisfaction",): satisfaction(facts.happened[MilestoneKind.RATING]),
        ("open",): _count(facts.open),
    }
    return rows


def volumes(facts: PeriodData) -> FigureTable:
    """Cases received. Keys: (dimension, value)."""
    rows: FigureTable = {}
    for dimension in DIMENSIONS:
        counts = Counter(of(history, dimension) for history in facts.received)
        rows |= {
            (dimension, value): {"count": count, "share": count / len(facts.received)}
            for value, count in counts.most_common()
        }
    return rows


def attainment(facts: PeriodData) -> FigureTable:
    """Promises kept of promises decided. Keys: (clock, priority or all)."""
    rows: FigureTable = {}
    for clock in PROMISES:
        promises = facts.promises[clock]
        rows[clock, ALL] = kept(promises)
        for priority in Priority:
            rows[clock, priority.value] = kept(pair for pair in promises if pair[1].priority == priority)
    return rows


def times(facts: PeriodData) -> FigureTable:
    """Median and 90th percentile. Keys: (response, resolution or closing; priority or all)."""
    rows: FigureTable = {}
    for what, name in SPANS.items():
        happened = facts.happened[what]
        rows[name, ALL] = spans(happened)
        for priority in Priority:
            rows[name, priority.value] = spans([pair for pair in happened if pair[1].priority == priority])
    return rows


def escalations(facts: PeriodData) -> FigureTable:
    """Keys: (level, cause); level 0 is another department called in, its cause asked."""
    counts = Counter((str(one.level), one.value or NONE) for _, one in facts.happened[MilestoneKind.ESCALATION])
    counts.update(("0", "asked") for _ in facts.happened[MilestoneKind.SIDEWAYS])
    return {key: {"count": counts[key]} for key in sorted(counts, key=lambda key: (key[0], -counts[key]))}


def reopened(facts: PeriodData) -> FigureTable:
    """Keys: (reason,), and all with its share of the solutions given."""
    happened = facts.happened[MilestoneKind.REOPENING]
    solutions = len(facts.happened[MilestoneKind.SOLUTION])
    counts = Counter(one.value or NONE for _, one in happened)
    rows: FigureTable = {
        (ALL,): {"count": len(happened), "solutions": solutions, "share": _share(len(happened), solutions)}
    }
    return rows | {
        (reason,): {"count": count, "solutions": solutions, "share": _share(count, solutions)}
        for reason, count in counts.most_common()
    }


def ratings(facts: PeriodData) -> FigureTable:
    """Keys: (score,), best first."""
    happened = facts.happened[MilestoneKind.RATING]
    counts = Counter(one.value for _, one in happened)
    return {
        (score.value,): {"count": counts[score.value], "share": _share(counts[score.value], len(happened))}
        for score in Satisfaction
    }


def verdicts(facts: PeriodData) -> FigureTable:
    """Acceptances and ratings: by the customer's own hand, or taken down (R39). Keys: (acceptance or rating,)."""
    rows: FigureTable = {}
    for what in (MilestoneKind.ACCEPTANCE, MilestoneKind.RATING):
        own = [one.own_hand for _, one in facts.happened[what]]
        by_hand = sum(own)
        rows[what.value,] = {
            "count": len(own),
            "own_hand": by_hand,
            "taken_down": len(own) - by_hand,
            "share": _share(by_hand, len(own)),
        }
    return rows


def repeated(facts: PeriodData) -> FigureTable:
    """Problems that came more than once, the most frequent first. Keys: (product, type, subtype)."""
    groups: defaultdict[tuple[str, ...], list[History]] = defaultdict(list)
    for history in facts.received:
        if history.product and history.subtype:
            groups[history.product, history.type, history.subtype].append(history)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        key: {"count": len(group), "open": sum(history.closed_at is None for history in group)}
        for key, group in ordered
    }


def ages(facts: PeriodData) -> FigureTable:
    """Open cases by how long ago they were received. Keys: (age,); figures: count and one a priority."""
    rows: FigureTable = {
        (name,): {"count": 0, **{priority.value: 0 for priority in Priority}} for _, name in AGES
    }  # fmt: skip
    for history in facts.open:
        age = (facts.as_of - history.received_at) / timedelta(days=1)
        row = rows[next(name for limit, name in AGES if age < limit),]
        for column in ("count", history.priority):
            row[column] = (row.get(column) or 0) + 1
    return rows


def load(facts: PeriodData) -> FigureTable:
    """Keys: (person,); cases given to them, solutions and missed promises of theirs, and what is open with them."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for column, happened in (
        ("given", facts.happened[MilestoneKind.GIVEN]),
        ("solved", facts.happened[MilestoneKind.SOLUTION]),
        ("missed", [pair for pair in facts.happened[MilestoneKind.PROMISE] if not pair[1].kept]),
    ):
        for _, milestone in happened:
            if milestone.owner:
                counts[milestone.owner][column] += 1
    for history in facts.open:
        if history.owner:
            counts[history.owner]["open"] += 1
    ordered = sorted(counts, key=lambda person: (-counts[person]["open"], -counts[person]["given"], person))
    return {
        (person,): {name: counts[person][name] for name in ("open", "given", "solved", "missed")} for person in ordered
    }


def _breakdown(facts: PeriodData, dimension: str) -> FigureTable:
    """A case counts as received where it stood at the end; what happened counts where it stood at that moment."""
    received = Counter(of(history, dimension) for history in facts.received)
    parts: dict[str, dict[str, Happened]] = {}
    columns: dict[str, Happened] = {clock: facts.promises[clock] for clock in PROMISES}
    columns |= {
        what.value: facts.happened[what]
        for what in (MilestoneKind.SOLUTION, MilestoneKind.REOPENING, MilestoneKind.RATING)
    }
    for name, happened in columns.items():
        for pair in happened:
            parts.setdefault(of(pair[0], dimension, pair[1]), {}).setdefault(name, []).append(pair)
    rows: FigureTable = {}
    for value in sorted(received.keys() | parts.keys(), key=lambda value: (-received[value], value)):
        there = parts.get(value, {})
        row: Figures = {"received": received[value]}
        for clock in PROMISES:
            row |= {f"{clock}_{name}": figure for name, figure in kept(there.get(clock, [])).items()}
        solved = spans(there.get(MilestoneKind.SOLUTION.value, []))
        row |= {"resolution_median": solved["median"], "resolution_p90": solved["p90"]}
        row |= {"reopened": len(there.get(MilestoneKind.REOPENING.value, []))}
        row |= {
            f"rating_{name}": figure for name, figure in satisfaction(there.get(MilestoneKind.RATING.value, [])).items()
        }
        rows[value,] = row
    return rows


def trend(facts: PeriodData) -> FigureTable:
    """Keys: (first day, last day) of each stretch of the period."""
    rows: FigureTable = {}
    closings, rated = facts.happened[MilestoneKind.CLOSING], facts.happened[MilestoneKind.RATING]
    for stretch in facts.period.stretches():
        row: Figures = {
            "received": sum(stretch.holds(history.received_at) for history in facts.received),
            "closed": sum(stretch.holds(one.at) for _, one in closings),
        }
        for clock in PROMISES:
            within = kept(pair for pair in facts.promises[clock] if stretch.holds(pair[1].at))
            row |= {f"{clock}_{name}": figure for name, figure in within.items()}
        verdicts = satisfaction([pair for pair in rated if stretch.holds(pair[1].at)])
        rows[stretch.first.isoformat(), stretch.last.isoformat()] = row | {
            f"rating_{name}": figure for name, figure in verdicts.items()
        }
    return rows


def of(history: History, dimension: str, milestone: Milestone | None = None) -> str:
    """The value of a dimension for a case, or for one milestone of it."""
    place = milestone if milestone is not None and dimension in Milestone._fields else history
    return getattr(place, dimension) or NONE


def kept(promises: Iterable[tuple[History, Milestone]]) -> Figures:
    """How many of the promises that were decided were kept."""
    outcomes = [one.kept for _, one in promises]
    return {"kept": sum(outcomes), "decided": len(outcomes), "share": _share(sum(outcomes), len(outcomes))}


def spans(happened: Happened) -> Figures:
    """Elapsed seconds: median, and the 90th percentile by nearest rank."""
    seconds = sorted(one.seconds or 0.0 for _, one in happened)
    if not seconds:
        return {"count": 0, "median": None, "p90": None}
    return {
        "count": len(seconds),
        "median": statistics.median(seconds),
        "p90": seconds[math.ceil(len(seconds) * 0.9) - 1],
    }


def satisfaction(happened: Happened) -> Figures:
    """Mean of 5 (best) to 1, and the share of the two best answers."""
    scores = [one.value or "" for _, one in happened]
    satisfied = sum(score in _SATISFIED for score in scores)
    mean = statistics.fmean(_SCORES[score] for score in scores) if scores else None
    return {"count": len(scores), "mean": mean, "satisfied": satisfied, "share": _share(satisfied, len(scores))}


def _count(things: Sequence[object]) -> Figures:
    return {"count": len(things)}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


TABLES: dict[str, tuple[Callable[[PeriodData], FigureTable], tuple[str, ...]]] = {
    "headline": (lambda facts: facts.headline, ("figure",)),
    "volumes": (volumes, ("dimension", "value")),
    "attainment": (attainment, ("clock", "priority")),
    "times": (times, ("span", "priority")),
    "escalations": (escalations, ("level", "cause")),
    "reopened": (reopened, ("reason",)),
    "satisfaction": (ratings, ("score",)),
    "verdicts": (verdicts, ("verdict",)),
    "repeated": (repeated, ("product", "type", "subtype")),
    "open_cases": (ages, ("age",)),
    "load": (load, ("person",)),
}
"""Every table that is compared with the period before: the function that counts it, and the names of its keys."""
