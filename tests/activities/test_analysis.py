"""The report tells what the timelines say: every figure is asked of them once more, by a query of its own (R29)."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import statistics
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from activities.analysis.document import report_html, report_json, write_report
from activities.analysis.findings import Tone
from activities.analysis.period import Period, parse_day
from activities.analysis.report import Report, analyse
from activities.analysis.wording import Speech, report_words
from activities.database import Database
from activities.directory import Directory
from activities.recording import Recording
from activities.rendering import Renderer
from benchmarks.made_up import write
from tests.activities.samples import register_case
from tests.scenes import DAY, HOUR, MINUTE, MONDAY, command, open_case
from workflows.domain.calendar import Calendar
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, Priority
from workflows.ports import Record

ZONE = "Asia/Shanghai"
CASES = 600
BEGINS = datetime(2026, 2, 1, tzinfo=UTC)
APRIL = Period.asked(date(2026, 4, 1), date(2026, 4, 30), ZONE)
LATER = datetime(2026, 8, 1, tzinfo=UTC)
FROM, UNTIL = "2026-03-31 16:00:00.000000", "2026-04-30 16:00:00.000000"
"""April in Shanghai, as SQLite keeps UTC."""
EARLIER = "2026-03-01 16:00:00.000000"
"""Where the thirty days before begin."""


@pytest.fixture(scope="module")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Report, sqlite3.Connection]]:
    """A report on made-up months, and the same record under plain SQL."""
    path = tmp_path_factory.mktemp("analysis") / "bihuan.db"
    database = Database.open(f"sqlite:///{path}", synchronous="NORMAL")
    await database.migrate()
    await write(database, CASES, BEGINS, 120)
    report = await analyse(database, APRIL, now=LATER, by=("department", "owner"))
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        yield report, connection


Busy = tuple[Report, sqlite3.Connection]


def one(connection: sqlite3.Connection, sql: str, **parameters: Any) -> int:
    found: int = connection.execute(sql, {"from": FROM, "until": UNTIL} | parameters).fetchone()[0]
    return found


def rows(report: Report, table: str, *keys: str) -> dict[Any, Mapping[str, Any]]:
    found = {tuple(row[key] for key in keys): row for row in report.tables[table]}
    return {key[0] if len(key) == 1 else key: row for key, row in found.items()}


def test_a_manager_can_count_the_cases_of_a_month_again(busy: Busy) -> None:
    report, sql = busy
    headline = rows(report, "headline", "figure")
    count = "SELECT count(*) FROM timeline WHERE kind = :kind AND at >= :from AND at < :until"
    for figure, kind in {
        "received": "created",
        "closed": "closed",
        "escalations": "escalated",
        "reopened": "reopened",
        "satisfaction": "rated",
    }.items():
        assert headline[figure]["count"] == one(sql, count, kind=kind), figure
        assert headline[figure]["previous_count"] == one(sql, count, kind=kind, **{"from": EARLIER, "until": FROM})
    still_open = """
        SELECT count(*) FROM timeline AS c WHERE c.kind = 'created' AND c.at < :until AND NOT EXISTS (
            SELECT 1 FROM timeline AS e WHERE e.number = c.number AND e.kind = 'closed' AND e.at < :until)"""
    assert headline["open"]["count"] == one(sql, still_open) == sum(r["count"] for r in report.tables["open_cases"])
    assert headline["open"]["previous_count"] == one(sql, still_open, until=FROM)
    assert headline["received"]["count"] > 100


def test_volumes_are_where_the_cases_stood_at_the_end(busy: Busy) -> None:
    report, sql = busy
    volumes = rows(report, "volumes", "dimension", "value")
    last = """SELECT {what} FROM timeline AS c WHERE c.number = t.number AND c.kind {kinds} AND c.at < :until
        ORDER BY c.sequence DESC LIMIT 1"""
    priority = last.format(
        what="coalesce(json_extract(c.detail, '$.after.priority'), json_extract(c.detail, '$.priority'))",
        kinds="IN ('classified', 'reopened')",
    )
    type_ = last.format(what="json_extract(c.detail, '$.after.type')", kinds="= 'classified'")
    department = last.format(what="json_extract(c.detail, '$.department')", kinds="= 'dispatched'")
    product = "SELECT json_extract(r.form, '$.product') FROM registration AS r WHERE r.number = t.number"
    channel = "SELECT r.channel FROM registration AS r WHERE r.number = t.number"
    for dimension, place in {
        "type": type_, "priority": priority, "department": department, "product": product, "channel": channel,
    }.items():  # fmt: skip
        found = sql.execute(
            f"""SELECT coalesce(({place}), 'none') AS place, count(*) FROM timeline AS t
            WHERE t.kind = 'created' AND t.at >= :from AND t.at < :until GROUP BY place""",
            {"from": FROM, "until": UNTIL},
        ).fetchall()
        counted = {value: row["count"] for (name, value), row in volumes.items() if name == dimension and row["count"]}
        assert counted == dict(found), dimension
        shares = [row["share"] for (name, _), row in volumes.items() if name == dimension and row["count"]]
        assert sum(shares) == pytest.approx(1)


def cycles(sql: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Each cycle of handling, by window functions: when it began, was answered and solved, and what lapsed in it."""
    cursor = sql.execute(
        """
        WITH part AS (
            SELECT *, sum(kind IN ('created', 'reopened')) OVER (PARTITION BY number ORDER BY sequence) AS cycle,
                max(CASE WHEN kind = 'classified' THEN sequence END)
                    OVER (PARTITION BY number ORDER BY sequence) AS classified
            FROM timeline WHERE at < :until
        )
        SELECT p.number, p.cycle, min(p.at) AS begun,
            min(CASE WHEN kind IN ('replied', 'resolved') THEN p.at END) AS answered,
            min(CASE WHEN kind = 'resolved' THEN p.at END) AS solved,
            min(CASE WHEN kind = 'lapsed' AND json_extract(detail, '$.clock') = 'response' THEN p.at END)
                AS late_response,
            min(CASE WHEN kind = 'lapsed' AND json_extract(detail, '$.clock') = 'resolution' THEN p.at END)
                AS late_resolution,
            CASE WHEN p.cycle = 1
                THEN (SELECT json_extract(f.detail, '$.after.priority') FROM timeline AS f
                    WHERE f.number = p.number AND f.kind = 'classified')
                ELSE max(CASE WHEN kind = 'reopened' THEN json_extract(detail, '$.priority') END) END AS priority
        FROM part AS p GROUP BY p.number, p.cycle
        """,
        {"until": UNTIL},
    )
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


