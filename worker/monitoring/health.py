"""Readiness and liveness of a worker process: whether it can work, and whether it should be restarted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio.service import RPCError

from activities.database.database import Database
from worker.temporal.pollers import Pollers
from worker.temporal.task_queue import KINDS, POLLED_WITHIN
from workflows.domain.problem import Problem

_EAGER = 5
"""How many times more often is looked while the process is not ready."""


class Phase(StrEnum):
    """The phases of a worker process, in this order."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    ENDED = "ended"


@dataclass(frozen=True)
class HealthLimits:
    """How long things may take before they count as a fault.

    Attributes:
        every: between two looks at the server and the database.
        silence: since the server saw a poller of this process.
        database: for the database to take a row, behind everybody who is writing.
        stale: since the last look.
        drain: for finishing the tasks in hand after the signal to stop.
    """

    every: timedelta = timedelta(seconds=5)
    silence: timedelta = POLLED_WITHIN
    database: timedelta = timedelta(seconds=8)
    stale: timedelta = timedelta(seconds=20)
    drain: timedelta = timedelta(seconds=60)


@dataclass
class Health:
    """Kept up to date by `watch`; the answers are given at once, by the last look."""

    limits: HealthLimits = field(default_factory=HealthLimits)
    phase: Phase = Phase.STARTING
    _entered: float = field(default_factory=time.monotonic)
    _looked: float | None = None
    _faults: dict[str, str] = field(default_factory=dict)
    _pollers: Pollers | None = None

    def enter(self, phase: Phase) -> None:
        """The next phase of the process's life; never back."""
        self.phase, self._entered = phase, time.monotonic()

    async def watch(self, pollers: Pollers, database: Database) -> None:
        """Look every few seconds until cancelled; whatever fails is part of the answer."""
        self._pollers = pollers
        while True:
            await asyncio.gather(self._look_at_server(pollers), self._look_at_database(database))
            self._looked = time.monotonic()
            # While the process is not ready, somebody waits for it.
            await asyncio.sleep(self.limits.every.total_seconds() / (_EAGER if self.readiness() else 1))

    def readiness(self) -> list[str]:
        """What stands in the way of work; empty when ready."""
        if self.phase is not Phase.RUNNING:
            return [f"the worker is {self.phase.value}"]
        if self._looked is None:
            return ["not looked yet"]
        faults = [f"{name}: {text}" for name, text in self._faults.items()]
        since = time.monotonic() - self._looked
        if since > self.limits.stale.total_seconds():
            faults.append(f"not looked for {since:.0f} s")
        return [*faults, *self._silent()]

    def liveness(self) -> list[str]:
        """What only a restart mends; no fault outside the process is. Any answer means that the event loop runs."""
        if self.phase is Phase.ENDED:
            return ["the worker has ended"]
        lasted = time.monotonic() - self._entered
        if self.phase is Phase.DRAINING and lasted > self.limits.drain.total_seconds():
            return [f"has been draining for {lasted:.0f} s"]
        return []

    def facts(self) -> dict[str, Any]:
        """Further facts for a person: seconds since each poller was seen, and which process this is."""
        pollers = self._pollers
        silences = {kind: pollers.silence(kind) for kind in KINDS} if pollers else {}
        return {
            "phase": self.phase.value,
            "identity": pollers.identity if pollers else None,
            "task_queue": pollers.task_queue if pollers else None,
            "poller_seen_seconds_ago": {
                kind: None if silence is None else round(silence, 1) for kind, silence in silences.items()
            },
        }

    def _silent(self) -> Iterable[str]:
        if self._pollers is None:
            return
        for kind in KINDS:
            silence = self._pollers.silence(kind)
            if silence is None:
                yield f"{kind} poller: the server has not seen one of this process"
            elif silence > self.limits.silence.total_seconds():
                yield f"{kind} poller: the server has not seen one of this process for {silence:.0f} s"

    async def _look_at_server(self, pollers: Pollers) -> None:
        try:
            await pollers.look()
        except RPCError as error:
            self._faults["temporal"] = (error.message.splitlines() or ["no answer"])[0][:160]
        else:
            self._faults.pop("temporal", None)

    async def _look_at_database(self, database: Database) -> None:
        try:
            async with asyncio.timeout(self.limits.database.total_seconds()):
                # Not whether the schema is this release's: the next one may have brought it up to date already.
                await database.try_write()
        except Problem as problem:
            self._faults["database"] = str(problem)
        except TimeoutError:
            self._faults["database"] = f"no answer within {self.limits.database.total_seconds():g} s"
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the answer is that it cannot be used
            self._faults["database"] = type(error).__name__
        else:
            self._faults.pop("database", None)
