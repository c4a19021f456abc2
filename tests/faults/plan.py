"""The plan of a chaos run: which cases come in and what is killed when, decided by a seed before it begins."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Self

from tests.faults.intake_process import Moment
from tests.faults.scenarios import SCENARIOS

_ARRIVAL = 0.5
"""Fraction of the time in which cases come in and processes are killed; the rest is for them to end."""
_TARGETS = ("worker", "worker", "worker", "both workers", "server", "server and workers")

_BY_PAGES = 0.4
"""Fraction of the submissions that customers hand in by the pages, of those that no command takes in."""
_BY_MAIL = 0.5
_BY_TELEPHONE = 0.6
"""Of those that are left: fraction that comes by mail, and then of those whose customers have a telephone alone."""
_CLASSIFIED = frozenset({"untouched"})
"""Scenarios that need the priority of their plan: customers do not classify."""


@dataclass(frozen=True)
class PlannedCase:
    """A submission `at` so many seconds; `by` is how it comes in, and where the process that takes it in dies."""

    at: float
    key: str
    scenario: str
    priority: str
    by: Moment | str | None
    pages: bool = False
    """The customer hands it in by the pages, where the plan has any."""
    mail: bool = False
    """The customer hands it in by a mail, and answers by mails."""
    telephone: bool = False
    """The customer has a telephone alone, so what they are told comes by SMS."""


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
    page_kills: tuple[PlannedKill, ...] = ()
    """`worker` is which of the processes that serve pages."""
    cuts: tuple[PlannedKill, ...] = ()
    """Of the mailbox and of the gateway for short messages."""

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
        # Of a chance of its own: what a seed has always decided stays as it was.
        chance = random.Random(f"{seed} pages")
        planned = tuple(
            replace(case, pages=case.by == "here" and case.scenario not in _CLASSIFIED and chance.random() < _BY_PAGES)
            for case in planned
        )
        pages = tuple(
            PlannedKill(
                chance.uniform(3, span), chance.choice(("pages", "pages", "all pages")), chance.uniform(0, 3),
                chance.randrange(2),
            )
            for _ in range(2 * kills)
        )  # fmt: skip
        chance = random.Random(f"{seed} outside")
        planned = tuple(_outside(case, chance) for case in planned)
        cuts = tuple(
            PlannedKill(chance.uniform(3, span), chance.choice(("mailbox", "gateway")), chance.uniform(0, 5), 0)
            for _ in range(3 * kills)
        )
        inside = (killed, pages, cuts)
        return cls(seed, minutes, planned, *(tuple(sorted(some, key=lambda kill: kill.at)) for some in inside))


def _outside(case: PlannedCase, chance: random.Random) -> PlannedCase:
    by_mail, by_telephone = chance.random() < _BY_MAIL, chance.random() < _BY_TELEPHONE
    if case.by != "here" or case.pages:
        return case
    by_mail = by_mail and case.scenario not in _CLASSIFIED
    return replace(case, mail=by_mail, telephone=by_telephone and not by_mail)
