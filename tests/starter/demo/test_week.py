"""The pace of the demonstration leaves a busy machine time for what its stories stand or fall with, and is not slow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from starter.demo.week import START, at, demo_time

_TIME = demo_time(datetime(2026, 1, 1, tzinfo=UTC))


def _seconds(since: datetime, until: datetime) -> float:
    return (_TIME.real(until) - _TIME.real(since)).total_seconds()


@pytest.mark.parametrize(
    ("since", "until", "least"),
    [
        pytest.param(at(15, "09:04"), at(15, "09:15"), 5, id="the urgent case is answered in time"),
        pytest.param(at(15, "09:51"), at(15, "10:05"), 7, id="the untouched one is answered once it is up two levels"),
        pytest.param(at(18, "16:02"), at(18, "17:00"), 3.5, id="the one before the holiday is claimed in time"),
    ],
)
def test_a_machine_that_is_seconds_late_still_shows_the_story(since: datetime, until: datetime, least: float) -> None:
    assert _seconds(since, until) >= least


def test_the_whole_week_is_over_in_a_minute_and_a_half() -> None:
    assert _seconds(START, at(22, "12:00")) < 90
