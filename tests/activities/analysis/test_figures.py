"""The report tells what the timelines say: every figure is asked of them once more, by a query of its own (R29)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from activities.analysis.figures import BREAKDOWNS
from activities.analysis.files import report_json
from activities.analysis.findings import Contributor, Finding
from activities.analysis.period import Period
from activities.analysis.report import analyse
from activities.analysis.wording import ReportWording
from activities.database.database import Database
from benchmarks.made_up import write
from tests.activities.analysis.records import (
    APRIL,
    BEGINS,
    DAYS,
    EARLIER,
    FROM,
    LATER,
    MAY,
    UNTIL,
    ZONE,
    Busy,
    busy_months,
    live,
    rows,
)
from tests.activities.analysis.recount import QUERIES, Counted, Figures, Recount, recounting
from tests.builders import DAY, HOUR, MINUTE, terms
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

CASES = 700


@pytest.fixture(scope="module")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> Busy:
    return await busy_months(tmp_path_factory.mktemp("analysis") / "bihuan.db", CASES)


@pytest.fixture(scope="module")
def now(busy: Busy) -> Iterator[Recount]:
    with recounting(busy.path, FROM, UNTIL) as recount:
        yield recount


@pytest.fixture(scope="module")
def before(busy: Busy) -> Iterator[Recount]:
    with recounting(busy.path, EARLIER, FROM) as recount:
        yield recount


def figures(row: dict[str, Any], keys: int) -> tuple[Figures, Figures]:
    """The figures of a row, and those of the period before, without their prefix."""
    given = dict(list(row.items())[keys:])
    previous = {name.removeprefix("previous_"): value for name, value in given.items() if name.startswith("previous_")}
    return {name: value for name, value in given.items() if not name.startswith("previous_")}, previous


def differences(row: Figures, key: tuple[str, ...], counted: Counted, named: frozenset[str]) -> list[str]:
    """What is not as it was counted, or was not counted at all. Waiting times are exact to SQLite's milliseconds."""
    found = counted.get(key, {})
    nothing = {name: None if name.endswith(("share", "mean", "median", "p90")) else 0 for name in named}
    wrong = []
    for name, value in row.items():
        if name not in found and (found or name not in nothing):
            wrong.append(f"{name} is not counted again")
        elif (again := found.get(name, nothing.get(name))) != (
            None if value is None else pytest.approx(value, abs=2e-3)
        ):
            wrong.append(f"{name} is {value}, counted again {again}")
    return wrong


@pytest.mark.parametrize("table", QUERIES)
def test_a_manager_can_count_every_figure_again(busy: Busy, now: Recount, before: Recount, table: str) -> None:
    keys = QUERIES[table][0]
    present, named = now.table(table)
    earlier, _ = before.table(table)
    shown = set()
    wrong = {}
    for row in busy.report.tables[table]:
        key = tuple(list(row.values())[:keys])
        shown.add(key)
        mine, previous = figures(dict(row), keys)
        assert previous.keys() == (set() if table == "trend" else mine.keys())
        faults = differences(mine, key, present, named) + [
            f"previous_{fault}" for fault in differences(previous, key, earlier, named)
        ]
        if faults:
            wrong[key] = faults
    assert wrong == {}
    forgotten = {key for key, row in present.items() if row.get("count", 1)} - shown
    if table == "repeated":
        forgotten = {key for key in forgotten if present[key]["count"] > 1}
    assert forgotten == set()
    assert len(present) > 1


def test_no_figure_is_reported_that_nobody_counts_again(busy: Busy) -> None:
    told = {"from", "to", "zone", "as_of", "previous", "findings", "summary", "unreadable"}
    assert report_json(busy.report, ReportWording(Locale.EN)).keys() - told == QUERIES.keys()
    assert busy.report.as_of == APRIL.ends


def test_what_is_said_about_the_figures_are_the_figures(busy: Busy, now: Recount, before: Recount) -> None:
    present, previous = now.table("headline")[0], before.table("headline")[0]
    assert {finding.figure for finding in busy.report.findings} - {"repeated"} == {key[0] for key in present} - {
        "closed"
    }
    for finding in busy.report.findings:
        if finding.figure == "repeated":
            continue
        row, earlier = present[finding.figure,], previous[finding.figure,]
        column = next(name for name in ("share", "median", "count") if name in row)
        assert (finding.now, finding.before) == pytest.approx((row[column], earlier[column]), abs=2e-3)
        assert finding.facts == _facts(finding, row, earlier, now)
        for place in finding.where:
            assert (place.now, place.before, place.of) == pytest.approx(_place(finding, place, now, before), abs=2e-3)
    assert sum(len(finding.where) for finding in busy.report.findings) > 3


