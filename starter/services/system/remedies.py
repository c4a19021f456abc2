"""What a person can do about each kind of drift between the record and Temporal, in one line."""

from __future__ import annotations

import shlex

from activities.queries.monitoring.sweeps import Drift, DriftReason
from workflows.domain.ids import is_review

_WHY = "bihuan stuck"


def remedy(one: Drift) -> str:
    """The command or step that helps; `temporal` reads the same `TEMPORAL_*` variables as `bihuan`."""
    is_case = one.workflow == one.number
    match one.reason:
        case DriftReason.WORKFLOW_ENDED if one.what == "completed":
            return (
                "the record lacks its last steps, such as after an older backup: bring a newer one back; "
                "the steps are in its history in the Web UI"
            )
        case DriftReason.WORKFLOW_ENDED:
            return f"let it go on from its last step: {_temporal('reset', one, '--type', 'LastWorkflowTask')}"
        case DriftReason.WORKFLOW_MISSING if is_case:
            return (
                "bring Temporal's store back from a backup that has it, or connect to the server that has it; where "
                f"there is none, open the issue anew with the form in: bihuan show {one.number} --json, and close this "
                f"one: bihuan close-lost {one.number} --as operator --why ..."
            )
        case DriftReason.WORKFLOW_MISSING if is_review(one.workflow):
            return "bring Temporal's store back from a backup that has it; the case itself is closed and needs nothing"
        case DriftReason.WORKFLOW_MISSING:
            return f"nobody can answer it now: the owner goes on without it (bihuan resolve {one.number} --why-open)"
        case DriftReason.STILL_RUNNING:
            return (
                "see in the Web UI what it waits for; only where the record is not an older one and nothing is owed: "
                f"{_temporal('terminate', one)}"
            )
        case DriftReason.RECORD_BEHIND:
            return (
                "let it write its state again: "
                f"bihuan note {one.number} --as operator --text ...; the steps between are in its history in the Web UI"
            )
        case DriftReason.RECORD_AHEAD:
            return (
                "Temporal's store is older than the record, such as after an older backup: do again what "
                f"bihuan show {one.number} says was done since"
            )
        case DriftReason.NOT_IN_RECORD:
            return (
                "the record is older than Temporal's store, or of another installation: bring a newer backup of the "
                "database back; only one that no backup and nobody knows is ended with: "
                f"{_temporal('terminate', one)}"
            )
        case DriftReason.NUMBER_TAKEN:
            return (
                "the record is older than Temporal's store, or another installation uses this namespace: bring the "
                "newest backup of the database back; where there is none: bihuan doctor --mend gives it a number of "
                "its own, and its customer has to hear of that"
            )
        case DriftReason.DELIVERY_UNENDING:
            name = shlex.quote(one.workflow)
            return (
                f"see why: temporal activity describe --activity-id {name}; end it with: temporal activity terminate "
                f"--activity-id {name} --reason '{_WHY}'; if its message still waits, the next sweep delivers it"
            )


def _temporal(what: str, one: Drift, *more: str) -> str:
    return shlex.join(["temporal", "workflow", what, "--workflow-id", one.workflow, *more, "--reason", _WHY])
