"""Time that may run faster than the wall clock, for a demonstration or a trial.

The rules only ever see virtual times; only waiting is divided by the speed. In production the speed is 1,
both starts are equal, and virtual time is real time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from workflows.domain.model import Fact, Instant
from workflows.domain.time.time_scale import TimeScale, real_at, time_scales, virtual_at

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class SpeedChange(Fact):
    """From the virtual moment `since` on, time runs `speed` times as fast as the wall clock."""

    since: Instant
    speed: float = Field(gt=0)


class VirtualTime(Fact):
    """`virtual_start` is shown when the wall clock says `real_start`; from there it runs `speed` times as fast.

    `paces` change the speed later on, each at its virtual moment: a demonstration walks through the busy hours
    and hurries through the nights.
    """

    speed: float = Field(default=1.0, gt=0)
    real_start: Instant = _EPOCH
    virtual_start: Instant = _EPOCH
    paces: tuple[SpeedChange, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        moments = [self.virtual_start, *(pace.since for pace in self.paces)]
        if moments != sorted(moments):
            raise ValueError("paces must follow one another and come after virtual_start")
        return self

    @property
    def is_real(self) -> bool:
        """Whether virtual time is simply the time."""
        return self.speed == 1 and self.real_start == self.virtual_start and not self.paces

    def virtual(self, real: datetime) -> datetime:
        """What the rules see at a moment of the wall clock (UTC)."""
        if self.is_real:
            return real.astimezone(UTC)
        return virtual_at(real, self._stretches())

    def real(self, virtual: datetime) -> datetime:
        """What the wall clock says at a virtual moment (UTC)."""
        if self.is_real:
            return virtual.astimezone(UTC)
        return real_at(virtual, self._stretches())

    def wait(self, until: datetime, now: datetime) -> timedelta:
        """The real time to wait from virtual `now` to virtual `until`; never negative."""
        return max(self.real(until) - self.real(now), timedelta(0))

    def _stretches(self) -> Iterator[TimeScale]:
        first = TimeScale(self.real_start, self.virtual_start, self.speed)
        return time_scales(first, ((pace.since, pace.speed) for pace in self.paces))
