"""The status of a recorded case as its customer is told it, decided on the JSON of its view (R2, R30).

`view` is None throughout for a case that is registered and was not opened yet.
"""

from __future__ import annotations

from typing import Final

from workflows.domain.case.recorded.view_json import CaseViewJson, deadline_of
from workflows.domain.vocabulary import ClockName, Message, Status

_ASKED_FOR = {
    Status.AWAITING_INFORMATION: "supply",
    Status.AWAITING_CONFIRMATION: "confirm",
    Status.AWAITING_RATING: "rate",
    Status.CLOSED: "closed",
}
ANSWERABLE: Final = frozenset({Status.AWAITING_CONFIRMATION, Status.AWAITING_RATING})
"""While the customer is asked what they say to the solution."""


def customer_status(view: CaseViewJson | None) -> str:
    """`registered`, `reopened`, the resolution of a closed case, or else the case's status."""
    if view is None:
        return "registered"
    if view["status"] == Status.CLOSED:
        return str(view["resolution"])
    if view["status"] == Status.AWAITING_CONFIRMATION and result_is_untold(view):
        return Status.IN_PROGRESS.value
    again = view["reopened"] and view["status"] in {Status.DISPATCHED, Status.IN_PROGRESS}
    return "reopened" if again else view["status"]


def customer_action(view: CaseViewJson | None) -> str:
    """What the customer is asked for: `supply`, `supply_meanwhile`, `await_call`, `confirm`, `rate`, `nothing` or
    `closed`.
    """
    if view is None:
        return "nothing"
    if view["status"] == Status.AWAITING_CONFIRMATION and result_is_untold(view):
        return "await_call"
    meanwhile = "supply_meanwhile" if view["missing"] else "nothing"
    return _ASKED_FOR.get(Status(view["status"]), meanwhile)


def customer_choices(view: CaseViewJson | None) -> tuple[str, ...]:
    """The commands that the customer may give now, what is asked of them first; the case judges each again. Of a closed
    case: those that correct an answer, while it can be corrected.
    """
    if view is None:
        return ()
    if view["status"] == Status.CLOSED:
        return ("rate", "refuse") if view.get("correctable_until") else ()
    if view["status"] == Status.AWAITING_RATING:
        return ("rate", "refuse")
    if view["status"] == Status.AWAITING_CONFIRMATION and not result_is_untold(view):
        return ("confirm", "refuse", "supply", "withdraw")
    # What they have just sent back can be accepted after all, until somebody has taken it up.
    return ("confirm", "supply", "withdraw") if view.get("retractable_until") else ("supply", "withdraw")


def result_is_untold(view: CaseViewJson) -> bool:
    """Whether there is a result that the customer got by no channel, and that nobody has told them yet (R43)."""
    return any(one["message"] == Message.RESULT and one["why"] != "phone" for one in view.get("untold", ()))


def answer_promised(view: CaseViewJson | None) -> str | None:
    """When the first answer is due, or was due before it was missed; None once it was given."""
    if view is None or view["responded_at"] or view["closed_at"]:
        return None
    running = deadline_of(view, ClockName.RESPONSE)
    if running is not None and running["due"]:
        return running["due"]
    missed = (one for one in view["breaches"] if one["clock"] == ClockName.RESPONSE)
    return next((one["due"] for one in missed if one["cycle"] == view["reopened"]), None)


def solution_given(view: CaseViewJson | None) -> str | None:
    """When the solution was given; None while nobody has told it to the customer."""
    return None if view is None or result_is_untold(view) else view["resolved_at"]


def solution_promised(view: CaseViewJson | None) -> str | None:
    """When the solution is expected; None once it was given, and while its clock waits for the customer."""
    if view is None or view["status"] == Status.AWAITING_INFORMATION or view["resolved_at"] or view["closed_at"]:
        return None
    return view["expected_resolution"]
