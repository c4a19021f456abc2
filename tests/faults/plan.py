"""What happens in a chaos, settled by its seed before it begins."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Self

from tests.faults.intake_process import Moment
from tests.faults.scenarios import LIVES

_ARRIVAL = 0.5
"""Part of the time in which cases come in and processes are killed; the rest is for what was left."""
_TARGETS = ("worker", "worker", "worker", "both workers", "server", "server and workers")


@dataclass(frozen=True)
class Call:
    """A customer. `at` is in seconds; `by` is how the submission comes in, and where that process dies."""

    at: float
    key: str
    life: str
    priority: str
    by: Moment | str | None


@dataclass(frozen=True)
class Blow:
    """What is killed `at` that second, and how long nobody starts it again."""

    at: float
    target: str
    pause: float
    worker: int


@dataclass(frozen=True)
class Plan:
    """Everything that a seed settles."""

    seed: int
    minutes: float
    calls: tuple[Call, ...]
    blows: tuple[Blow, ...]

    @classmethod
    def of(cls, seed: int, *, cases: int, minutes: float, kills: int, span: float | None = None) -> Self:
        """The same for the same arguments. Calls and kills come within `span` seconds."""
        chance = random.Random(seed)
        span = span or minutes * 60 * _ARRIVAL
        calls = tuple(
            Call(
                at=chance.uniform(0, span),
                key=f"caller-{index}",
                life=chance.choice(list(LIVES)),
                priority=chance.choice(("P0", "P1", "P1", "P2")),
                by=chance.choice(("here",) * 9 + ("registered", "started", "command")),
            )
            for index in range(cases)
        )
        blows = tuple(
            Blow(chance.uniform(3, span), chance.choice(_TARGETS), chance.uniform(0, 3), chance.randrange(2))
            for _ in range(kills)
        )
        return cls(seed, minutes, calls, tuple(sorted(blows, key=lambda blow: blow.at)))
