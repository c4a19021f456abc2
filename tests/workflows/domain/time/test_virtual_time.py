"""Demonstration time: the rules see ordinary times, only the waiting is shorter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DAY, HOUR, MINUTE, MONDAY
from workflows.domain.time.virtual_time import SpeedChange, VirtualTime

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DEMO = VirtualTime(
    speed=60,
    real_start=NOW,
    virtual_start=MONDAY,
    paces=(SpeedChange(since=MONDAY + HOUR, speed=3600), SpeedChange(since=MONDAY + DAY, speed=600)),
)


def test_production_time_is_the_time() -> None:
    time = VirtualTime()
    assert time.is_real
    assert time.virtual(NOW) == NOW
    assert time.wait(NOW + HOUR, NOW) == HOUR


def test_a_demonstration_walks_through_busy_hours_and_hurries_through_the_night() -> None:
    assert DEMO.virtual(NOW + 30 * timedelta(seconds=1)) == MONDAY + 30 * MINUTE
    assert DEMO.virtual(NOW + timedelta(seconds=60 + 23)) == MONDAY + DAY
    assert DEMO.wait(MONDAY + DAY, MONDAY) == timedelta(seconds=83)
    assert DEMO.wait(MONDAY, MONDAY + DAY) == timedelta(0)


@given(st.integers(0, 10**9))
def test_virtual_and_real_are_inverse(milliseconds: int) -> None:
    moment = NOW + timedelta(milliseconds=milliseconds)
    assert abs(DEMO.real(DEMO.virtual(moment)) - moment) < timedelta(milliseconds=1)


def test_paces_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="follow one another"):
        VirtualTime(virtual_start=MONDAY, paces=(SpeedChange(since=MONDAY - DAY, speed=1),))
