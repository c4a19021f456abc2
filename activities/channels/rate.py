"""The rate limit of a channel: a message that is too early is given a later moment, in the order of asking."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from workflows.domain.formats import seconds_of, written_duration

_RATE = re.compile(r"\s*(\d{1,6})\s*/\s*(\S+)\s*")
_KEPT = 60.0
"""Seconds for which a moment is kept for a message that does not come for it."""
_MOST_PEOPLE = 10_000


@dataclass(frozen=True)
class RateLimit:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.count}/{written_duration(self.seconds)}"


def _rate(value: object) -> object:
    if isinstance(value, RateLimit):
        return value
    found = _RATE.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) < 1:
        raise ValueError("is no rate; allowed: a number and a time, such as 20/1m")
    return RateLimit(int(found[1]), seconds_of(found[2]))


def _written(rate: RateLimit) -> str:
    return str(rate)


Rate = Annotated[RateLimit, BeforeValidator(_rate), PlainSerializer(_written, return_type=str)]
"""Written `20/1m`: at most twenty in any minute."""


class _Line:
    """Moments given out, none before the one given out last."""

    def __init__(self, limits: Sequence[RateLimit]) -> None:
        self._limits = limits
        self._given: deque[float] = deque(maxlen=max(limit.count for limit in limits))

    def take(self, now: float) -> float:
        """The next free moment."""
        given = self._given
        moment = max(now, given[-1]) if given else now
        for limit in self._limits:
            if len(given) >= limit.count:
                moment = max(moment, given[-limit.count] + limit.seconds)
        given.append(moment)
        return moment

    def is_over(self, now: float) -> bool:
        return not self._given or self._given[-1] + max(limit.seconds for limit in self._limits) < now


class Pace:
    """The limits of one channel: for each person, and for all that it sends. One process has one for all deliveries."""

    def __init__(
        self, limits: Sequence[RateLimit], per_person: Sequence[RateLimit], clock: Callable[[], float]
    ) -> None:
        """`clock`: seconds that only go forward."""
        self._all = _Line(limits) if limits else None
        self._per_person = per_person
        self._people: dict[str, _Line] = {}
        self._kept: dict[str, tuple[float, bool]] = {}
        """Message -> its moment, and whether that is one of the whole channel, until it comes for it."""
        self._clock = clock

    def wait(self, key: str, person: str) -> float:
        """Seconds until this message may be sent; 0: now. Asked again, it keeps the moment that it was given.

        A message that waits for its person's sake stands in nobody else's way.
        """
        now = self._clock()
        self._kept = {one: kept for one, kept in self._kept.items() if kept[0] + _KEPT > now}
        if key in self._kept:
            moment, is_last = self._kept.pop(key)
        else:
            moment, is_last = self._moment(self._line_of(person, now), now), False
        if moment <= now and not is_last:
            moment, is_last = self._moment(self._all, now), True
        if moment > now:
            self._kept[key] = (moment, is_last)
        return max(moment - now, 0.0)

    def _moment(self, line: _Line | None, now: float) -> float:
        return line.take(now) if line is not None else now

    def _line_of(self, person: str, now: float) -> _Line | None:
        if not self._per_person:
            return None
        if person not in self._people:
            if len(self._people) >= _MOST_PEOPLE:
                self._people = {one: line for one, line in self._people.items() if not line.is_over(now)}
            self._people[person] = _Line(self._per_person)
        return self._people[person]
