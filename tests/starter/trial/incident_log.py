"""A ServiceNow incident log (CSV, one row an update) as a log for `bihuan trial`.

    python -m tests.starter.trial.incident_log incidents.csv > incidents.jsonl

What the rows say becomes what the rules know: Active is the first answer and then progress, Awaiting User Info asks
the customer, Resolved is the solution, Closed its acceptance, a further reopening its refusal, a further
reassignment a handover. The priority is taken over: 1 - Critical is P0. Times are day-first, without a zone.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from workflows.domain.vocabulary import Channel, Priority

Row = Mapping[str, str]
Line = dict[str, Any]

_PRIORITIES = {str(number): priority for number, priority in enumerate(Priority, start=1)}
_CHANNELS = {"Phone": Channel.HOTLINE, "IVR": Channel.HOTLINE, "Email": Channel.EMAIL, "Self service": Channel.PORTAL}
_AWAITING = "Awaiting "
_USER_INFO = "Awaiting User Info"


def log_of(rows: Iterable[Row]) -> Iterator[Line]:
    """The lines of every incident, one incident after the other; rows of one are together and in their order."""
    for number, updates in groupby(rows, key=lambda row: row["number"]):
        yield from _incident(number, list(updates))


def _incident(number: str, updates: list[Row]) -> Iterator[Line]:
    opened = _moment(updates[0]["opened_at"])
    yield {"at": opened, "key": number, "open": _form(updates[0], opened)}
    answered = False
    before = updates[0]
    for after in updates:
        at = max(_moment(after["sys_updated_at"]), opened)
        for signal, by, given in _signals(before, after, answered=answered):
            answered = signal == "reply" or (answered and signal != "refuse")
            yield {"at": at, "key": number, "signal": signal, "by": by, "with": given}
        before = after


def _signals(before: Row, after: Row, *, answered: bool) -> Iterator[tuple[str, str, Line]]:
    """What one update says, given the one before it (for the first row, itself)."""
    was, state, worker = before["incident_state"], after["incident_state"], _person(after)
    first = before is after
    if not first and was == _USER_INFO != state:
        yield "supply", "customer", {"text": "information given"}
    if not first and int(after["reopen_count"]) > int(before["reopen_count"]):
        answered = False
        yield "refuse", "customer", {"why": "reopened"}
    if after["priority"] != before["priority"]:
        yield "classify", worker, {"priority": _priority(after), "why": after["priority"]}
    if not first and int(after["reassignment_count"]) > int(before["reassignment_count"]):
        yield "assign", worker, {"why": after["assignment_group"]}
    if state == "Active" or state.startswith(_AWAITING):
        if not answered:
            yield "reply", worker, {"text": state}
        elif state != _USER_INFO:
            yield "progress", worker, {"text": state, "internal": True}
    if state == _USER_INFO and (first or was != state):
        yield "request_info", worker, {"text": "information is needed"}
    if state == "Resolved" and (first or was != state):
        yield "resolve", worker, {"cause": after["closed_code"], "solution": "resolved", "verified": "not_applicable"}
    if state == "Closed" and (first or was != state):
        if was != "Resolved":
            resolution = {"cause": after["closed_code"], "solution": "closed", "verified": "not_applicable"}
            yield "resolve", worker, resolution
        yield "confirm", "customer", {}


def _form(row: Row, opened: str) -> Line:
    what = ", ".join(row[name] for name in ("category", "subcategory", "u_symptom") if row[name] != "?")
    return {
        "channel": _CHANNELS.get(row["contact_type"], Channel.FORM).value,
        "customer": {"name": row["caller_id"], "kind": "individual", "other": row["caller_id"]},
        "product": row["category"],
        "type": "technical",
        "occurred_at": opened,
        "description": {"symptom": f"Incident: {what}", "steps": "not recorded"},
        "priority": _priority(row),
        "priority_reason": row["priority"],
    }


def _person(row: Row) -> str:
    return row["assigned_to"] if row["assigned_to"] != "?" else "owner"


def _priority(row: Row) -> str:
    return _PRIORITIES.get(row["priority"][:1], Priority.P3).value


def _moment(text: str) -> str:
    return datetime.strptime(text, "%d-%m-%Y %H:%M").strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the log has no zone


def main() -> None:
    """Read the CSV named on the command line, write JSON Lines."""
    with Path(sys.argv[1]).open(encoding="utf-8-sig", newline="") as file:
        for line in log_of(csv.DictReader(file)):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
