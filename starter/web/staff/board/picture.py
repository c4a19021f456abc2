"""The last days as a picture: columns for what was opened, a line for what was closed, marks for what was late.

Plain geometry for a template, which draws it as SVG: nothing is started, and no colour is needed to read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from activities.queries.daily import DayCount

WIDTH: Final = 600
HEIGHT: Final = 220
LEFT: Final = 72
_BOTTOM: Final = 38
_TOP: Final = 12
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True)
class Column:
    """A day: where its column of opened cases stands, and the mark of late ones (None: there were none)."""

    day: date
    count: DayCount
    x: float
    width: float
    y: float
    height: float
    late_y: float | None


@dataclass(frozen=True)
class Picture:
    """`line` are the points of closed cases, `ticks` the figures beside the columns and their heights."""

    columns: list[Column]
    line: str
    ticks: list[tuple[int, float]]
    total: DayCount

    @property
    def labelled(self) -> list[Column]:
        """The days that are written below, today the last."""
        return self.columns[::-1][:: len(self.columns) // 3 or 1][::-1]


def draw(days: Sequence[tuple[date, DayCount]]) -> Picture:
    """The picture of these days, in their order."""
    most = _rounded(max((max(one.opened, one.closed, one.late) for _, one in days), default=0))
    wide, high = (WIDTH - LEFT) / max(len(days), 1), HEIGHT - _BOTTOM - _TOP

    def y(count: int) -> float:
        return round(_TOP + high * (1 - count / most), 1)

    columns = [
        Column(
            day, one, round(LEFT + place * wide + wide * 0.12, 1), round(wide * 0.76, 1), y(one.opened),
            round(HEIGHT - _BOTTOM - y(one.opened), 1), y(one.late) if one.late else None,
        )
        for place, (day, one) in enumerate(days)
    ]  # fmt: skip
    line = " ".join(f"{round(column.x + column.width / 2, 1)},{y(column.count.closed)}" for column in columns)
    counts = [one for _, one in days]
    total = DayCount(
        sum(one.opened for one in counts), sum(one.closed for one in counts), sum(one.late for one in counts)
    )
    return Picture(columns, line, [(count, y(count)) for count in (0, most // 2, most) if count or most > 1], total)


def _rounded(most: int) -> int:
    """The next even figure of one digit and noughts, ten at least."""
    power = 10
    while power * 10 <= most:
        power *= 10
    return next(step * power for step in (*_STEPS, 10) if step * power >= most)
