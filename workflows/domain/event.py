"""Events, the entries of a timeline, and the notices to people that go with them (R14)."""

from __future__ import annotations

from pydantic import Field

from workflows.domain.model import Fact, Instant, Json
from workflows.domain.vocabulary import Audience, EventKind, Message

__all__ = ["Event", "EventKind", "Message", "Notice"]


class Notice(Fact):
    """One message to one person, not rendered yet.

    `recipient` is a person's id or `customer`; `key` names the fact behind it within the case
    (`created:open`, `response_breached:response:2026-…`), so that nobody gets the same message twice.
    """

    message: Message
    audience: Audience
    recipient: str
    key: str
    facts: Json = Field(default_factory=dict)


class Event(Fact):
    """One entry of the timeline. `sequence` starts at 1 and has no gaps; `by` is a person's id,
    `customer`, `operator` or `system`.
    """

    sequence: int
    at: Instant
    kind: EventKind
    by: str
    detail: Json = Field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    command_id: str | None = None
    """Of the command it came of; None: of the time, or of the case itself."""
