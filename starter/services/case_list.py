"""Lists out of the record: cases that fit a filter, and the messages of cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from activities.database.database import Database
from activities.delivery.outbox import OutboxStatus
from activities.organisation.directory import Directory
from activities.queries.cases import Cases, Filter, OutboxEntry
from starter.services.cases import case_json, unknown_case
from starter.services.reviews import review_of_case, reviews_by_case
from worker.installation.company_time import CompanyTime
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from workflows.domain.problem import Problem
from workflows.search_attributes import SEARCH_ATTRIBUTES

MESSAGE_STATUSES = tuple(map(str, OutboxStatus))
"""How far a message may be."""


class InvalidListFilterError(Problem):
    """A list filter that Temporal does not understand."""


async def list_cases(settings: Settings, wanted: Filter, company: CompanyTime) -> list[dict[str, Any]]:
    """Cases that fit, as `case_json` without timelines, each with its `review` where one covers it; the latest
    received first.

    Raises:
        Problem: the database cannot be read.
    """
    async with _reading(settings) as database:
        records = await Cases(database).list(wanted)
    shown = [case_json(record, company, timeline=False) for record in records]
    reviews = await reviews_by_case(settings)
    for case in shown:
        if review := reviews.get(case["number"]):
            case["review"] = review_of_case(review, company)
    return shown


async def known_departments(settings: Settings) -> list[str] | None:
    """Ids of the organisation's departments; None where no organisation was loaded yet."""
    async with _reading(settings) as database:
        organisation = await Directory(database).current()
    return None if organisation is None else [entry.id for entry in organisation.departments]


async def open_numbers(settings: Settings, wanted: Filter) -> list[str]:
    """Numbers of the cases that fit and that a worker has opened, in order.

    Raises:
        Problem: the database cannot be read.
    """
    async with _reading(settings) as database:
        records = await Cases(database).list(wanted)
    return sorted(record.number for record in records if record.view is not None)


async def running_numbers(settings: Settings, query: str) -> set[str]:
    """Numbers of the cases that run and that a list filter of Temporal finds; its list lags a second or so.

    Raises:
        InvalidListFilterError: Temporal does not understand the filter; the line says why and what may stand in one.
        Problem: Temporal does not answer.
    """
    client = await connect(settings)
    cases = f"WorkflowType = 'Case' AND ExecutionStatus = 'Running' AND ({query})"
    try:
        return {one.id async for one in client.list_workflows(cases)}
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise Problem(f"Temporal does not list cases: {error.message}") from None
        why = " ".join(error.message.removeprefix("invalid query: ").split())
        known = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
        raise InvalidListFilterError(f"{why}; allowed: a list filter on {known}") from None


async def list_messages(
    settings: Settings, number: str | None, *, status: str | None, limit: int
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
async def _reading(settings: Settings) -> AsyncIterator[Database]:
    database = Database.open(settings.database)
    try:
        await database.ready()
        yield database
    finally:
        await database.close()