@pytest.mark.parametrize(("clock", "done"), [("response", "answered"), ("resolution", "solved")])
def test_the_share_of_promises_kept_can_be_defended_number_by_number(busy: Busy, clock: str, done: str) -> None:
    report, sql = busy
    table = rows(report, "attainment", "clock", "priority")
    for priority in ("all", *Priority):
        kept = missed = 0
        for cycle in cycles(sql):
            if priority not in {"all", cycle["priority"]}:
                continue
            late = cycle[f"late_{clock}"]
            if late is not None:
                missed += FROM <= late < UNTIL
            elif cycle[done] is not None:
                kept += FROM <= cycle[done] < UNTIL
        row = table[clock, priority]
        assert (row["kept"], row["decided"]) == (kept, kept + missed), priority
        assert row["share"] == (pytest.approx(kept / (kept + missed)) if kept + missed else None)
    assert table[clock, "all"]["decided"] > table[clock, "all"]["kept"] > 50


@pytest.mark.parametrize(("span", "done"), [("response", "answered"), ("resolution", "solved")])
def test_times_are_what_customers_waited(busy: Busy, span: str, done: str) -> None:
    report, sql = busy
    waited = sorted(
        (datetime.fromisoformat(cycle[done]) - datetime.fromisoformat(cycle["begun"])).total_seconds()
        for cycle in cycles(sql)
        if cycle[done] is not None and FROM <= cycle[done] < UNTIL
    )
    row = rows(report, "times", "span", "priority")[span, "all"]
    assert row["count"] == len(waited)
    assert row["median"] == pytest.approx(statistics.median(waited))
    below = sum(seconds < row["p90"] for seconds in waited)
    assert below < 0.9 * len(waited) <= below + 1


def test_escalations_ratings_and_reopenings_add_up(busy: Busy) -> None:
    report, sql = busy
    for table, keys, kind, columns in (
        (
            "escalations",
            ("level", "cause"),
            "escalated",
            "CAST(json_extract(detail, '$.level') AS TEXT), detail->>'why'",
        ),
        ("satisfaction", ("score",), "rated", "detail->>'score'"),
        ("reopened", ("reason",), "reopened", "detail->>'reason'"),
    ):
        found = sql.execute(
            f"SELECT {columns}, count(*) FROM timeline WHERE kind = ? AND at >= ? AND at < ? "
            f"GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}",
            (kind, FROM, UNTIL),
        ).fetchall()
        expected = {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in found}
        counted = {
            key: row["count"] for key, row in rows(report, table, *keys).items() if row["count"] and key != "all"
        }
        assert counted == expected


