"""What the figures say: what got worse or better against the period before, where, and by how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from activities.analysis.figures import (
    ALL,
    NONE,
    PROMISES,
    FigureTable,
    PeriodData,
    ages,
    escalations,
    repeated,
)
from activities.analysis.history import MilestoneKind
from workflows.domain.model import Json

_POINT = 0.01
"""A change of a share below this is not a finding."""
_TENTH = 0.1
"""A change of a time or a volume below this share of it is not a finding."""
_FEW = 10
"""A finding on a share of fewer cases than this says that it rests on few cases."""
_MEDIANS_OF = 5
"""A department's median is compared only when it has at least this many cases in both periods."""
_PLACES = ("department", "product")
_OLD = "over_30d"


class Tone(StrEnum):
    """Whether a figure got better, got worse, or merely changed."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    FIRST = "first"
    """Nothing to compare with."""


@dataclass(frozen=True)
class Contributor:
    """Where most of a change comes from: a value of a dimension, and the figure there."""

    dimension: str
    value: str
    now: float
    before: float | None
    of: float | None = None
    """The number of cases that the share `now` is taken of."""

    def as_json(self) -> Json:
        """The fields as JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Finding:
    """One statement. `figure` names the figure; shares are between 0 and 1, times in seconds.

    `few`: it rests on few cases. `facts` are further numbers of that statement.
    """

    figure: str
    tone: Tone
    now: float
    before: float | None = None
    where: tuple[Contributor, ...] = ()
    few: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> Json:
        """The fields as JSON."""
        return {**vars(self), "tone": self.tone.value, "where": [place.as_json() for place in self.where]}


def find(now: PeriodData, before: PeriodData) -> list[Finding]:
    """Every statement: how much came in, what got worse, then the rest, then what comes again and again."""
    found = [*_shares(now, before), *_spans(now, before), *_counts(now, before)]
    order = list(Tone)
    found.sort(key=lambda finding: order.index(finding.tone))
    return [_received(now, before), *found, *_repeated(now, before)]


def _received(now: PeriodData, before: PeriodData) -> Finding:
    count, previous = len(now.received), len(before.received)
    tone = (
        Tone.SAME
        if abs(count - previous) < max(previous * _TENTH, 1)
        else Tone.WORSE
        if count > previous
        else Tone.BETTER
    )
    where = _most_more(now, before, "received", ("type", "product")) if tone is Tone.WORSE and previous else ()
    return Finding("received", tone if previous else Tone.FIRST, count, previous, where)


def _shares(now: PeriodData, before: PeriodData) -> Iterator[Finding]:
    """Promises kept, and customers satisfied: the more the better."""
    present, previous = now.headline, before.headline
    for figure, part, whole, prefix in (
        *((f"{clock}_kept", "kept", "decided", clock) for clock in PROMISES),
        ("satisfaction", "satisfied", "count", "rating"),
    ):
        row, row_before = present[figure,], previous[figure,]
        share, share_before = row["share"], row_before["share"]
        if share is None:
            continue
        tone = _tone(share, share_before, _POINT, more_is_better=True)
        columns = f"{prefix}_share", f"{prefix}_{part}", f"{prefix}_{whole}"
        where = _most_missed(now, before, columns, share_before) if tone is Tone.WORSE else ()
        few = min(_number(row[whole]), _number(row_before[whole]) if share_before is not None else _FEW) < _FEW
        facts = {"part": row[part], "whole": row[whole]}
        facts |= {"part_before": row_before[part], "whole_before": row_before[whole]}
        yield Finding(figure, tone, share, share_before, where, few, facts)


def _spans(now: PeriodData, before: PeriodData) -> Iterator[Finding]:
    """Median times: the shorter the better."""
    present, previous = now.headline, before.headline
    for figure in ("response_time", "resolution_time"):
        median, median_before = present[figure,]["median"], previous[figure,]["median"]
        if median is None:
            continue
        tone = _tone(median, median_before, (median_before or 0) * _TENTH, more_is_better=False)
        where = _most_slower(now, before) if tone is Tone.WORSE and figure == "resolution_time" else ()
        counts = [_number(one[figure,]["count"]) for one in (present, previous)]
        few = min(counts) < _FEW if median_before is not None else counts[0] < _FEW
        yield Finding(figure, tone, median, median_before, where, few, {"count": counts[0]})


