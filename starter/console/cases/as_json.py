"""A case as programs get it: the keys of `bihuan show --json` and `bihuan list --json`."""

from __future__ import annotations

from typing import Any

from activities.queries.case_record import CaseRecord
from worker.installation.company_time import CompanyTime

_ALWAYS = (
    "number", "status", "resolution", "priority", "type", "subtype", "department", "owner",
    "escalation_level", "reopened", "breaches", "deadlines",
)  # fmt: skip
"""Keys every case has, also one that no worker has opened yet; their values are null then."""


def case_json(file: CaseRecord, company: CompanyTime, *, timeline: bool) -> dict[str, Any]:
    """The case with its times in the company's zone; `form` is what the customer gave, as it stands now."""
    known: dict[str, Any] = {
        **dict.fromkeys(_ALWAYS),
        "number": file.number,
        "channel": file.channel,
        "received_at": file.received_at,
        "started_at": file.started_at,
        **(file.view or {}),
    }
    shown: dict[str, Any] = company.localized(known)
    shown["form"] = file.form
    if timeline:
        shown["timeline"] = company.localized(list(file.timeline))
    return shown
