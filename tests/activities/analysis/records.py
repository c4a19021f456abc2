"""Records to make a report of: made-up months, and cases through the rule book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.analysis.figures import BREAKDOWNS
from activities.analysis.period import Period
from activities.analysis.report import Report, analyse
from activities.database.database import Database
from activities.messages.renderer import Renderer
from activities.organisation.directory import Directory
from activities.recording.activity import RecordingActivities
from benchmarks.made_up import write
from tests.activities.samples import register_case
from tests.builders import MONDAY, case_step, command, open_case
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Priority

ZONE = "Asia/Shanghai"
BEGINS = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 120
APRIL = Period.asked(date(2026, 4, 1), date(2026, 4, 30), ZONE)
FROM, UNTIL = "2026-03-31 16:00:00.000000", "2026-04-30 16:00:00.000000"
"""April in Shanghai, as SQLite keeps UTC."""
EARLIER = "2026-03-01 16:00:00.000000"
"""Where the thirty days before begin."""
MAY = Period.asked(date(2024, 5, 6), date(2024, 5, 12), ZONE)
"""The week of `live`."""
LATER = datetime(2026, 8, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Busy:
    """A report on made-up months with every breakdown, and the file its record is in."""

    report: Report
    path: Path


async def busy_months(path: Path, cases: int) -> Busy:
    """Made-up cases around April, written to a SQLite file and reported."""
    database = Database.open(f"sqlite:///{path}", synchronous="NORMAL")
    await database.migrate()
    await write(database, cases, BEGINS, DAYS)
    report = await analyse(database, APRIL, now=LATER, by=BREAKDOWNS)
    await database.close()
    return Busy(report, path)


async def live(database: Database, *steps: tuple[timedelta, str, str, dict[str, Any]], **changes: Any) -> str:
    """A case through the rule book and the record, as a worker would write it."""
    opening = {"terms_": changes.pop("terms_")} if "terms_" in changes else {}
    number = await register_case(database, **changes)
    case, events = open_case(Priority.P1, **opening)
    case.number = number
    recording = RecordingActivities(
        database, Directory(database), Renderer(), labels=dict, calendar=Calendar, now=lambda: MONDAY
    )
    await recording.record(case_step(case.view(), events))
    for after, name, by, fields in steps:
        events = case.expire(MONDAY + after) + case.handle(command(name, by, **fields), MONDAY + after)
        await recording.record(case_step(case.view(), events))
    return number


def rows(report: Report, table: str, *keys: str) -> dict[Any, Mapping[str, Any]]:
    """The rows of a table by those of their columns."""
    found = {tuple(row[key] for key in keys): row for row in report.tables[table]}
    return {key[0] if len(key) == 1 else key: row for key, row in found.items()}