def test_problems_that_come_again_are_found(busy: Busy) -> None:
    report, sql = busy
    found = sql.execute(
        """SELECT r.form->>'product', k.detail->>'$.after.type', k.detail->>'$.after.subtype', count(*) AS n
        FROM timeline AS c JOIN registration AS r ON r.number = c.number
        JOIN timeline AS k ON k.number = c.number AND k.kind = 'classified'
        WHERE c.kind = 'created' AND c.at >= ? AND c.at < ? AND r.form->>'product' IS NOT NULL
        GROUP BY 1, 2, 3 HAVING n > 1""",
        (FROM, UNTIL),
    ).fetchall()
    table = rows(report, "repeated", "product", "type", "subtype")
    assert {key: row["count"] for key, row in table.items()} == {row[:3]: row[3] for row in found}
    counts = [row["count"] for row in report.tables["repeated"]]
    assert counts == sorted(counts, reverse=True)


def test_ages_and_load_are_those_of_the_last_evening(busy: Busy) -> None:
    report, sql = busy
    ages = sql.execute(
        """SELECT sum(julianday(:until) - julianday(c.at) >= 30), sum(julianday(:until) - julianday(c.at) < 1)
        FROM timeline AS c WHERE c.kind = 'created' AND c.at < :until AND c.number NOT IN (
            SELECT number FROM timeline WHERE kind = 'closed' AND at < :until)""",
        {"until": UNTIL},
    ).fetchone()
    table = rows(report, "open_cases", "age")
    assert (table["over_30d"]["count"], table["under_1d"]["count"]) == ages
    owners = sql.execute(
        """SELECT (SELECT o.detail->>'owner' FROM timeline AS o WHERE o.number = c.number AND o.at < :until
                AND o.kind IN ('dispatched', 'reopened') ORDER BY o.sequence DESC LIMIT 1), count(*)
        FROM timeline AS c WHERE c.kind = 'created' AND c.at < :until AND c.number NOT IN (
            SELECT number FROM timeline WHERE kind = 'closed' AND at < :until) GROUP BY 1""",
        {"until": UNTIL},
    ).fetchall()
    load = rows(report, "load", "person")
    assert {person: row["open"] for person, row in load.items() if row["open"]} == dict(owners)
    given = one(
        sql, "SELECT count(*) FROM timeline WHERE kind IN ('dispatched', 'reopened') AND at >= :from AND at < :until"
    )
    assert sum(row["given"] for row in load.values()) == given


def test_parts_add_up_to_the_whole(busy: Busy) -> None:
    report, _ = busy
    headline = rows(report, "headline", "figure")
    for table in ("by_department", "by_owner", "trend"):
        for column, (figure, name) in {
            "received": ("received", "count"),
            "response_kept": ("response_kept", "kept"),
            "resolution_decided": ("resolution_kept", "decided"),
            "rating_satisfied": ("satisfaction", "satisfied"),
        }.items():
            assert sum(row[column] for row in report.tables[table]) == headline[figure][name], (table, column)


async def test_the_month_before_is_what_its_own_report_said(database: Database) -> None:
    await write(database, 200, BEGINS, 120)
    now = await analyse(database, APRIL, now=LATER)
    before = await analyse(database, APRIL.before, now=LATER)
    again = await analyse(database, APRIL, now=LATER + DAY)
    assert now.tables == again.tables
    for table in ("headline", "attainment", "times", "satisfaction", "open_cases"):
        for row, own in zip(now.tables[table], before.tables[table], strict=True):
            assert {key: row[f"previous_{key}"] for key in row if f"previous_{key}" in row} == {
                key: own[key] for key in row if f"previous_{key}" in row
            }


async def live(database: Database, *steps: tuple[timedelta, str, str, dict[str, Any]], **changes: Any) -> str:
    """A case through the rule book and the record, as a worker would write it."""
    number = await register_case(database, **changes)
    case, events = open_case(Priority.P1)
    case.number = number
    recording = Recording(database, Directory(database), Renderer(), labels=dict, calendar=Calendar, now=lambda: MONDAY)
    await recording.record(Record(view=case.view(), events=events))
    for after, name, by, fields in steps:
        events = case.expire(MONDAY + after) + case.handle(command(name, by, **fields), MONDAY + after)
        await recording.record(Record(view=case.view(), events=events))
    return number


