"""Every figure of a report, asked of the record by SQL that shares nothing with the program (R29).

`recount.sql` says what the figures are made of; here is one query for each table of the report. A query names its
columns as the report does, the keys of the table first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
Counted = dict[tuple[str, ...], Figures]

DIMENSIONS = ("type", "priority", "channel", "department", "product")

_PROMISES = "sum(kept) AS kept, count(*) AS decided, avg(kept) AS share"
_VERDICTS = "count(*) AS count, avg(mark) AS mean, sum(good) AS satisfied, avg(good) AS share"


def _waits(by: str, rows: str) -> str:
    """Middle and ninth tenth (nearest rank) of the waiting times of each group."""
    return f"""
        SELECT {by}, count(*) AS count,
            avg(CASE WHEN place IN ((n + 1) / 2, (n + 2) / 2) THEN seconds END) AS median,
            max(CASE WHEN place = (9 * n + 9) / 10 THEN seconds END) AS p90
        FROM (SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY seconds) AS place,
                count(*) OVER (PARTITION BY {by}) AS n FROM ({rows}))
        GROUP BY {by}"""


def _breakdown(dimension: str) -> str:
    within = f"WHERE {dimension} = place.value"
    return f"""
        SELECT place.value,
            (SELECT count(*) FROM received {within}) AS received,
            {_promise_columns(within)},
            waited.median AS resolution_median, waited.p90 AS resolution_p90,
            (SELECT count(*) FROM happened {within} AND kind = 'reopened') AS reopened,
            {_rating_columns(within)}
        FROM (SELECT {dimension} AS value FROM received UNION SELECT {dimension} FROM promise
            UNION SELECT {dimension} FROM wait WHERE span = 'resolution' UNION SELECT {dimension} FROM rating
            UNION SELECT {dimension} FROM happened WHERE kind = 'reopened') AS place
        LEFT JOIN ({_waits("value", f"SELECT {dimension} AS value, seconds FROM wait WHERE span = 'resolution'")})
            AS waited ON waited.value = place.value"""


def _promise_columns(within: str) -> str:
    return ", ".join(
        f"(SELECT {figure} FROM promise {within} AND clock = '{clock}') AS {clock}_{name}"
        for clock in ("response", "resolution")
        for name, figure in (("kept", "count(*) FILTER (WHERE kept)"), ("decided", "count(*)"), ("share", "avg(kept)"))
    )


def _rating_columns(within: str) -> str:
    return ", ".join(
        f"(SELECT {figure} FROM rating {within}) AS rating_{name}"
        for name, figure in (
            ("count", "count(*)"),
            ("mean", "avg(mark)"),
            ("satisfied", "count(*) FILTER (WHERE good)"),
            ("share", "avg(good)"),
        )
    )


def _trend() -> str:
    """Weeks from Monday, cut off where the period begins and ends; days are those of Shanghai."""
    days = "date({at}, '+8 hours')"
    first, last = "date(begins, '+8 hours')", "date(ends, '+8 hours', '-1 day')"
    monday = f"date({days.format(at='moment')}, 'weekday 0', '-6 days')"
    within = f'WHERE {days.format(at="at")} BETWEEN stretch."from" AND stretch."to"'
    return f"""
        SELECT stretch."from", stretch."to",
            (SELECT count(*) FROM received {within.replace("(at", "(received_at")}) AS received,
            (SELECT count(*) FROM happened {within} AND kind = 'closed') AS closed,
            {_promise_columns(within)}, {_rating_columns(within)}
        FROM (SELECT DISTINCT max({monday}, {first}) AS "from", min(date({monday}, '+6 days'), {last}) AS "to"
            FROM (SELECT at AS moment FROM happened), asked) AS stretch"""


_OF_OR_ALL = "SELECT *, {column} AS part FROM {table} UNION ALL SELECT *, 'all' FROM {table}"
_AGE = "julianday(ends) - julianday(received_at)"
_OWNED = """
    SELECT coalesce(detail ->> 'owner', detail ->> 'to') AS person, 'given' AS what FROM happened
        WHERE kind IN ('dispatched', 'handed_over', 'reopened')
    UNION ALL SELECT owner, 'solved' FROM wait WHERE span = 'resolution'
    UNION ALL SELECT owner, 'missed' FROM promise WHERE NOT kept
    UNION ALL SELECT owner, 'open' FROM open"""

QUERIES: dict[str, tuple[int, tuple[str, ...]]] = {
    "headline": (1, (
        "SELECT 'received', count(*) AS count FROM received",
        "SELECT 'closed', count(*) AS count FROM happened WHERE kind = 'closed'",
        f"SELECT 'response_kept', {_PROMISES} FROM promise WHERE clock = 'response'",
        f"SELECT 'resolution_kept', {_PROMISES} FROM promise WHERE clock = 'resolution'",
        _waits("part", "SELECT 'response_time' AS part, seconds FROM wait WHERE span = 'response'"),
        _waits("part", "SELECT 'resolution_time' AS part, seconds FROM wait WHERE span = 'resolution'"),
        "SELECT 'escalations', count(*) AS count FROM happened WHERE kind = 'escalated'",
        "SELECT 'reopened', count(*) AS count FROM happened WHERE kind = 'reopened'",
        f"SELECT 'satisfaction', {_VERDICTS} FROM rating",
        "SELECT 'open', count(*) AS count FROM open",
    )),
    "volumes": (2, tuple(
        f"""SELECT '{dimension}', {dimension}, count(*) AS count, 1.0 * count(*) / sum(count(*)) OVER () AS share
        FROM received GROUP BY {dimension}"""
        for dimension in DIMENSIONS
    )),
    "attainment": (2, (
        f"SELECT clock, part, {_PROMISES} FROM ({_OF_OR_ALL.format(table='promise', column='priority')}) GROUP BY 1, 2",
    )),
    "times": (2, (
        _waits("span, part", _OF_OR_ALL.format(table="wait", column="priority")),
    )),
    "escalations": (2, (
        """SELECT CAST(detail ->> 'level' AS TEXT), detail ->> 'why', count(*) AS count
        FROM happened WHERE kind = 'escalated' GROUP BY 1, 2""",
        "SELECT '0', 'asked', count(*) AS count FROM happened WHERE kind = 'department_involved'",
    )),
    "reopened": (1, (
        """SELECT part, count(*) AS count, solutions, 1.0 * count(*) / nullif(solutions, 0) AS share
        FROM (SELECT detail ->> 'reason' AS part FROM happened WHERE kind = 'reopened'
            UNION ALL SELECT 'all' FROM happened WHERE kind = 'reopened'),
            (SELECT count(*) AS solutions FROM wait WHERE span = 'resolution') GROUP BY part""",
    )),
    "satisfaction": (1, (
        """SELECT score, count(*) AS count, 1.0 * count(*) / sum(count(*)) OVER () AS share
        FROM rating GROUP BY score""",
    )),
    "verdicts": (1, tuple(
        f"""SELECT '{verdict}', count(*) AS count, sum(own) AS own_hand, sum(NOT own) AS taken_down, avg(own) AS share
        FROM (SELECT by = 'customer' AND detail ->> 'via' IS 'link' AS own FROM happened WHERE kind = '{kind}')"""
        for verdict, kind in (("acceptance", "confirmed"), ("rating", "rated"))
    )),
    "repeated": (3, (
        """SELECT product, type, subtype, count(*) AS count, count(*) FILTER (WHERE closed IS NOT TRUE) AS open
        FROM received WHERE product <> 'none' AND subtype IS NOT NULL GROUP BY 1, 2, 3""",
    )),
    "open_cases": (1, (
        f"""SELECT CASE WHEN {_AGE} < 1 THEN 'under_1d' WHEN {_AGE} < 3 THEN '1d_3d' WHEN {_AGE} < 7 THEN '3d_7d'
            WHEN {_AGE} < 14 THEN '7d_14d' WHEN {_AGE} < 30 THEN '14d_30d' ELSE 'over_30d' END AS age,
            count(*) AS count,
            sum(priority = 'P0') AS P0, sum(priority = 'P1') AS P1,
            sum(priority = 'P2') AS P2, sum(priority = 'P3') AS P3
        FROM open, asked GROUP BY 1""",
    )),
    "load": (1, (
        f"""SELECT person, sum(what = 'open') AS open, sum(what = 'given') AS given, sum(what = 'solved') AS solved,
            sum(what = 'missed') AS missed
        FROM ({_OWNED}) WHERE person <> 'none' GROUP BY person""",
    )),
    "trend": (2, (_trend(),)),
    **{f"by_{dimension}": (1, (_breakdown(dimension),)) for dimension in (*DIMENSIONS, "owner")},
}  # fmt: skip
"""Table of the report -> how many columns are its keys, and the queries whose rows it consists of."""


@contextmanager
def recounting(path: Path, begins: str, ends: str) -> Iterator[Recount]:
    """The record of a SQLite file, ready to be asked about a period; times as SQLite keeps them."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("CREATE TEMP TABLE asked AS SELECT ? AS begins, ? AS ends", (begins, ends))
        connection.executescript(Path(__file__).with_suffix(".sql").read_text("utf-8"))
        yield Recount(connection)
    finally:
        connection.close()


class Recount:
    """Answers for one period."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def table(self, name: str) -> tuple[Counted, frozenset[str]]:
        """The rows of a table by their keys, and the names of all figures the queries give."""
        keys, queries = QUERIES[name]
        found: Counted = {}
        named: set[str] = set()
        for query in queries:
            cursor = self._connection.execute(query)
            columns = [column[0] for column in cursor.description][keys:]
            named |= set(columns)
            for row in cursor:
                found[row[:keys]] = dict(zip(columns, row[keys:], strict=True))
        return found, frozenset(named)
