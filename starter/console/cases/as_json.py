"""A case as programs get it: the keys of `bihuan show --json` and `bihuan list --json`."""

from __future__ import annotations

from typing import Any

from activities.queries.case_record import CaseRecord
from worker.installation.company_time import CompanyTime
from worker.installation.reading_settings import ReadingSettings
from workflows.domain.problem import Problem

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


async def archived_as(place: ReadingSettings, file: CaseRecord) -> dict[str, Any] | None:
    """`file`, `sha256`, `archived_at` and `masked_at`; None for a case that is open, or not archived."""
    if file.view is None or file.view["closed_at"] is None:
        return None
    from activities.archive.status import archive_status
    from activities.database.url import DatabaseUrl

    return await archive_status(DatabaseUrl.parse(place.database), file.number)


async def suggestions_for(place: ReadingSettings, file: CaseRecord) -> dict[str, Any] | None:
    """Articles, earlier cases and open ones like it; None for a case that is closed or was not opened yet.

    A database that has no knowledge base yet has no suggestions: the case is shown all the same.
    """
    if file.view is None or file.view["closed_at"] is not None:
        return None
    from activities.database.reader import open_reader
    from activities.database.url import DatabaseUrl
    from activities.knowledge.suggestion import suggest

    view: dict[str, Any] = dict(file.view)
    try:
        async with open_reader(DatabaseUrl.parse(place.database)) as reader:
            return await suggest(reader, file.number, file.form, type=view["type"], subtype=view["subtype"])
    except Problem:
        return None
