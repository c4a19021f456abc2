"""Which days a report that comes by itself is about (R29)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from activities.analysis.figures import BREAKDOWNS, DIMENSIONS
from workflows.domain.formats import Days
from workflows.domain.policy.reports import ReportKind, days_ended, days_name


def days(first: str, last: str) -> Days:
    return Days(first=date.fromisoformat(first), last=date.fromisoformat(last))


@pytest.mark.parametrize(
    ("kind", "on", "first", "last", "name"),
    [
        (ReportKind.WEEKLY, "2026-11-23", "2026-11-16", "2026-11-22", "2026-W47"),
        (ReportKind.WEEKLY, "2026-11-29", "2026-11-16", "2026-11-22", "2026-W47"),
        (ReportKind.WEEKLY, "2027-01-04", "2026-12-28", "2027-01-03", "2026-W53"),
        (ReportKind.MONTHLY, "2026-11-01", "2026-10-01", "2026-10-31", "2026-10"),
        (ReportKind.MONTHLY, "2026-03-28", "2026-02-01", "2026-02-28", "2026-02"),
        (ReportKind.MONTHLY, "2027-01-01", "2026-12-01", "2026-12-31", "2026-12"),
    ],
)
def test_a_report_is_about_the_week_or_month_that_is_over(
    kind: ReportKind, on: str, first: str, last: str, name: str
) -> None:
    ended = days_ended(kind, date.fromisoformat(on))
    assert ended == days(first, last)
    assert days_name(ended) == name


@pytest.mark.parametrize("kind", list(ReportKind))
def test_no_day_is_left_out_and_none_is_told_twice(kind: ReportKind) -> None:
    start = date(2026, 1, 1)
    told = {days_ended(kind, start + timedelta(days=day)).model_dump_json() for day in range(800)}
    ended = sorted((Days.model_validate_json(one) for one in told), key=lambda one: one.first)
    assert all(one.last + timedelta(days=1) == other.first for one, other in pairwise(ended))
    assert len({days_name(one) for one in ended}) == len(ended)


def test_other_days_are_named_by_their_first_and_last() -> None:
    assert days_name(days("2026-11-16", "2026-11-21")) == "2026-11-16_2026-11-21"
    assert days_name(days("2026-10-01", "2026-11-30")) == "2026-10-01_2026-11-30"


def test_what_a_policy_may_break_down_by_is_what_reports_can() -> None:
    assert (*DIMENSIONS, "owner") == BREAKDOWNS
