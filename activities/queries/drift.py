"""Where the record and Temporal do not say the same; what a sweep of the whole installation finds."""

from __future__ import annotations

from enum import StrEnum

from workflows.domain.model import Fact, Instant


class DriftReason(StrEnum):
    """What does not fit together."""

    WORKFLOW_MISSING = "workflow_missing"
    """The record says open, and Temporal does not know it."""
    WORKFLOW_ENDED = "workflow_ended"
    """The record says open, and its workflow was terminated, cancelled, failed, timed out or completed."""
    STILL_RUNNING = "still_running"
    """The record says that it is over, and its workflow runs."""
    RECORD_BEHIND = "record_behind"
    """Its workflow has taken steps that the record does not have."""
    RECORD_AHEAD = "record_ahead"
    """The record has steps that its workflow never took."""
    NOT_IN_RECORD = "not_in_record"
    """A workflow of a case runs whose number nobody has registered."""
    DELIVERY_UNENDING = "delivery_unending"
    """A delivery goes on for longer than any message is tried."""


class Drift(Fact):
    """One thing to look at.

    `number` is the case's; `workflow` the id, in Temporal, of the case, a department's part, a review or a delivery;
    `since` the wall clock when a sweep first saw it; `what` says how the workflow ended, or how far both are.
    """

    number: str
    reason: DriftReason
    workflow: str
    since: Instant
    what: str | None = None

    @property
    def is_of_a_workflow(self) -> bool:
        """Whether `workflow` is one; a delivery is an activity of its own."""
        return self.reason is not DriftReason.DELIVERY_UNENDING

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same at the next sweep."""
        return self.workflow, self.reason
