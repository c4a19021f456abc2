"""The running figures of an audit, and how deadlines are counted into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.faults.histories import ReplayedWorkflow, Step
from workflows.domain.event import Event, EventKind
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import SYSTEM, ClockName

_MOVED_ON = (EventKind.CLOSED, EventKind.REOPENED)


@dataclass
class Tally:
    """Filled in case by case by `run_audit`."""

    events_recorded: int = 0
    events_in_histories: int = 0
    due: dict[str, Event] = field(default_factory=dict)
    """Outbox key -> the event that has to be notified."""
    deadlines_due: int = 0
    deadlines_seen: int = 0
    escalations_due: int = 0
    escalations_came: int = 0
    lateness: float = 0.0
    latest: str = ""
    wrong: list[str] = field(default_factory=list)


def count_deadlines(
    number: str, replayed: ReplayedWorkflow, entries: Sequence[Any], time: VirtualTime, tally: Tally
) -> None:
    """Every deadline that passed while the case ran has one entry in its timeline, and every lapse its escalation."""
    recorded = {entry.sequence: entry.recorded_at for entry in entries}
    came = Counter(_cause(event) for event in replayed.events if _cause(event) is not None)
    tally.wrong += [f"{number}: {cause} came {count} times" for cause, count in came.items() if count > 1]
    for before, after in pairwise(replayed.steps):
        _passed(number, before, after, tally)
    for event, following in pairwise([*replayed.events, None]):
        if event is None:
            continue
        if event.kind is EventKind.LAPSED:
            tally.escalations_due += 1
            if following is not None and _escalates(following, event):
                tally.escalations_came += 1
            else:
                tally.wrong.append(f"{number} #{event.sequence}: {event.detail['clock']} lapsed and nothing escalated")
        if (due := _due(event)) is None:
            continue
        tally.deadlines_due += 1
        if event.sequence in recorded:
            tally.deadlines_seen += 1
            late = (time.real(recorded[event.sequence]) - time.real(due)).total_seconds()
            if late > tally.lateness:
                tally.lateness, tally.latest = late, f"{number} #{event.sequence} {event.detail['clock']}"


def _passed(number: str, before: Step, after: Step, tally: Tally) -> None:
    """Of the deadlines that ran after one step, those that had passed when the next one began."""
    deadlines: Any = before.view.deadlines
    if not after.events or not deadlines or not hasattr(before.view, "escalation_level"):
        return
    now = after.events[0].at
    seen = {(event.detail.get("clock"), _due(event)) for event in after.events if _due(event) is not None}
    kinds = {event.kind for event in after.events}
    passed = sorted((one for one in deadlines if one.due is not None and one.due <= now), key=lambda one: one.due)
    for index, one in enumerate(passed):
        # The first to fall due cannot have been overtaken by anything. A later one can: a lapse before it may have
        # closed the case, or have restarted its escalation.
        overtaken = index > 0 and (
            not kinds.isdisjoint(_MOVED_ON) or (one.clock is ClockName.ESCALATION and EventKind.ESCALATED in kinds)
        )
        closed_it = EventKind.CLOSED in kinds and one.clock in {ClockName.CONFIRMATION, ClockName.RATING}
        if overtaken:
            continue
        if not closed_it and (one.clock.value, one.due) not in seen:
            tally.deadlines_due += 1
            tally.wrong.append(
                f"{number} #{after.events[0].sequence}: {one.clock} was due {one.due.isoformat()} and passed unnoticed"
            )


def _due(event: Event) -> datetime | None:
    """The due time of the deadline that an entry stands for; None for any other, warnings before it included."""
    if event.kind not in {EventKind.LAPSED, EventKind.WARNED} or "share" in event.detail:
        return None
    due = event.detail.get("due")
    return datetime.fromisoformat(due) if isinstance(due, str) else None


def _cause(event: Event) -> str | None:
    due = _due(event)
    return f"{event.detail['clock']} due {due.isoformat()} ({event.kind})" if due is not None else None


def _escalates(event: Event, lapse: Event) -> bool:
    return event.kind is EventKind.ESCALATED and event.by == SYSTEM and event.detail.get("why") == lapse.detail["clock"]
