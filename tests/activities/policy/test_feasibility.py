"""A policy whose times no calendar can count stops no case: it is refused before it is in force (R9)."""

from __future__ import annotations

import importlib.resources
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.policy.calendars import build_calendar
from activities.policy.feasibility import LONGEST, endless_times
from activities.policy.loading import SHIPPED, load_policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CalendarKind

YEARS = range(2026, 2028)
TEXT = importlib.resources.files("activities.policy").joinpath("standard.toml").read_text("utf-8")


def own(folder: Path, old: str, new: str) -> str:
    assert old in TEXT
    path = folder / "own.toml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    return str(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_times_of_the_shipped_policies_end(name: str) -> None:
    policy = load_policy(name)
    assert endless_times(policy, build_calendar(policy, YEARS), YEARS) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('resolution = { within = "3d"', 'resolution = { within = "2700d"', "priorities.P2.clocks.resolution.within"),
        ('claim = { within = "4h"', 'claim = { within = "80000h"', "priorities.P3.clocks.claim.within"),
    ],
)
def test_a_time_that_no_case_could_begin_with_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    with pytest.raises(Problem) as raised:
        load_policy(own(tmp_path, old, new))
    assert f"own.toml: {where}: " in str(raised.value)
    assert "take more than ten years; allowed: less" in str(raised.value)


def test_what_passes_can_be_counted_from_every_later_day_as_well() -> None:
    policy = load_policy("standard")
    calendar = build_calendar(policy, YEARS)
    start = datetime(2036, 9, 30, 16, tzinfo=UTC)
    limit = 2_578 * 86_400
    assert calendar.add(start, limit, CalendarKind.WORKING_DAYS) > start + LONGEST - timedelta(days=60)
