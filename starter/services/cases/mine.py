"""What one person has to do: their cases, calls, escalations, departments' tasks and reviews (R30)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activities.database.url import DatabaseUrl
from activities.queries.case_record import CaseRecord
from activities.queries.people import People
from activities.queries.workload import open_cases_asking, open_cases_concerning
from starter.services.cases.reading import case_json
from starter.services.reviews.reading import list_reviews
from worker.installation.company_time import CompanyTime, RecordSettings
from workflows.domain.case.recorded.duties import has_to_acknowledge, has_to_call, is_theirs, tasks_for
from workflows.domain.case.recorded.overdue import first_deadline
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, OPERATOR, SYSTEM

_NEVER = "9999"
"""Sorts behind every due time."""
_OPEN = ("writing", "awaiting_approval", "following")
"""States of reviews that are not over."""


async def work_of(settings: RecordSettings, person: str, company: CompanyTime, people: People) -> dict[str, Any]:
    """The work of this person as `bihuan mine --json` has it: `cases` (each as `case_json`, with its next deadline as
    `due`, the first first), `calls`, `escalations`, `tasks` (each with its `number`) and `reviews`.

    Raises:
        Problem: it is nobody of the organisation, or the database cannot be read.
    """
    _check(person, people)
    records = await open_cases_concerning(DatabaseUrl.parse(settings.database), person)
    theirs = [record for record in records if record.view is not None and is_theirs(record.view, person)]
    cases = sorted(
        (_with_due(record, company) for record in theirs), key=lambda case: (case["due"] or _NEVER, case["number"])
    )
    return {"person": person, "cases": cases, **await _duties(settings, records, person, company, people)}


async def duties_of(settings: RecordSettings, person: str, company: CompanyTime, people: People) -> dict[str, Any]:
    """As `work_of`, without the cases.

    Raises:
        Problem: as `work_of`.
    """
    _check(person, people)
    records = await open_cases_asking(DatabaseUrl.parse(settings.database), person)
    return await _duties(settings, records, person, company, people)


def _check(person: str, people: People) -> None:
    if person in {CUSTOMER, OPERATOR, SYSTEM} or (people.names and person not in people.names):
        raise Problem(f"{person}: is not in the organisation; allowed: the id of a person")


def _with_due(record: CaseRecord, company: CompanyTime) -> dict[str, Any]:
    first = first_deadline(record.view) if record.view is not None else None
    due = company.localized({"due": first["due"]})["due"] if first else None
    return {**case_json(record, company, timeline=False), "due": due}


async def _duties(
    settings: RecordSettings, records: Sequence[CaseRecord], person: str, company: CompanyTime, people: People
) -> dict[str, Any]:
    departments = people.departments.get(person, frozenset())
    work: dict[str, list[dict[str, Any]]] = {"calls": [], "escalations": [], "tasks": []}
    for record in records:
        _add(work, record, person, departments, company)
    work["tasks"].sort(key=lambda task: (task["due"], task["number"]))
    reviews = await list_reviews(settings, company, statuses=_OPEN)
    return {**work, "reviews": [one for one in reviews if not one.get("fault") and _is_concerned(one, person)]}


def _add(
    work: dict[str, list[dict[str, Any]]],
    record: CaseRecord,
    person: str,
    departments: frozenset[str],
    company: CompanyTime,
) -> None:
    view = record.view
    if view is None:
        return
    if has_to_call(view, person):
        untold = company.localized({"untold": view["untold"]})["untold"]
        work["calls"].append({"number": record.number, "customer": record.form.get("customer"), "untold": untold})
    if has_to_acknowledge(view, person):
        keys = ("number", "priority", "owner", "escalation_level", "escalated_at", "escalated_to")
        asked: dict[str, Any] = {key: view.get(key) for key in keys}
        work["escalations"].append(company.localized(asked))
    for task in tasks_for(view, person, departments):
        work["tasks"].append({"number": record.number, **company.localized(dict(task))})


def _is_concerned(review: dict[str, Any], person: str) -> bool:
    owners = {one["owner"] for one in review["measures"] if one.get("done_at") is None}
    return person in {*review["waits_for"], *owners}
