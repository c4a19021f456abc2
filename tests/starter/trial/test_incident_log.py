"""A real ticket system's log, turned into one that can be tried (rows made up here)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from starter.admin import run
from tests.starter.trial.incident_log import log_of

_HEADER = (
    "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,"
    "sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,"
    "cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,"
    "rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at"
)
_COLUMNS = next(csv.reader([_HEADER]))
_MODERATE, _HIGH = "3 - Moderate", "2 - High"


def row(number: str, state: str, updated: str, **changes: Any) -> dict[str, str]:
    """One update of an incident that was opened on Monday, 11 May 2026, at 09:00."""
    plain = dict.fromkeys(_COLUMNS, "?") | {
        "number": number,
        "incident_state": state,
        "reassignment_count": "0",
        "reopen_count": "0",
        "caller_id": "Caller 7",
        "opened_at": "11-05-2026 09:00",
        "sys_updated_at": updated,
        "contact_type": "Phone",
        "category": "Category 5",
        "subcategory": "Subcategory 1",
        "u_symptom": "Symptom 3",
        "priority": _MODERATE,
        "assignment_group": "Group 2",
        "assigned_to": "Resolver 9",
        "closed_code": "code 6",
    }
    return plain | changes


ROWS = [
    row("INC1", "New", "11-05-2026 09:05"),
    row("INC1", "Active", "11-05-2026 10:00"),
    row("INC1", "Awaiting User Info", "11-05-2026 11:00"),
    row("INC1", "Active", "12-05-2026 11:00", reassignment_count="1", priority=_HIGH, assigned_to="?"),
    row("INC1", "Resolved", "12-05-2026 12:00", reassignment_count="1", priority=_HIGH),
    row("INC1", "Active", "12-05-2026 13:00", reassignment_count="1", reopen_count="1", priority=_HIGH),
    row("INC1", "Resolved", "12-05-2026 14:00", reassignment_count="1", reopen_count="1", priority=_HIGH),
    row("INC1", "Closed", "13-05-2026 09:00", reassignment_count="1", reopen_count="1", priority=_HIGH),
    row("INC2", "New", "11-05-2026 09:05", contact_type="Self service"),
    row("INC2", "Closed", "11-05-2026 16:00", contact_type="Self service"),
]


def as_read(rows: list[dict[str, str]]) -> csv.DictReader[str]:
    """The rows as they come out of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return csv.DictReader(io.StringIO(text.getvalue()))


def test_every_update_becomes_what_the_rules_know() -> None:
    lines = list(log_of(as_read(ROWS)))
    said = [(one["at"][5:], one["signal"], one["by"]) for one in lines if one["key"] == "INC1" and "signal" in one]
    assert said == [
        ("05-11T10:00", "reply", "Resolver 9"),
        ("05-11T11:00", "request_info", "Resolver 9"),
        ("05-12T11:00", "supply", "customer"),
        ("05-12T11:00", "classify", "owner"),
        ("05-12T11:00", "assign", "owner"),
        ("05-12T11:00", "progress", "owner"),
        ("05-12T12:00", "resolve", "Resolver 9"),
        ("05-12T13:00", "refuse", "customer"),
        ("05-12T13:00", "reply", "Resolver 9"),
        ("05-12T14:00", "resolve", "Resolver 9"),
        ("05-13T09:00", "confirm", "customer"),
    ]
    assert [one["open"]["channel"] for one in lines if "open" in one] == ["hotline", "portal"]
    assert [one["open"]["priority"] for one in lines if "open" in one] == ["P2", "P2"]
    assert [one["signal"] for one in lines if one["key"] == "INC2" and "signal" in one] == ["resolve", "confirm"]


def test_a_real_log_can_be_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text("\n".join(map(json.dumps, log_of(as_read(ROWS)))), "utf-8")
    assert run(["trial", "log.jsonl", "--policy", "standard", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["trial"]
    assert (found["cases"], found["reopened"], found["closed"]) == (2, 1, {"accepted": 2})
    # INC1 is answered after an hour; INC2 is only ever resolved, after seven.
    response = found["attainment"]["response"]
    assert (response["P2"]["met"], response["P2"]["missed"]) == (1, 1)
    assert found["refused"] == []
    assert found["stand_ins"] == {"Resolver 9": 6}
