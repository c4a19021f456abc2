"""The report as data: every table with the period before beside it, and what the figures say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from activities.analysis.figures import BREAKDOWNS, TABLES, FigureTable, PeriodData, trend
from activities.analysis.findings import Finding, find
from activities.analysis.history import History
from activities.analysis.period import Period
from activities.analysis.timelines import read_histories
from activities.database.database import Database
from activities.gc_pause import paused_gc
from activities.rows import FaultyRow
from workflows.domain.model import Json
from workflows.domain.problem import Problem

Row = dict[str, Any]
"""One line of a table: its keys (text), its figures, and the same figures of the period before as `previous_…`."""

_AGAIN = 2
"""The number of cases from which on a problem counts as repeated."""
_REMEMBERED_ONLY = frozenset({"repeated", "load"})
"""Tables without lines for keys that occur only in the period before."""


@dataclass(frozen=True)
class Report:
    """`tables` in the order in which they are shown; `as_of`: the period's end, or now while it lasts."""

    period: Period
    as_of: datetime
    breakdowns: tuple[str, ...]
    tables: Mapping[str, Sequence[Row]]
    findings: Sequence[Finding]
    unreadable: Sequence[FaultyRow] = ()
    """Cases that could not be read, and are counted nowhere."""

    def as_json(self) -> Json:
        """All figures; times are seconds, shares are between 0 and 1."""
        before = self.period.before
        return {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "zone": self.period.zone,
            "as_of": self.as_of.isoformat(),
            "previous": {"from": before.first.isoformat(), "to": before.last.isoformat()},
            "findings": [finding.as_json() for finding in self.findings],
            **{name: list(rows) for name, rows in self.tables.items()},
            "unreadable": [{"number": one.name, "fault": one.fault} for one in self.unreadable],
        }


async def analyse(
    database: Database,
    period: Period,
    *,
    now: datetime,
    by: Sequence[str] = ("department",),
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Count the period and the one before it. The same question later gives the same answer once the period is over.

    Args:
        database: the record.
        period: whole days.
        now: up to when ages are counted while the period lasts.
        by: dimensions to break the main figures down by; see `BREAKDOWNS`.
        progress: told the number of cases read.

    Raises:
        Problem: `by` names no dimension.
    """
    for dimension in by:
        if dimension not in BREAKDOWNS:
            raise Problem(f"--by {dimension}: allowed: {', '.join(BREAKDOWNS)}")
    with paused_gc():
        histories, earlier, faulty = await read_histories(database, period, progress=progress)
        # Beside whatever else this process does: it takes a second of processor time.
        report = await asyncio.to_thread(_counted, histories, earlier, period, now, tuple(dict.fromkeys(by)))
        return replace(report, unreadable=tuple(faulty))


def _counted(
    histories: Sequence[History], earlier: Sequence[History], period: Period, now: datetime, by: tuple[str, ...]
) -> Report:
    facts = PeriodData(histories, period, now)
    before = PeriodData(earlier, period.before, period.begins)
    tables: dict[str, Sequence[Row]] = {}
    for name, (count, keys) in TABLES.items():
        rows = beside(count(facts), count(before), keys, both=name not in _REMEMBERED_ONLY)
        tables[name] = [row for row in rows if name != "repeated" or row["count"] >= _AGAIN]
    tables["trend"] = [{"from": first, "to": last, **row} for (first, last), row in trend(facts).items()]
    for dimension in by:
        tables[f"by_{dimension}"] = beside(facts.breakdown(dimension), before.breakdown(dimension), ("value",))
    return Report(period, facts.as_of, by, tables, find(facts, before))


def beside(now: FigureTable, before: FigureTable, keys: Sequence[str], *, both: bool = True) -> list[Row]:
    """Two tables of figures as one. What is in neither period counts 0; a share or time of nothing stays None."""
    rows = []
    wanted = list(now) + ([key for key in before if key not in now] if both else [])
    for key in wanted:
        present, previous = now.get(key, {}), before.get(key, {})
        row: Row = dict(zip(keys, key, strict=True))
        columns = list(present or previous)
        row |= {column: present.get(column, _nothing(column)) for column in columns}
        row |= {f"previous_{column}": previous.get(column, _nothing(column)) for column in columns}
        rows.append(row)
    return rows


def _nothing(column: str) -> int | None:
    """The value of a figure for a period in which nothing happened."""
    return None if column.rpartition("_")[2] in {"share", "mean", "median", "p90"} else 0
