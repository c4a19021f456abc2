"""What happened to a case, and whom that has to be told: the timeline is made of these (R14)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from workflows.domain.model import Fact, Instant, Json
from workflows.domain.vocabulary import Audience


class EventKind(StrEnum):
    """Every kind of entry a timeline can have."""

    CREATED = "created"
    CLASSIFIED = "classified"
    INFORMATION_REQUESTED = "information_requested"
    SUPPLIED = "supplied"
    DISPATCHED = "dispatched"
    HANDED_OVER = "handed_over"
    CLAIMED = "claimed"
    REPLIED = "replied"
    PROGRESSED = "progressed"
    WARNED = "warned"
    LAPSED = "lapsed"
    ESCALATED = "escalated"
    DEPARTMENT_INVOLVED = "department_involved"
    COLLABORATION_STARTED = "collaboration_started"
    COLLABORATION_ASSIGNED = "collaboration_assigned"
    COLLABORATION_CLAIMED = "collaboration_claimed"
    COLLABORATION_LATE = "collaboration_late"
    COLLABORATION_ESCALATED = "collaboration_escalated"
    CONTRIBUTED = "contributed"
    COLLABORATION_ENDED = "collaboration_ended"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FEEDBACK_GIVEN = "feedback_given"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    RATED = "rated"
    REOPENED = "reopened"
    NOTED = "noted"
    RETIMED = "retimed"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    CLOSED = "closed"


class Message(StrEnum):
    """Every notification there is; each has a template of this name for its audience."""

    # To the customer.
    CREATED = "created"
    INFORMATION_REQUESTED = "information_requested"
    INFORMATION_REMINDER = "information_reminder"
    REPLIED = "replied"
    PROGRESSED = "progressed"
    ESCALATED_CUSTOMER = "escalated_customer"
    RESULT = "result"
    CONFIRMATION_REMINDER = "confirmation_reminder"
    QUESTIONNAIRE = "questionnaire"
    RATING_REMINDER = "rating_reminder"
    REOPENED_CUSTOMER = "reopened_customer"
    CLOSED = "closed"
    # To staff.
    DISPATCHED = "dispatched"
    ASSISTING = "assisting"
    COLLABORATION_ASKED = "collaboration_asked"
    COLLABORATION_REMINDER = "collaboration_reminder"
    COLLABORATION_WARNING = "collaboration_warning"
    COLLABORATION_LATE = "collaboration_late"
    COLLABORATION_ESCALATED = "collaboration_escalated"
    COLLABORATION_ANSWERED = "collaboration_answered"
    COLLABORATION_ENDED = "collaboration_ended"
    DUTY_ALERT = "duty_alert"
    HANDED_OVER = "handed_over"
    CLAIM_REMINDER = "claim_reminder"
    CLAIM_LAPSED = "claim_lapsed"
    RESPONSE_WARNING = "response_warning"
    RESPONSE_BREACHED = "response_breached"
    PROGRESS_DUE = "progress_due"
    PROGRESS_MISSED = "progress_missed"
    RESOLUTION_WARNING = "resolution_warning"
    RESOLUTION_BREACHED = "resolution_breached"
    ESCALATED = "escalated"
    SUPPLIED = "supplied"
    SUPPLEMENT_OVERDUE = "supplement_overdue"
    FEEDBACK_DUE = "feedback_due"
    FEEDBACK_OVERDUE = "feedback_overdue"
    FOLLOW_UP_DUE = "follow_up_due"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    SILENT_CUSTOMER = "silent_customer"
    REOPENED = "reopened"
    CLOSED_STAFF = "closed_staff"
    UNDELIVERABLE = "undeliverable"


class Notice(Fact):
    """One person to be told one thing.

    `recipient` is a person's id or `customer`; `key` names the fact behind it within the case
    (`created:open`, `response_breached:response:2026-…`), so that the same fact is never told twice.
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
