"""Conversion between the wall clock and a time that runs at another speed: `virtual_time` without its models.

Commands that only show a case use it, since they do not wait for pydantic to load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple


class TimeScale(NamedTuple):
    """From `virtual` on, which the wall clock called `real`, time runs `speed` times as fast as the wall clock."""

    real: datetime
    virtual: datetime
    speed: float

    def virtual_at(self, real: datetime) -> datetime:
        """What the rules see at a moment of the wall clock."""
        return self.virtual + (real - self.real) * self.speed

    def real_at(self, virtual: datetime) -> datetime:
        """What the wall clock says at a virtual moment."""
        return self.real + (virtual - self.virtual) / self.speed


def time_scales(first: TimeScale, paces: Iterable[tuple[datetime, float]]) -> Iterator[TimeScale]:
    """The first, and one for each pace: the virtual moment since which it holds, and its speed."""
    yield first
    for since, speed in paces:
        first = TimeScale(first.real_at(since), since, speed)
        yield first


def virtual_at(real: datetime, of: Iterable[TimeScale]) -> datetime:
    """The virtual moment, by the last stretch that has begun; by the first where none has."""
    chosen, *later = of
    for one in later:
        if one.real > real:
            break
        chosen = one
    return chosen.virtual_at(real)


def real_at(virtual: datetime, of: Iterable[TimeScale]) -> datetime:
    """The moment of the wall clock, chosen likewise."""
    chosen, *later = of
    for one in later:
        if one.virtual > virtual:
            break
        chosen = one
    return chosen.real_at(virtual)