def test_the_problem_that_came_most_often_is_named(busy: Busy, now: Recount, before: Recount) -> None:
    problems = now.table("repeated")[0]
    finding = next(one for one in busy.report.findings if one.figure == "repeated")
    key = (finding.facts["product"], finding.facts["type"], finding.facts["subtype"])
    assert problems[key] == {"count": finding.now, "open": finding.facts["open"]}
    assert finding.now == max(row["count"] for row in problems.values())
    assert finding.before == before.table("repeated")[0][key]["count"]
    counts = [row["count"] for row in busy.report.tables["repeated"]]
    assert counts == sorted(counts, reverse=True)


def _facts(finding: Finding, row: Figures, earlier: Figures, now: Recount) -> dict[str, Any]:
    match finding.figure:
        case "response_kept" | "resolution_kept" | "satisfaction":
            part, whole = ("satisfied", "count") if finding.figure == "satisfaction" else ("kept", "decided")
            facts = {"part": row[part], "whole": row[whole]}
            return facts | {"part_before": earlier[part], "whole_before": earlier[whole]}
        case "response_time" | "resolution_time":
            return {"count": row["count"]}
        case "escalations":
            counted = now.table("escalations")[0]
            most = max(counted, key=lambda key: counted[key]["count"])
            return {"cause": most[1], "cause_count": counted[most]["count"]}
        case "open":
            return {"old": now.table("open_cases")[0]["over_30d",]["count"]}
        case _:
            return {}


def _place(finding: Finding, place: Contributor, now: Recount, before: Recount) -> tuple[Any, Any, Any]:
    column, whole = {
        "received": ("received", None),
        "response_kept": ("response_share", "response_decided"),
        "resolution_kept": ("resolution_share", "resolution_decided"),
        "satisfaction": ("rating_share", "rating_count"),
        "resolution_time": ("resolution_median", None),
        "reopened": ("reopened", None),
    }[finding.figure]
    row, earlier = (recount.table(f"by_{place.dimension}")[0][place.value,] for recount in (now, before))
    return row[column], earlier[column], row[whole] if whole else None


def test_the_record_that_is_counted_has_everything_in_it(busy: Busy) -> None:
    with closing(sqlite3.connect(busy.path)) as sql:
        kinds = dict(
            sql.execute("SELECT kind, count(*) FROM timeline WHERE at >= ? AND at < ? GROUP BY kind", (FROM, UNTIL))
        )
    assert min(kinds.values()) > 3
    assert set(kinds) == {
        "created", "classified", "dispatched", "handed_over", "department_involved", "replied", "resolved", "lapsed",
        "escalated", "reopened", "confirmed", "rated", "closed",
    }  # fmt: skip


def test_parts_add_up_to_the_whole(busy: Busy) -> None:
    headline = rows(busy.report, "headline", "figure")
    for table in (*(f"by_{dimension}" for dimension in BREAKDOWNS), "trend"):
        for column, (figure, name) in {
            "received": ("received", "count"),
            "response_kept": ("response_kept", "kept"),
            "resolution_decided": ("resolution_kept", "decided"),
            "rating_satisfied": ("satisfaction", "satisfied"),
        }.items():
            assert sum(row[column] for row in busy.report.tables[table]) == headline[figure][name], (table, column)


