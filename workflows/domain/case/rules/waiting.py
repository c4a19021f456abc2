"""What a case waits for at present: on whom, and until when."""

from __future__ import annotations

from workflows.domain.case.state import CaseState
from workflows.domain.case.view import Waiting
from workflows.domain.vocabulary import CUSTOMER, ClockName, Reachable, Status

_FIRST_DUE = (
    ClockName.CLAIM, ClockName.RESPONSE, ClockName.NEXT_RESPONSE, ClockName.PROGRESS, ClockName.RESOLUTION,
    ClockName.FEEDBACK,
)  # fmt: skip
_CUSTOMERS = {
    Status.AWAITING_INFORMATION: ClockName.SUPPLEMENT,
    Status.AWAITING_CONFIRMATION: ClockName.CONFIRMATION,
    Status.AWAITING_RATING: ClockName.RATING,
}


def waits_for(case: CaseState) -> Waiting | None:
    """What the case waits for; nothing once it is closed. An unacknowledged escalation comes before everything else."""
    if case.status is Status.CLOSED:
        return None
    if not case.escalation.acknowledged and case.escalation.to is not None:
        return Waiting(clock=ClockName.ESCALATION, who=case.escalation.to, until=case.due(ClockName.ESCALATION))
    if case.status in _CUSTOMERS:
        return _for_the_customer(case, _CUSTOMERS[case.status])
    running = [case.clocks[name] for name in _FIRST_DUE if name in case.clocks and case.clocks[name].due]
    first = min(running, key=lambda clock: clock.due or clock.started, default=None)
    if first is None:
        return Waiting(who=case.owner or "")
    return Waiting(clock=first.name, who=case.owner or "", until=first.due)


def _for_the_customer(case: CaseState, clock: ClockName) -> Waiting:
    """The customer, unless a person has to call them first: nobody answers what they were not told or asked (R43)."""
    by_person = case.reachable is Reachable.BY_PERSON
    who = CUSTOMER
    if ClockName.FEEDBACK in case.clocks:
        clock, who = ClockName.FEEDBACK, case.teller() or ""
    elif by_person and ClockName.FOLLOW_UP in case.clocks:
        clock, who = ClockName.FOLLOW_UP, case.terms.follow_up or case.owner or ""
    elif by_person and clock is not ClockName.SUPPLEMENT:
        who = case.teller() or ""
    return Waiting(clock=clock, who=who, until=case.due(clock))
