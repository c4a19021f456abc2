"""Workflow ids, made and read, and the names of workflow types. Operators search for both in Temporal's Web UI.

A case's id is its number; what belongs to a case has the number, a slash and more.
"""

from __future__ import annotations

CASE, COLLABORATION, REVIEW = "Case", "Collaboration", "Review"
"""Workflow types of the durable objects: a case, a department's task in it, a review of closed cases."""
ARCHIVE, REPORT, SWEEP = "Archive", "Report", "Sweep"
"""Workflow types that Schedules start."""

_REVIEW = "/review"


def task_workflow_id(number: str, department: str, round_: int) -> str:
    """`<number>/<department>`, and `/2` for a second round after the first ended."""
    return f"{number}/{department}" if round_ == 1 else f"{number}/{department}/{round_}"


def review_id(number: str) -> str:
    """The review that the closing of this case called for."""
    return f"{number}{_REVIEW}"


def is_review(workflow_id: str) -> bool:
    """Whether it is a review's."""
    return workflow_id.endswith(_REVIEW)


def case_number(workflow_id: str) -> str:
    """The case it belongs to, or is."""
    return workflow_id.partition("/")[0]
