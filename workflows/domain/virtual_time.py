"""Time that may run faster than the wall clock, for a demonstration or a trial.

The rules only ever see virtual times; only waiting is divided by the speed. In production the speed is 1,
both starts are equal, and virtual time is real time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field

from workflows.domain.model import Fact, Instant

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class VirtualTime(Fact):
    """`virtual_start` is shown when the wall clock says `real_start`; from there it runs `speed` times as fast."""

    speed: float = Field(default=1.0, gt=0)
    real_start: Instant = _EPOCH
    virtual_start: Instant = _EPOCH

    @property
    def is_real(self) -> bool:
        """Whether virtual time is simply the time."""
        return self.speed == 1 and self.real_start == self.virtual_start

    def virtual(self, real: datetime) -> datetime:
        """What the rules see at a moment of the wall clock."""
        if self.is_real:
            return real.astimezone(UTC)
        return self.virtual_start + (real - self.real_start) * self.speed

    def wait(self, until: datetime, now: datetime) -> timedelta:
        """How long to really wait from virtual `now` to virtual `until`; never negative."""
        return max((until - now) / self.speed, timedelta(0))
