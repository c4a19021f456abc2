"""The link of a message: it lets its bearer in, and leaves the address at once (R40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from starter.web.throttling.limits import LINKS
from workflows.domain.vocabulary import Via

if TYPE_CHECKING:
    from starter.web.portal.visit import Visit


async def open_link(visit: Visit) -> Response:
    """A session and `/case`; one answer for what is unknown, expired, void or cut. HEAD begins no session."""
    if visit.request.method == "HEAD":
        return Response()
    link = await visit.find_link(str(visit.request.path_params["token"]))
    if link is not None:
        return await visit.enter(link.number, "/case", via=Via.LINK, purpose=link.purpose, cycle=link.cycle)
    async with visit.turn():
        limited = await visit.allowed(LINKS) is not None
        return visit.page("follow.html", 429 if limited else 404, fault="link", number="", contact="", path="/case")
