"""One case as the record has it, and its JSON: read with nothing but the database's driver, so that it is quick."""

from __future__ import annotations

from typing import Any

from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord, read_case_record
from starter.services.reviews.reading import review_for, review_of_case
from worker.installation.company_time import CompanyTime, RecordSettings
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

_ALWAYS = (
    "number", "status", "resolution", "priority", "type", "subtype", "department", "owner",
    "escalation_level", "reopened", "breaches", "deadlines",
)  # fmt: skip
"""Keys every case has, also one that no worker has opened yet; their values are null then."""


def unknown_case(number: str) -> Problem:
    """What to answer where a number belongs to no case."""
    return Problem(f"{number}: there is no such case; bihuan list shows the cases")


async def describe_case(settings: RecordSettings, number: str, company: CompanyTime) -> dict[str, Any]:
    """Everything about one case, as `bihuan show --json` has it: `case_json` with its timeline and `files`, and where
    there are such, `archive` (its file, checksum and when), `suggestions` (articles and cases like it) and `review`.

    Raises:
        Problem: there is no such case, or the database cannot be read.
    """
    record = await read_case_record(DatabaseUrl.parse(settings.database), number)
    if record is None:
        raise unknown_case(number)
    return await describe_record(settings, record, company)


async def describe_record(settings: RecordSettings, record: CaseRecord, company: CompanyTime) -> dict[str, Any]:
    """Everything about a case that has been read already, as `describe_case` has it.

    Raises:
        Problem: the database cannot be read.
    """
    address, number = DatabaseUrl.parse(settings.database), record.number
    shown = case_json(record, company, timeline=True)
    shown["files"] = [company.localized(file) for file in await _files(address, number)]
    if archived := await _archive_status(address, record):
        shown["archive"] = company.localized(archived)
    if suggestions := await _suggestions(address, record):
        shown["suggestions"] = company.localized(suggestions)
    if review := await review_for(settings, number):
        shown["review"] = review_of_case(review, company)
    return shown


def case_json(record: CaseRecord, company: CompanyTime, *, timeline: bool) -> dict[str, Any]:
    """The case with its times in the company's zone; `form` is what the customer gave, as it stands now."""
    known: dict[str, Any] = {
        **dict.fromkeys(_ALWAYS),
        "number": record.number,
        "channel": record.channel,
        "received_at": record.received_at,
        "started_at": record.started_at,
        **(record.view or {}),
    }
    shown: dict[str, Any] = company.localized(known)
    shown["form"] = record.form
    if record.fault:
        shown["fault"] = record.fault
    if timeline:
        shown["timeline"] = company.localized(list(record.timeline))
    return shown


async def customer_view(
    settings: RecordSettings, number: str, contact: str, locale: Locale | None
) -> dict[str, Any] | None:
    """What the customer with this phone number or mail address may know of a case (R30); None where number and
    contact do not belong together.

    Raises:
        Problem: the database cannot be read.
    """
    from activities.queries.customer_view import read_customer_view

    return await read_customer_view(DatabaseUrl.parse(settings.database), number, contact, locale)


async def _archive_status(address: DatabaseUrl, record: CaseRecord) -> dict[str, Any] | None:
    """`file`, `sha256`, `archived_at` and `masked_at`; None for a case that is open, or not archived."""
    if record.view is None or record.view.get("closed_at") is None:
        return None
    from activities.archive.status import archive_status

    return await archive_status(address, record.number)


async def _files(address: DatabaseUrl, number: str) -> list[dict[str, Any]]:
    """A database of an earlier release has none: its cases are shown all the same."""
    from activities.database.reader import open_reader
    from activities.files.listing import read_case_files

    try:
        async with open_reader(address) as reader:
            return await read_case_files(reader, number)
    except Problem:
        return []


async def _suggestions(address: DatabaseUrl, record: CaseRecord) -> dict[str, Any] | None:
    """Articles, earlier cases and open ones like it; None for a case that is closed or was not opened yet.

    A database that has no knowledge base yet has no suggestions: the case is shown all the same.
    """
    if record.view is None or record.view.get("closed_at") is not None:
        return None
    from activities.database.reader import open_reader
    from activities.knowledge.suggestion import suggest

    view: dict[str, Any] = dict(record.view)
    try:
        async with open_reader(address) as reader:
            return await suggest(reader, record.number, record.form, type=view.get("type"), subtype=view.get("subtype"))
    except Problem:
        return None
