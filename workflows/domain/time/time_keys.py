"""Which keys of stored JSON hold times: known by their names, never guessed from what a text looks like."""

from __future__ import annotations

from typing import Final

TIME_KEYS: Final = frozenset({
    # Views of cases, departments' tasks and reviews, their deadlines and breaches.
    "approved_at", "arrived_at", "asked_at", "at", "claimed_at", "closed_at", "correctable_until", "done_at", "due",
    "ended_at", "escalated_at", "expected_resolution", "late_at", "next", "opened_at", "received_at", "resolved_at",
    "responded_at", "retractable_until", "started", "unanswered_since", "until", "updated_at",
    # Details of events.
    "acknowledge_by", "answer_due", "claim_due", "closes_at", "previous_due", "resolution_due", "response_due", "since",
    # Rows of the register, timeline, outbox, archive and knowledge base.
    "archived_at", "created_at", "drafted_at", "failed_at", "masked_at", "recorded_at", "sent_at", "started_at",
    # What a customer is shown of answer and solution.
    "given", "promised",
})  # fmt: skip
"""Their values are null or times in ISO 8601 with their offset (or objects, whose own keys count)."""

ALL_TIMES: Final = "moved"
"""Its object holds nothing but times, whatever their keys: the deadlines before and after a change of policy."""

FREE_KEYS: Final = frozenset({"fields", "form", "open", "with"})
"""What people wrote, under keys of a form or a command: nothing in it is a time."""
