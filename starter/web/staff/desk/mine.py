"""The start page of the staff: what waits for whoever is signed in, the next deadline first (R30, R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starter.services.cases.mine import duties_of
from starter.services.company.people import known_people
from starter.web.staff.desk.lists import listed
from starter.web.staff.wording import Wording
from workflows.domain.case.recorded.duties import is_theirs

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.queries.case_record import CaseRecord
    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_MOST: Final = 20
"""Of each kind of thing besides cases; `bihuan mine` has all."""


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """One's cases; before them what else is asked of one: escalations, calls, departments' parts, reviews."""
    person = who.person

    def is_mine(record: CaseRecord) -> bool:
        return person is not None and record.view is not None and is_theirs(record.view, person)

    besides = await _besides(visit, who) if not visit.request.url.query else None
    return await listed(visit, who, "mine", only=is_mine, besides=besides, open_only=True, naming=person)


async def _besides(visit: StaffVisit, who: Bearer) -> dict[str, Any] | None:
    if who.person is None:
        return None
    settings, shown = visit.site.settings, await Wording.of(visit, who)
    duties = await duties_of(settings, who.person, shown.company, await known_people(settings))
    return {kind: duties[kind][:_MOST] for kind in ("escalations", "calls", "tasks", "reviews") if duties[kind]}
