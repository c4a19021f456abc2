"""The trial of policies: a log of cases played by the rules of each, without a server (see `starter.trial`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from activities.delivery.transport import Transports
from activities.gc_pause import paused_gc
from activities.opening.decision import Decision
from starter.services.progress import Progress
from starter.trial.figures import Figures
from starter.trial.log import read_log
from starter.trial.simulation import Simulation
from workflows.domain.model import Json
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar

_HORIZON = timedelta(days=30)
"""How long a trial goes on after the last line of its log."""


@dataclass(frozen=True)
class TrialResult:
    """What each policy would have meant, in the order they were given.

    Attributes:
        answers: a policy's figures, as JSON.
        faults: number of a line -> why it was not played.
        start: when the first line was.
        end: when the trial ended.
    """

    answers: Sequence[Json]
    faults: Mapping[int, str]
    start: datetime
    end: datetime


def try_policies(
    lines: Sequence[str],
    policies: Sequence[Policy],
    organisation: Organisation,
    *,
    transports: Transports = MappingProxyType({}),
    unreadable: Mapping[int, str] = MappingProxyType({}),
    until: Callable[[datetime], datetime | None] = lambda _: None,
    progress: Progress,
) -> TrialResult:
    """Play a log by each policy; every policy gets the same lines.

    Args:
        lines: of the log, JSON each.
        policies: which to try.
        organisation: who works there.
        transports: the ways messages would go.
        unreadable: what is wrong with lines that are left out, by their numbers.
        until: answers the end of the trial, given the moment of the first line; None: 30 days after the last line.
        progress: of the lines, each once for every policy.

    Raises:
        Problem: the log opens no case; one line a fault.
    """
    with paused_gc(freeze=True):
        logs = [read_log(lines, policy, organisation) for policy in policies]
        faults = {number: fault for log in reversed(logs) for number, fault in log.faults.items()} | {**unreadable}
        entries = [log.without(faults) for log in logs]
        if not entries[0]:
            named = (f"line {number}: {what}" for number, what in sorted(faults.items()))
            raise Problem("\n".join(["the log opens no case", *named]))
        start = entries[0][0].at
        end = until(start) or entries[0][-1].at + _HORIZON
        answers = []
        with progress(sum(map(len, entries))) as advance:
            for policy, wanted in zip(policies, entries, strict=True):
                simulation = Simulation(
                    Decision(policy, organisation), Figures(Calendar(zone=policy.calendar.zone)), transports
                )
                for _ in simulation.play(wanted, end):
                    advance()
                answers.append(simulation.as_json())
        return TrialResult(answers, faults, start, end)
