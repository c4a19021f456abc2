"""The week of the demonstration: Dragon Boat Festival 2026, Friday to Sunday."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from workflows.domain.time.virtual_time import SpeedChange, VirtualTime

_ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, clock: str) -> datetime:
    """A moment of June 2026, company time: Monday is the 15th, the holiday the 19th to the 21st."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, 6, day, int(hour), int(minute), tzinfo=_ZONE)


START = at(15, "08:58")
HOLIDAY = (at(19, "00:00"), at(22, "00:00"))


def demo_time(real_start: datetime) -> VirtualTime:
    """Minutes count on Monday morning; nights and days without work pass in seconds.

    A machine that is busy is a second or two late with everything. Where a story stands or falls with a deadline that
    somebody keeps, between the deed and the deadline are several seconds of the wall clock: the quarter of an hour
    after the second escalation on Monday at 09:50, and the first hour of the case before the holiday.
    """
    return VirtualTime(
        speed=120,
        real_start=real_start,
        virtual_start=START,
        paces=(
            SpeedChange(since=at(15, "09:21"), speed=300),
            SpeedChange(since=at(15, "09:45"), speed=120),
            SpeedChange(since=at(15, "10:10"), speed=600),
            SpeedChange(since=at(15, "13:00"), speed=9_000),
            SpeedChange(since=at(15, "18:00"), speed=36_000),
            SpeedChange(since=at(16, "09:00"), speed=1_500),
            SpeedChange(since=at(16, "12:00"), speed=36_000),
            SpeedChange(since=at(18, "15:50"), speed=900),
            SpeedChange(since=at(18, "17:00"), speed=1_500),
            SpeedChange(since=at(18, "18:00"), speed=36_000),
            SpeedChange(since=at(22, "09:30"), speed=1_500),
            SpeedChange(since=at(22, "11:30"), speed=40_000),
        ),
    )
