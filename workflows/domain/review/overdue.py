"""What is late in a recorded review and who owes it, decided on the JSON of its view (R27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from workflows.domain.vocabulary import ClockName

if TYPE_CHECKING:
    from workflows.domain.review.view_json import ReviewViewJson

_OWED = {"writing": "report", "awaiting_approval": "approval"}
"""What a review waits for before its corrective actions are followed."""


@dataclass(frozen=True)
class Overdue:
    """One thing that is late.

    `what` is report, approval or `measure 2`; `since` is None where the review has dropped the missed deadline.
    """

    what: str
    who: str | None
    since: datetime | None


def find_overdue(view: ReviewViewJson, now: datetime) -> list[Overdue]:
    """Everything that should have been done by `now` and is not.

    What was late and is made good is not in it: `late` of the view says so.
    """
    status = view["status"]
    if status in _OWED:
        due = report_due(view)
        if due is not None and due >= now:
            return []
        return [Overdue(_OWED[status], next(iter(view["waits_for"]), None), due)]
    if status != "following":
        return []
    return [
        Overdue(f"measure {number}", action["owner"], due)
        for number, action in enumerate(view["measures"], start=1)
        if action["done_at"] is None and (due := datetime.fromisoformat(action["due"])) < now
    ]


def report_due(view: ReviewViewJson) -> datetime | None:
    """When the report, or its approval, is due; None once that was missed."""
    return _first_due(view, ClockName.REVIEW)


def next_due(view: ReviewViewJson) -> datetime | None:
    """When what is owed next, and not late yet, is due: the report, its approval, or a corrective action."""
    return _first_due(view, ClockName.REVIEW, ClockName.MEASURE)


def _first_due(view: ReviewViewJson, *clocks: ClockName) -> datetime | None:
    dues = (one["due"] for one in view["deadlines"] if one["clock"] in clocks)
    return min((datetime.fromisoformat(due) for due in dues if due), default=None)
