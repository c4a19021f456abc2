"""The rule by which an open case takes up a changed policy or calendar, without rewriting its past."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.case.rules.ownership import dispatch_as_it_is, wait_or_run_on
from workflows.domain.case.state import CaseState
from workflows.domain.commands.case import Retime
from workflows.domain.commands.command import Refused
from workflows.domain.event import EventKind
from workflows.domain.terms import Consultation
from workflows.domain.vocabulary import ClockName


def retime(case: CaseState, command: Retime, now: datetime, facts: Consultation) -> None:
    """Replace the terms and move every running clock's due time accordingly (a newly announced holiday, say)."""
    if facts.terms is None:
        raise Refused("; ".join(facts.problems) or "the present policy could not be read")
    old, case.terms = case.terms, facts.terms
    case.people.update(facts.people)
    moved = {}
    for name, clock in case.clocks.items():
        before = clock.due
        terms = case.clock_terms(name)
        if terms is None or clock.count or name in {ClockName.CONFIRMATION, ClockName.RATING}:
            terms = clock.terms()
        clock.retime(terms, now, old.calendar, case.terms.calendar, never_later=False)
        if clock.due != before:
            moved[name.value] = {"before": before, "after": clock.due}
    case.expected_resolution = case.due(ClockName.RESOLUTION) or case.expected_resolution
    case.emit(
        EventKind.RETIMED, command.by, now, policy=case.terms.policy, previous=old.policy, moved=moved, why=command.why
    )
    if case.owner is None and case.runs_on:
        dispatch_as_it_is(case, facts, now)
    else:
        wait_or_run_on(case, now)
