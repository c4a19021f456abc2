"""Which calls a recorded case asks of one person, and by when, decided on the JSON of its view (R21, R23, R43)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from workflows.domain.case.recorded.customer_status import ANSWERABLE, result_is_untold
from workflows.domain.case.recorded.duties import has_to_call
from workflows.domain.case.recorded.overdue import standing_breaches
from workflows.domain.case.recorded.view_json import CaseViewJson, deadline_of
from workflows.domain.vocabulary import ClockName


class CallReason(StrEnum):
    """Why somebody has to call the customer."""

    TELL = "tell"
    FOLLOW_UP = "follow_up"


CLOCKS: Final = {CallReason.TELL: ClockName.FEEDBACK, CallReason.FOLLOW_UP: ClockName.FOLLOW_UP}
"""The clock of each reason."""


def reasons_to_call(view: CaseViewJson, person: str) -> tuple[CallReason, ...]:
    """Why that person has to call this customer; none where somebody else has to, or nobody.

    The follow-up specialist calls once the customer knows the result: before that there is nothing to ask.
    """
    found = [CallReason.TELL] if has_to_call(view, person) else []
    answerable = view["status"] in ANSWERABLE and not result_is_untold(view)
    if view.get("follow_up") == person and answerable and view["satisfaction"] is None:
        found.append(CallReason.FOLLOW_UP)
    return tuple(found)


def call_due(view: CaseViewJson, reason: CallReason) -> str | None:
    """When that call is due, or was due before it was missed; None where no clock runs."""
    clock = CLOCKS[reason]
    running = deadline_of(view, clock)
    if running is not None and running["due"]:
        return running["due"]
    missed = [one["due"] for one in standing_breaches(view) if one["clock"] == clock]
    return missed[-1] if missed else None
