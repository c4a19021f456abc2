"""What a case waits for at present: on whom, and until when."""

from __future__ import annotations

from workflows.domain.case.state import CaseState
from workflows.domain.case.view import Waiting
from workflows.domain.vocabulary import CUSTOMER, ClockName, Status

_FIRST_DUE = (ClockName.CLAIM, ClockName.RESPONSE, ClockName.PROGRESS, ClockName.RESOLUTION)


def waits_for(case: CaseState) -> Waiting | None:
    """None only for a closed case. An unacknowledged escalation comes before everything else."""
    if case.status is Status.CLOSED:
        return None
    if not case.escalation.acknowledged and case.escalation.to is not None:
        return Waiting(clock=ClockName.ESCALATION, who=case.escalation.to, until=case.due(ClockName.ESCALATION))
    if case.status is Status.AWAITING_INFORMATION:
        return Waiting(clock=ClockName.SUPPLEMENT, who=CUSTOMER, until=case.due(ClockName.SUPPLEMENT))
    if case.status is Status.AWAITING_RATING:
        return Waiting(clock=ClockName.RATING, who=CUSTOMER, until=case.due(ClockName.RATING))
    if case.status is Status.AWAITING_CONFIRMATION:
        if ClockName.FEEDBACK in case.clocks:
            return Waiting(clock=ClockName.FEEDBACK, who=case.owner or "", until=case.due(ClockName.FEEDBACK))
        return Waiting(clock=ClockName.CONFIRMATION, who=CUSTOMER, until=case.due(ClockName.CONFIRMATION))
    running = [case.clocks[name] for name in _FIRST_DUE if name in case.clocks and case.clocks[name].due]
    first = min(running, key=lambda clock: clock.due or clock.started, default=None)
    if first is None:
        return Waiting(who=case.owner or "")
    return Waiting(clock=first.name, who=case.owner or "", until=first.due)
