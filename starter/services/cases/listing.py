"""Lists out of the record: cases that fit a filter, and the messages of cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activities.database.database import Database
from activities.queries.case_filter import Filter
from activities.queries.cases import Cases, OutboxEntry
from starter.services.cases.reading import case_json, unknown_case
from starter.services.reviews.reading import review_of_case, reviews_by_case
from worker.installation.company_time import CompanyTime, RecordSettings
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord
    from worker.installation.installation import Installation
    from worker.installation.settings import Settings

_PORTION = 200
_MOST_LOOKED_AT = 2_000
"""Cases for one page, so that whoever may read few waits no longer than others."""


async def list_cases(settings: RecordSettings, wanted: Filter, company: CompanyTime) -> list[dict[str, Any]]:
    """Cases that fit, as `case_json` without timelines, each with its `review` where one covers it; the latest
    received first.

    Raises:
        Problem: the database cannot be read.
    """
    async with _reading(settings) as database:
        records = await Cases(database).list(wanted)
    return await as_listed(settings, records, company)


async def as_listed(
    settings: RecordSettings, records: Sequence[CaseRecord], company: CompanyTime
) -> list[dict[str, Any]]:
    """These cases as `list_cases` has them."""
    shown = [case_json(record, company, timeline=False) for record in records]
    reviews = await reviews_by_case(settings)
    for case in shown:
        if review := reviews.get(case["number"]):
            case["review"] = review_of_case(review, company)
    return shown


@dataclass(frozen=True)
class CasePage:
    """Some cases; `after` is the last that was looked at, in another order than by receipt how many were, and None
    where none is left.
    """

    cases: list[CaseRecord]
    after: tuple[datetime, str] | int | None = None


async def page_of_cases(installation: Installation, wanted: Filter, may_read: Callable[[CaseRecord], bool]) -> CasePage:
    """At most `wanted.limit` cases that fit and that may be read, from `wanted.after` on.

    A page may be short, or empty, where many were looked at that may not be read.

    Raises:
        Problem: the database cannot be read.
    """
    limit, looked_at = wanted.limit or _PORTION, 0
    after: tuple[datetime, str] | int | None = wanted.after
    found: list[CaseRecord] = []
    while len(found) < limit and looked_at < _MOST_LOOKED_AT:
        # Most may be read, as a rule: then one page is enough, and it shows whether there is another.
        most = limit + 1 if looked_at == 0 else _PORTION
        if wanted.sort == "received":
            portion = replace(wanted, limit=most, after=after if isinstance(after, tuple) else None)
        else:
            portion = replace(wanted, limit=most, offset=wanted.offset + looked_at)
        records = await installation.cases.list(portion)
        for record in records:
            looked_at += 1
            after = (record.received_at, record.number) if wanted.sort == "received" else wanted.offset + looked_at
            if may_read(record):
                found.append(record)
                if len(found) == limit:
                    break
        else:
            if len(records) < most:
                after = None
                break
        if len(records) < most and found and records and records[-1] is found[-1]:
            after = None
    return CasePage(found, after)


async def known_names(settings: Settings) -> dict[str, list[str]]:
    """What a filter of the list may name by the organisation and the policy in force: `department`, `group`, `owner`,
    `type` and `subtype`; without what is not known here, such as people before an organisation was loaded.
    """
    # A list that finds something needs neither, and each takes as long as the list.
    from activities.organisation.directory import Directory
    from activities.policy.loading import load_policy

    async with _reading(settings) as database:
        organisation = await Directory(database).current()
    known: dict[str, list[str]] = {}
    if organisation is not None:
        known["department"] = [entry.id for entry in organisation.departments]
        known["group"] = [entry.id for entry in organisation.groups]
        known["owner"] = [person.id for person in organisation.people]
    with suppress(Problem):
        types = load_policy(settings.policy).types
        known["type"] = [entry.id for entry in types]
        known["subtype"] = [subtype.id for entry in types for subtype in entry.subtypes]
    return known


async def open_numbers(settings: RecordSettings, wanted: Filter) -> list[str]:
    """Numbers of the cases that fit and that a worker has opened, in order.

    Raises:
        Problem: the database cannot be read.
    """
    async with _reading(settings) as database:
        records = await Cases(database).list(wanted)
    return sorted(record.number for record in records if record.view is not None)


def message_json(row: OutboxEntry, company: CompanyTime) -> dict[str, Any]:
    """A message as `bihuan outbox --full --json` shows it, its times in the company's zone."""
    return {**company.localized(row.as_json()), "text": row.text, "short": row.short, "html": row.html}


async def list_messages(
    settings: RecordSettings, number: str | None, *, status: str | None, limit: int
) -> Sequence[OutboxEntry]:
    """Messages of one case or of all, in the order they were written; the latest `limit` of them.

    Raises:
        Problem: there is no such case, or the database cannot be read.
    """
    async with _reading(settings) as database:
        cases = Cases(database)
        rows = await cases.outbox(number, status=status, limit=limit)
        if not rows and number is not None and await cases.get(number) is None:
            raise unknown_case(number)
        return rows


@asynccontextmanager
async def _reading(settings: RecordSettings) -> AsyncIterator[Database]:
    database = Database.open(settings.database)
    try:
        await database.ready()
        yield database
    finally:
        await database.close()