async def test_both_databases_give_the_same_report(busy: Busy, postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    await database.migrate()
    await write(database, CASES, BEGINS, DAYS)
    report = await analyse(database, APRIL, now=LATER, by=BREAKDOWNS)
    await database.close()
    wording = ReportWording(Locale.ZH_CN)
    assert json.dumps(report_json(report, wording)) == json.dumps(report_json(busy.report, wording))


async def test_the_month_before_is_what_its_own_report_said(database: Database) -> None:
    await write(database, 200, BEGINS, DAYS)
    now = await analyse(database, APRIL, now=LATER)
    before = await analyse(database, APRIL.before, now=LATER)
    again = await analyse(database, APRIL, now=LATER + DAY)
    assert now.tables == again.tables
    for table in ("headline", "attainment", "times", "satisfaction", "open_cases"):
        for row, own in zip(now.tables[table], before.tables[table], strict=True):
            assert {key: row[f"previous_{key}"] for key in row if f"previous_{key}" in row} == {
                key: own[key] for key in row if f"previous_{key}" in row
            }


SOLUTION = {"cause": "同步任务超时", "solution": "已扩容", "verified": "yes"}


async def test_cases_as_the_rules_write_them_are_understood(database: Database) -> None:
    await live(
        database,
        (30 * MINUTE, "reply", "tech-001", {"text": "在查"}),
        (2 * HOUR, "resolve", "tech-001", SOLUTION),
        (3 * HOUR, "rate", "customer", {"score": "dissatisfied"}),
        (6 * HOUR, "resolve", "tech-lead", SOLUTION),
        (7 * HOUR, "confirm", "customer", {}),
        (8 * HOUR, "rate", "customer", {"score": "satisfied"}),
    )
    await live(database, (2 * HOUR, "reply", "tech-001", {"text": "在查"}), product="=1+1<script>")
    report = await analyse(database, MAY, now=LATER)
    headline = rows(report, "headline", "figure")
    assert (headline["received"]["count"], headline["closed"]["count"], headline["open"]["count"]) == (2, 1, 1)
    attained = rows(report, "attainment", "clock", "priority")
    # The first case answered in time; after the reopening it is P0, and its 15 minutes lapsed. The second was late.
    assert [attained["response", key]["kept"] for key in ("P1", "P0")] == [1, 0]
    assert [attained["response", key]["decided"] for key in ("P1", "P0")] == [2, 1]
    assert rows(report, "times", "span", "priority")["response", "P1"]["median"] == (75 * MINUTE).total_seconds()
    assert rows(report, "reopened", "reason")["dissatisfied"]["count"] == 1
    assert {key: row["count"] for key, row in rows(report, "satisfaction", "score").items() if row["count"]} == {
        "satisfied": 1,
        "dissatisfied": 1,
    }
    said = rows(report, "verdicts", "verdict")
    assert [(said[key]["own_hand"], said[key]["taken_down"]) for key in ("acceptance", "rating")] == [(0, 1), (0, 2)]
    climbed = rows(report, "escalations", "level", "cause")
    assert (climbed["1", "claim"]["count"], climbed["2", "response"]["count"]) == (3, 2)
    assert rows(report, "load", "person")["tech-lead"]["solved"] == 1


async def test_own_hand_and_taken_down_are_told_apart_and_a_correction_takes_the_place_of_what_it_corrects(
    database: Database,
) -> None:
    week = terms(correct_within=7 * DAY.total_seconds())
    link, taken_down = {"via": "link"}, {"relayed_by": "agent-001"}
    solved: tuple[Any, ...] = (2 * HOUR, "resolve", "tech-001", SOLUTION)
    await live(
        database,
        solved,
        (3 * HOUR, "confirm", "customer", link),
        (4 * HOUR, "rate", "customer", {"score": "satisfied", **link}),
        (5 * HOUR, "rate", "customer", {"score": "very_satisfied", **link}),
        terms_=week,
    )
    await live(database, solved, (3 * HOUR, "rate", "customer", {"score": "neutral", **taken_down}), terms_=week)
    reopened = await live(
        database,
        solved,
        (3 * HOUR, "rate", "customer", {"score": "satisfied", **link}),
        (3 * DAY, "refuse", "customer", {"why": "又坏了", **link}),
        terms_=week,
    )
    report = await analyse(database, MAY, now=LATER)
    said = rows(report, "verdicts", "verdict")
    assert [(said[key]["own_hand"], said[key]["taken_down"]) for key in ("acceptance", "rating")] == [(1, 0), (2, 1)]
    scores = {key: row["count"] for key, row in rows(report, "satisfaction", "score").items() if row["count"]}
    assert scores == {"very_satisfied": 1, "satisfied": 1, "neutral": 1}
    day = Period.asked(date(2024, 5, 9), date(2024, 5, 9), ZONE)
    later = await analyse(database, day, now=LATER)
    assert rows(later, "headline", "figure")["open"]["count"] == 2, f"{reopened}, closed long before, is open again"


async def test_an_unknown_breakdown_names_those_there_are(database: Database) -> None:
    with pytest.raises(Problem, match="--by colour: allowed: type, priority, channel, department, product, owner"):
        await analyse(database, APRIL, now=LATER, by=("colour",))
