"""The kinds of things that need an operator's or a person's attention; `attention_query` finds them in the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.domain.ids import review_id

REPORT = "report"
"""What was not delivered is an analysis report, and its name stands where the number of a case does."""
MAILBOX = "mailbox"
"""It is about a mailbox, or a mail of no case, and the mailbox's name stands where the number of a case does."""
CHANNEL = "channel"
"""It is about a channel, and its name stands where the number of a case does."""
SYSTEM = "webhook"
"""It is about the webhook of a system, and the system's name stands where the number of a case does."""


class AttentionReason(StrEnum):
    """Why somebody should look."""

    NOT_STARTED = "not_started"
    """Registered, but its workflow is not known to exist."""
    NOT_OPENED = "not_opened"
    """Its workflow exists, but no worker has opened the case."""
    NOT_ACTING = "not_acting"
    """A deadline has passed and the case did not act on it: no worker, or one that keeps failing."""
    FAULT = "fault"
    """A rule failed at a command, which was refused, or at a clock, which has stopped; `what` it was."""
    OVERDUE = "overdue"
    """A deadline of the present cycle was missed and is not made good yet."""
    UNACKNOWLEDGED = "unacknowledged"
    """An escalation waits for the person it went to."""
    UNTOLD = "untold"
    """No channel leads to the customer, and nobody has told them yet (R43); `who` has to."""
    UNDELIVERABLE = "undeliverable"
    """A notification failed for good."""
    UNDELIVERED = "undelivered"
    """A notification has been waiting for long."""
    CHANNEL_FAILING = "channel_failing"
    """A channel has carried nothing for an hour, and failed several times; its name stands where a number does."""
    WEBHOOK_FAILING = "webhook_failing"
    """A system was not told of events, or has not been for long; its name stands where a number does (R47)."""
    MAILBOX_FAILING = "mailbox_failing"
    """A mailbox cannot be read, or nobody has for ten minutes; its name stands where a number does."""
    MAIL_ASIDE = "mail_aside"
    """A mail of which a person has to say what becomes of it; `who` sent it, `error` says why (R42)."""
    NOT_ARCHIVED = "not_archived"
    """A closed case could not be archived, or not be masked (R28)."""
    TASK_LATE = "part_late"
    """A department has not answered in time what it was asked for (R18); `who` it was escalated to last."""
    UNREADABLE = "unreadable"
    """Its row of the record is damaged: `error` says what cannot be read."""
    REVIEW_LATE = "review_late"
    """The report of a review, its approval or one of its measures is late."""
    PERSON_LEFT = "person_left"
    """It waits for somebody who is not in the organisation any more (R35): a case (`what` is owner or escalation), or
    the task of the department that `what` names.
    """
    REVIEW_PERSON_LEFT = "review_person_left"
    """A review waits for somebody who is not in the organisation any more."""
    REVIEW_NOT_OPENED = "review_not_opened"
    """A closing called for a review, and nobody has begun it."""
    REVIEW_NOT_ACTING = "review_not_acting"
    """A deadline of a review has passed and it did not act on it."""


_OF_REVIEWS = frozenset({
    AttentionReason.REVIEW_LATE, AttentionReason.REVIEW_NOT_OPENED, AttentionReason.REVIEW_NOT_ACTING,
    AttentionReason.REVIEW_PERSON_LEFT,
})  # fmt: skip


@dataclass(frozen=True)
class Attention:
    """One thing to look at. `what` is a clock's or a message's name, or the step of a review that is owed; `who` the
    person's id that has to act or was not reached, `error` what the last attempt said.
    """

    number: str
    reason: AttentionReason
    since: datetime
    what: str | None = None
    who: str | None = None
    error: str | None = None

    @property
    def workflow(self) -> str:
        """The id of what it is about in Temporal: the case, or the review its closing called for."""
        return review_id(self.number) if self.reason in _OF_REVIEWS else self.number
