"""A story: what a customer sends in, who then does what, and how it has to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starter.demo.outside.correspondent import Letter
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import CUSTOMER, Via

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord
    from starter.demo.actor import Actor


@dataclass(frozen=True)
class Story:
    """`opens` is a virtual moment, at which the customer `sends` a form or a letter; `play` does what people do; `ends`
    names what has to be true at the end.
    """

    key: str
    title: str
    opens: datetime
    sends: dict[str, Any] | Letter
    play: Callable[[Actor], Awaitable[None]]
    resolution: str
    ends: dict[str, Callable[[CaseRecord], bool]] = field(default_factory=dict)

    def faults(self, file: CaseRecord | None) -> list[str]:
        """What is not as the story says."""
        if file is None or file.view is None:
            return ["没有建立案件 the case was never opened"]
        found = []
        if file.view["resolution"] != self.resolution:
            found.append(f"结果应为 resolution should be {self.resolution}, is {file.view['resolution']}")
        return found + [what for what, holds in self.ends.items() if not holds(file)]


def happened(file: CaseRecord, kind: EventKind, **detail: Any) -> int:
    """How often something is in the timeline."""
    return sum(
        entry["kind"] == kind and all(_detail(entry).get(key) == value for key, value in detail.items())
        for entry in file.timeline
    )


def said(file: CaseRecord, kind: EventKind, via: Via) -> bool:
    """Whether the customer said it in that way, with their own hand."""
    return any(
        (entry["kind"], entry["by"], entry["via"]) == (kind, CUSTOMER, via) and "relayed_by" not in _detail(entry)
        for entry in file.timeline
    )


def _detail(entry: dict[str, Any]) -> dict[str, Any]:
    found = entry["detail"]
    return found if isinstance(found, dict) else {}