def _counts(now: PeriodData, before: PeriodData) -> Iterator[Finding]:
    """Escalations, reopenings and the backlog: the fewer the better."""
    present, previous = now.headline, before.headline
    for figure in ("escalations", "reopened", "open"):
        count, count_before = _number(present[figure,]["count"]), _number(previous[figure,]["count"])
        if not count and not count_before:
            continue
        tone = _tone(count, count_before, 1, more_is_better=False)
        where: tuple[Contributor, ...] = ()
        facts: dict[str, Any] = {}
        if figure == "escalations" and count:
            (_, cause), most = max(escalations(now).items(), key=lambda item: _number(item[1]["count"]))
            facts = {"cause": cause, "cause_count": most["count"]}
        if figure == "reopened" and tone is Tone.WORSE:
            where = _most_more(now, before, "reopened", ("department",))
        if figure == "open":
            facts = {"old": ages(now)[_OLD,]["count"]}
        yield Finding(figure, tone, count, count_before, where, facts=facts)


def _repeated(now: PeriodData, before: PeriodData) -> Iterator[Finding]:
    problems, earlier = repeated(now), repeated(before)
    for key, row in list(problems.items())[:1]:
        count = _number(row["count"])
        if count < 2:
            return
        count_before = _number(earlier.get(key, {}).get("count"))
        product, type_, subtype = key
        facts = {"product": product, "type": type_, "subtype": subtype, "open": row["open"]}
        yield Finding("repeated", _tone(count, count_before, 1, more_is_better=False), count, count_before, facts=facts)


def _tone(now: float, before: float | None, least: float, *, more_is_better: bool) -> Tone:
    if before is None:
        return Tone.FIRST
    # A hair less, since shares are not exact: a change of one point is a change.
    if abs(now - before) < least - 1e-9 or now == before:
        return Tone.SAME
    return Tone.BETTER if (now > before) is more_is_better else Tone.WORSE


def _most_missed(
    now: PeriodData, before: PeriodData, columns: tuple[str, str, str], overall: float | None
) -> tuple[Contributor, ...]:
    """The values with the most misses above what the share of the period before would have meant."""
    share, part, whole = columns
    places = []
    for dimension in _PLACES:
        present, previous = now.breakdown(dimension), before.breakdown(dimension)
        worst: tuple[float, Contributor] | None = None
        for (value,), row in _named(present).items():
            total, good = _number(row[whole]), _number(row[part])
            share_before = previous.get((value,), {}).get(share)
            expected = share_before if share_before is not None else overall or 0.0
            extra = total * expected - good
            if total and extra >= 1 and (worst is None or extra > worst[0]):
                worst = extra, Contributor(dimension, value, good / total, share_before, total)
        if worst is not None:
            places.append(worst[1])
    return tuple(places)


def _most_slower(now: PeriodData, before: PeriodData) -> tuple[Contributor, ...]:
    """The department whose median time to a solution grew most."""
    present, previous = now.breakdown("department"), before.breakdown("department")
    counts = [_solutions(facts) for facts in (now, before)]
    slower = []
    for (value,), row in _named(present).items():
        median, earlier = row["resolution_median"], previous.get((value,), {}).get("resolution_median")
        enough = all(count.get(value, 0) >= _MEDIANS_OF for count in counts)
        if enough and median is not None and earlier is not None and median > earlier:
            slower.append((median - earlier, Contributor("department", value, median, earlier)))
    return (max(slower, key=lambda pair: pair[0])[1],) if slower else ()


def _most_more(
    now: PeriodData, before: PeriodData, column: str, dimensions: tuple[str, ...]
) -> tuple[Contributor, ...]:
    """The values whose number grew most."""
    places = []
    for dimension in dimensions:
        present, previous = _named(now.breakdown(dimension)), before.breakdown(dimension)
        grown = [
            (_number(row[column]) - _number(previous.get(key, {}).get(column)), key[0], _number(row[column]))
            for key, row in present.items()
        ]
        more, value, count = max(grown, key=lambda one: (one[0], one[1]), default=(0.0, NONE, 0.0))
        if more >= 1:
            places.append(Contributor(dimension, value, count, count - more))
    return tuple(places)


def _solutions(facts: PeriodData) -> dict[str, int]:
    return Counter(milestone.department or NONE for _, milestone in facts.happened[MilestoneKind.SOLUTION])


def _named(table: FigureTable) -> FigureTable:
    return {key: row for key, row in table.items() if key[0] not in {NONE, ALL}}


def _number(figure: float | None) -> float:
    return figure or 0
