"""The analysis of a period: which there are, and one of them to read (R29, R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from activities.database.database import is_outage
from starter.services.analysis import Analyses
from starter.services.analysis_process import make_report
from starter.web.staff.desk.filtering import plain_address
from starter.web.staff.documents import as_document
from workflows.domain.policy.reports import ReportKind, days_ended, days_name
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.formats import Days

_LISTED: Final = {ReportKind.WEEKLY: 8, ReportKind.MONTHLY: 12}


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """The weeks and months that are over, and any other days; with `from` and `to` the report of these."""
    _must_see_all(who)
    path, query, analyses = visit.request.url.path, visit.request.query_params, Analyses(visit.installation)
    if plain := plain_address(path, query):
        return visit.redirect(plain)
    first, last = query.get("from", "")[:40], query.get("to", "")[:40]
    fault = ""
    if first or last:
        try:
            days = analyses.days_wanted(first, last, None)
            made = await make_report(visit.installation.settings, days, by=None, locale=visit.locale)
            return as_document(made.files["report.html"])
        except Problem as problem:
            if problem.__cause__ is not None or is_outage(problem):
                raise
            fault = str(problem)
    ended = {kind.value: _ended(analyses, kind, count) for kind, count in _LISTED.items()}
    return visit.page(
        "staff/reports.html",
        422 if fault else 200,
        ended=ended,
        fault=fault,
        first=first,
        last=last,
        days_name=days_name,
    )


def _ended(analyses: Analyses, kind: ReportKind, count: int) -> list[Days]:
    """The last ones that are over, the latest first."""
    found: list[Days] = []
    day = analyses.today
    while len(found) < count:
        found.append(days_ended(kind, day))
        day = found[-1].first
    return found


def _must_see_all(who: Bearer) -> None:
    """Whoever may not see every case finds no such page."""
    if not who.sees_all:
        raise HTTPException(404)
