"""Workflow ids, made and read, and the names of workflow types. Operators search for both in Temporal's Web UI.

A case's id is its number; what belongs to a case has the number, a slash and more.
"""

from __future__ import annotations

from datetime import date, datetime

CASE, COLLABORATION, REVIEW = "Case", "Collaboration", "Review"
"""Workflow types of the durable objects: a case, a department's task in it, a review of closed cases."""
ARCHIVE, REPORT, SWEEP = "Archive", "Report", "Sweep"
"""Workflow types that Schedules start."""
MAILBOX = "Mailbox"
"""Workflow type that watches a mailbox."""

RECORD_MARKER = "RecordMarker"
"""Type of a workflow that never runs, whose memo says how new the record is (`worker.temporal.generation`)."""
INTAKE_MEMO = "intake"
"""Key of a case's memo that holds the fingerprint of the submission it began with."""

_REVIEW = "/review"


def number_of(day: date, serial: int | None = None) -> str:
    """The feedback number (R2); without a serial, what all numbers of that day begin with."""
    return f"FB{day:%Y%m%d}" + (f"{serial:04d}" if serial is not None else "")


def day_of(number: str) -> date:
    """The company's day on which a number was given out.

    Raises:
        ValueError: it is no feedback number.
    """
    return datetime.strptime(number[2:10], "%Y%m%d").date()  # noqa: DTZ007 - a day, whose zone is the company's


def is_number(value: object) -> bool:
    """Whether it looks like a feedback number."""
    return isinstance(value, str) and value.startswith("FB") and value[2:].isdecimal()


def serial_of(number: str) -> int:
    """Which number of its day it is; 0 for a text that is none."""
    serial = number[10:]
    return int(serial) if serial.isdecimal() else 0


def task_workflow_id(number: str, department: str, round_: int) -> str:
    """`<number>/<department>`, and `/2` for a second round after the first ended."""
    return f"{number}/{department}" if round_ == 1 else f"{number}/{department}/{round_}"


def mailbox_id(name: str) -> str:
    """The workflow that watches a mailbox."""
    return f"bihuan-mailbox-{name}"


def review_id(number: str) -> str:
    """The review that the closing of this case called for."""
    return f"{number}{_REVIEW}"


def is_review(workflow_id: str) -> bool:
    """Whether a workflow id is a review's."""
    return workflow_id.endswith(_REVIEW)


def case_number(workflow_id: str) -> str:
    """The number of the case that a workflow id is, or belongs to."""
    return workflow_id.partition("/")[0]
