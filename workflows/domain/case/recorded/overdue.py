"""What is late in a recorded case and who owes it, decided on the JSON of its view (R9, R16-R18)."""

from __future__ import annotations

from datetime import datetime

from workflows.domain.case.recorded.view_json import CaseViewJson, TaskViewJson, deadline_of
from workflows.domain.clock_json import BreachJson, DeadlineJson
from workflows.domain.vocabulary import ClockName, Status, TaskStatus


def first_deadline(view: CaseViewJson) -> DeadlineJson | None:
    """The running deadline that is due first."""
    running = [(datetime.fromisoformat(one["due"]), one) for one in view["deadlines"] if one["due"]]
    return min(running, key=lambda pair: pair[0])[1] if running else None


def standing_breaches(view: CaseViewJson) -> list[BreachJson]:
    """Deadlines that were missed in the present cycle and are not made good yet, in the order of their due times."""
    standing = [breach for breach in view["breaches"] if _is_standing(breach, view)]
    return sorted(standing, key=lambda breach: datetime.fromisoformat(breach["due"]))


def is_late(view: CaseViewJson, now: datetime) -> bool:
    """Whether a promise was missed and is not made good, or a deadline has passed that the case has not acted on."""
    first = first_deadline(view)
    passed = first is not None and first["due"] is not None and datetime.fromisoformat(first["due"]) < now
    return passed or bool(standing_breaches(view))


def who_owes(view: CaseViewJson, clock: str | None) -> str | None:
    """Who has to act on that clock."""
    return (view.get("follow_up") if clock == ClockName.FOLLOW_UP else None) or view["owner"]


def open_tasks(view: CaseViewJson) -> list[TaskViewJson]:
    """Departments' tasks that are not answered yet."""
    return [task for task in view.get("collaborations", ()) if task["status"] == TaskStatus.OPEN]


def late_tasks(view: CaseViewJson) -> list[TaskViewJson]:
    """Departments' open tasks whose due time was missed."""
    return [task for task in open_tasks(view) if task["late_at"]]


def escalated_since(view: CaseViewJson) -> datetime | None:
    """When the escalation that waits for an acknowledgement went up; None where that is not recorded."""
    deadline = deadline_of(view, ClockName.ESCALATION)
    at = view.get("escalated_at") or (deadline["started"] if deadline else None)
    return datetime.fromisoformat(at) if at else None


def _is_standing(breach: BreachJson, view: CaseViewJson) -> bool:
    """Whether what was missed in this cycle is still owed."""
    if breach["cycle"] != view["reopened"]:
        return False
    status = view["status"]
    match breach["clock"]:
        case ClockName.CLAIM:
            return status == Status.DISPATCHED
        case ClockName.RESPONSE:
            return view["responded_at"] is None
        case ClockName.NEXT_RESPONSE:
            return view.get("unanswered_since") is not None
        case ClockName.PROGRESS:
            # A report starts the clock anew, later than the miss did.
            deadline = deadline_of(view, ClockName.PROGRESS)
            return deadline is not None and _is_before(deadline["started"], breach["at"])
        case ClockName.RESOLUTION:
            return status in {Status.AWAITING_INFORMATION, Status.DISPATCHED, Status.IN_PROGRESS}
        case ClockName.FEEDBACK:
            return bool(view["untold"]) if "untold" in view else status == Status.AWAITING_CONFIRMATION
        case ClockName.FOLLOW_UP:
            # A neutral rating leaves the case open, and the follow-up is made.
            return view["satisfaction"] is None and status != Status.CLOSED
        case _:
            return status != Status.CLOSED


def _is_before(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) <= datetime.fromisoformat(other)
