"""What services answer to a submission and to a command, and the states of what they list; light, for modules that only
read the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from activities.delivery.status import OutboxStatus

MESSAGE_STATUSES: Final = tuple(map(str, OutboxStatus))
"""The states of a message in the outbox."""
REVIEW_STATUSES: Final = ("writing", "awaiting_approval", "following", "done")
"""How far a review may be; the last is over."""


@dataclass(frozen=True)
class CommandResult:
    """The outcome of a command; `reason` says why it was rejected, or why it is still queued."""

    number: str
    command: str
    command_id: str
    outcome: Literal["accepted", "rejected", "queued"]
    reason: str | None = None


@dataclass(frozen=True)
class Accepted:
    """A registered submission.

    `created` is False when it was a case already, by its intake key or as the same form a moment ago; `started` is
    False when Temporal did not answer: a worker starts the case as soon as it can.
    """

    number: str
    created: bool
    started: bool
