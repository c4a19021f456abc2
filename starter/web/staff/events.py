"""The same events as the API has, for a page of somebody who is signed in: a browser comes with its cookie.

For scripts of pages: `new EventSource("/desk/events")`, with `?number=` or `?department=`. The data of a message is a
`FeedEntry` of the API's document as JSON; `reload` and `end` are events of their own. A browser comes back by itself
with its last id, but gives up for good at an answer that is not 200 (somebody signed out, 503 of a proxy): its
`readyState` is 2 then, and the page begins a new one after a while, with `?after=` its last id.
"""

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