SOLUTION = {"cause": "同步任务超时", "solution": "已扩容", "verified": "yes"}
MAY = Period.asked(date(2024, 5, 6), date(2024, 5, 12), ZONE)


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
    climbed = rows(report, "escalations", "level", "cause")
    assert (climbed["1", "claim"]["count"], climbed["2", "response"]["count"]) == (3, 2)
    assert rows(report, "load", "person")["tech-lead"]["solved"] == 1


async def test_a_product_named_by_a_stranger_runs_nowhere(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        await live(database, product="=1+1<script>alert(1)</script>")
    report = await analyse(database, MAY, now=LATER, by=("product",))
    page = write_report(report, Speech(Locale.EN), tmp_path / "out").read_text("utf-8")
    assert "<script" not in page
    assert "=1+1&lt;script&gt;" in page
    with (tmp_path / "out" / "volumes.csv").open(encoding="utf-8-sig", newline="") as file:
        products = [row["value"] for row in csv.DictReader(file) if row["dimension"] == "product"]
    assert products == ["'=1+1<script>alert(1)</script>"]


@pytest.mark.parametrize("locale", list(Locale))
def test_the_report_opens_anywhere_without_a_network(busy: Busy, locale: Locale) -> None:
    report, _ = busy
    page = report_html(report, Speech(locale), company="智办公")
    assert set(re.findall(r"https?://[^\"'\s<>]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<(script|link|iframe|img)\b|@import|url\(", page)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 11
    written = " ".join("".join(ElementTree.fromstring(drawing).itertext()) for drawing in drawings)
    for word in (
        report_words(locale)["columns"]["received"],
        report_words(locale)["ages"]["over_30d"],
        "智办公CRM系统",
    ):
        assert word in written


def test_what_got_worse_is_said_with_its_numbers_in_both_languages(busy: Busy) -> None:
    report, _ = busy
    said: Any = report_json(report, Speech(Locale.ZH_CN))["summary"]
    row = rows(report, "headline", "figure")["resolution_kept"]
    finding = next(found for found in report.findings if found.figure == "resolution_kept")
    assert finding.tone is Tone.WORSE
    assert (finding.now, finding.before) == (row["share"], row["previous_share"])
    part = f"{row['kept']}/{row['decided']}"
    assert f"解决按时率由{row['previous_share']:.1%}" in said["zh_CN"] and part in said["zh_CN"]
    assert f"Resolutions in time fell from {row['previous_share']:.1%}" in said["en"] and part in said["en"]
    assert "technical_support" in said["en"]
    assert not re.search(r"[{}]", said["zh_CN"] + said["en"])


async def test_a_quiet_month_is_reported_as_quiet(database: Database, tmp_path: Path) -> None:
    report = await analyse(database, APRIL, now=LATER)
    page = write_report(report, Speech(Locale.ZH_CN), tmp_path)
    assert "本期没有受理任何问题" in page.read_text("utf-8")
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["headline"][0]["count"] == 0
    await live(database, (30 * MINUTE, "reply", "tech-001", {"text": "在查"}))
    first = await analyse(database, MAY, now=LATER)
    assert "上期没有受理记录" in Speech(Locale.ZH_CN).paragraph(first)


def test_both_languages_have_every_word() -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return len(value) if isinstance(value, list) else sorted(re.findall(r"\{\w+\}", value))

    chinese, english = shape(report_words(Locale.ZH_CN)), shape(report_words(Locale.EN))
    assert chinese == english


def test_days_are_the_companys_and_mistakes_get_one_line() -> None:
    assert (APRIL.begins, APRIL.ends) == (datetime(2026, 3, 31, 16, tzinfo=UTC), datetime(2026, 4, 30, 16, tzinfo=UTC))
    assert (APRIL.before.first, APRIL.before.last) == (date(2026, 3, 2), date(2026, 3, 31))
    for days in (1, 14, 15, 120, 121, 800):
        cut = Period(date(2026, 1, 7), date(2026, 1, 7) + timedelta(days=days - 1), ZONE).stretches()
        assert sum(stretch.days for stretch in cut) == days
        assert all(one.ends == other.begins for one, other in pairwise(cut))
    with pytest.raises(Problem, match="--from yesterday: allowed: a day such as 2026-05-01"):
        parse_day("--from", "yesterday")
    with pytest.raises(Problem, match="--to 2026-04-01 is before --from 2026-05-01"):
        Period.asked(date(2026, 5, 1), date(2026, 4, 1), ZONE)


async def test_an_unknown_breakdown_names_those_there_are(database: Database) -> None:
    with pytest.raises(Problem, match="--by colour: allowed: type, priority, channel, department, product, owner"):
        await analyse(database, APRIL, now=LATER, by=("colour",))
