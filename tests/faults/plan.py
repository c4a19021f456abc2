"""The plan of a chaos run: which cases come in and what is killed when, decided by a seed before it begins."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Self

from tests.faults.intake_process import Moment
from tests.faults.scenarios import SCENARIOS

_ARRIVAL = 0.5
"""Fraction of the time in which cases come in and processes are killed; the rest is for them to end."""
_TARGETS = ("worker", "worker", "worker", "both workers", "server", "server and workers")


@dataclass(frozen=True)
class PlannedCase:
    """A submission `at` so many seconds; `by` is how it comes in, and where the process that takes it in dies."""

    at: float
    key: str
    scenario: str
    priority: str
    by: Moment | str | None


@dataclass(frozen=True)
class PlannedKill:
    """What is killed `at` that second, and after how many seconds (`pause`) it is started again."""

    at: float
    target: str
    pause: float
    worker: int


@dataclass(frozen=True)
class Plan:
    """Everything that a seed decides."""

    seed: int
    minutes: float
    cases: tuple[PlannedCase, ...]
    kills: tuple[PlannedKill, ...]

    @classmethod
    def of(cls, seed: int, *, cases: int, minutes: float, kills: int, span: float | None = None) -> Self:
        """The same for the same arguments. Cases and kills come within `span` seconds."""
        chance = random.Random(seed)
        span = span or minutes * 60 * _ARRIVAL
        planned = tuple(
            PlannedCase(
                at=chance.uniform(0, span),
                key=f"caller-{index}",
                scenario=chance.choice(list(SCENARIOS)),
                priority=chance.choice(("P0", "P1", "P1", "P2")),
                by=chance.choice(("here",) * 9 + ("registered", "started", "command")),
            )
            for index in range(cases)
        )
        killed = tuple(
            PlannedKill(chance.uniform(3, span), chance.choice(_TARGETS), chance.uniform(0, 3), chance.randrange(2))
            for _ in range(kills)
        )
        return cls(seed, minutes, planned, tuple(sorted(killed, key=lambda kill: kill.at)))
