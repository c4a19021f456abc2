"""Events of cases as rows of the outbox, one for each system that wants to hear of one (R47).

A row is written with the timeline's entry, in one transaction. Its key names that very entry: written again it is the
same row, and an entry that another one takes the place of after a reset is told as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.delivery.status import OutboxStatus
from activities.intake.submission import supply
from activities.privacy.case_masker import CaseMasker
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event
from workflows.domain.model import Json
from workflows.domain.provenance import of_event
from workflows.domain.vocabulary import SYSTEM, WEBHOOK, EventKind

PING = "ping"
"""The type of the event by which a system is tried."""
_OF_THE_CASE = ("number", "status", "priority", "type", "subtype", "department", "owner", "resolution")


@dataclass(frozen=True)
class Subscription:
    """What a system is told of: these events (none: all) of these departments' cases (none: of everybody's)."""

    name: str
    events: frozenset[EventKind] = frozenset()
    departments: frozenset[str] = frozenset()
    contacts: bool = False

    def wants(self, event: Event, view: CaseView) -> bool:
        """Whether it is told of this one."""
        is_wanted = not self.events or event.kind in self.events
        return is_wanted and (not self.departments or bool(self.departments & _concerned(view)))


@dataclass(frozen=True)
class Webhooks:
    """All systems that are told; `localized` gives JSON with its times in the company's zone."""

    subscriptions: tuple[Subscription, ...] = ()
    localized: Callable[[Any], Any] = lambda value: value

    def wants(self, view: CaseView, events: Sequence[Event]) -> bool:
        """Whether anybody is told of any of these."""
        return any(one.wants(event, view) for event in events for one in self.subscriptions)

    def rows(self, view: CaseView, events: Sequence[Event], form: Json, at: datetime) -> list[dict[str, Any]]:
        """The outbox rows of these events; `form` is the intake form before them, `at` the case's time now."""
        after = form
        for event in events:
            after = supply(after, _answers(event))
        wanted = [(one, event) for event in events for one in self.subscriptions if one.wants(event, view)]
        masker = None if all(one.contacts for one, _ in wanted) else CaseMasker(after, [form])
        rows = []
        for one, event in wanted:
            data = _data(view, event, None if one.contacts else masker)
            if one.contacts:
                data["customer"] = after.get("customer")
            text = body(event.kind, event.at, data, self.localized)
            rows.append(_row(one.name, event, view.number, text) | {"created_at": at})
        return rows


def _data(view: CaseView, event: Event, masker: CaseMasker | None) -> Json:
    via, detail = of_event(event.by, event.detail)
    entry: Json = {
        "sequence": event.sequence,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "by": event.by,
        "via": via.value,
        "detail": masker.detail(event.kind, detail) if masker is not None else detail,
    }
    return {**view.model_dump(mode="json", include=set(_OF_THE_CASE)), "entry": entry}


def _row(system: str, event: Event, number: str, text: str) -> dict[str, Any]:
    return {
        "key": f"{number}:{WEBHOOK}:{event.sequence}-{event.at:%Y%m%d%H%M%S%f}:{system}",
        "number": number,
        "sequence": event.sequence,
        "event": event.kind.value,
        "message": WEBHOOK,
        "audience": SYSTEM,
        "recipient": system,
        "channel": WEBHOOK,
        "subject": event.kind.value,
        "text": text,
        **dict.fromkeys(("address", "name", "locale", "html", "short"), ""),
        **dict.fromkeys(("link", "facts", "others", "error")),
        "status": OutboxStatus.PENDING.value,
        "attempts": 0,
    }


def body(type_: str, at: datetime, data: Json, localized: Callable[[Any], Any]) -> str:
    """What a system reads, in one line."""
    said = {"type": type_, "timestamp": localized({"at": at.isoformat()})["at"], "data": localized(data)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _answers(event: Event) -> Json:
    fields = event.detail.get("fields")
    return fields if event.kind is EventKind.SUPPLIED and isinstance(fields, dict) else {}


def _concerned(view: CaseView) -> set[str]:
    """Departments that lead or assist, or have or had a task."""
    tasks = {task.department for task in view.collaborations}
    return {*view.assisting, *tasks, *([view.department] if view.department else [])}
