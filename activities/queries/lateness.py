"""What is late in a review, and who owes it (R27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.domain.vocabulary import ClockName

_OWED = {"writing": "report", "awaiting_approval": "approval"}
"""What a review waits for before its measures are followed."""


@dataclass(frozen=True)
class Late:
    """`what` is report, approval or `measure 2`; `since` is None where the review has dropped the missed deadline."""

    what: str
    who: str | None
    since: datetime | None


def find_late(view: Mapping[str, Any], now: datetime) -> list[Late]:
    """Everything of a review that should have been done by now and is not.

    `view` has the keys of ReviewView as JSON. What was late and is made good is not in it: `late` of the view says so.
    """
    status = view["status"]
    if status in _OWED:
        due = report_due(view)
        if due is not None and due > now:
            return []
        return [Late(_OWED[status], next(iter(view["waits_for"]), None), due)]
    if status != "following":
        return []
    measures = enumerate(view["measures"], start=1)
    return [
        Late(f"measure {index}", one["owner"], datetime.fromisoformat(one["due"]))
        for index, one in measures
        if one["done_at"] is None and datetime.fromisoformat(one["due"]) <= now
    ]


def report_due(view: Mapping[str, Any]) -> datetime | None:
    """Until when the report, or its approval, is owed; None once that was missed."""
    dues = [one["due"] for one in view["deadlines"] if one["clock"] == ClockName.REVIEW and one["due"]]
    return datetime.fromisoformat(dues[0]) if dues else None


def next_due(view: Mapping[str, Any]) -> datetime | None:
    """What is owed next, and not late yet: the report, its approval, or a measure."""
    clocks = (ClockName.REVIEW, ClockName.MEASURE)
    dues = [one["due"] for one in view["deadlines"] if one["clock"] in clocks and one["due"]]
    return min(map(datetime.fromisoformat, dues), default=None)
