"""The same events as the API has, for a page of somebody who is signed in: a browser comes with its cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starter.web.api.events import ASKED, stream
from starter.web.api.problem import ApiError, Kind

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.web.staff.visit import StaffVisit


async def events(visit: StaffVisit) -> Response:
    """Never a page: nobody reads what an `EventSource` is answered with. Whoever missed too much is told to reload."""
    try:
        if visit.who is None:
            raise ApiError(Kind.UNKNOWN_BEARER)
        query = visit.request.query_params
        if unknown := [name for name in query if name not in ASKED]:
            raise ApiError(Kind.INVALID, f"{unknown[0]}: is not known here; allowed: {', '.join(ASKED)}")
        return await stream(visit.site, visit.request, visit.who, query, reloads=True)
    except ApiError as refused:
        return refused.answer(visit.locale)
