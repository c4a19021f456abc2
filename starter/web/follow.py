"""Following a case by its number and a contact (R2, R30): to see it; to act a code is asked for besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from activities.queries.customer_view import belong_together
from starter.web.forms import read_form
from starter.web.limits import GUESSES
from workflows.domain.ids import as_typed
from workflows.domain.vocabulary import LinkPurpose, Via

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.web.visit import Visit

_LONGEST = 200


async def start(visit: Visit) -> Response:
    """The form for number and contact."""
    return _page(visit)


async def look_up(visit: Visit) -> Response:
    """Let whoever knows number and contact in to see the case. The same answer for a number that is none."""
    posted = await read_form(visit.request)
    typed = {"number": posted.text("number")[:_LONGEST], "contact": posted.text("contact")[:_LONGEST]}
    if not visit.believes(posted.text("csrf")):
        return _page(visit, 403, "old", **typed)
    if not typed["number"] or not typed["contact"]:
        return _page(visit, 422, "empty", **typed)
    if await visit.allowed(GUESSES) is not None:
        return _page(visit, 429, "too_many", **typed)
    number = as_typed(typed["number"])
    installation = await visit.site.installation()
    async with installation.database.reader() as reader:
        right = await belong_together(reader, number, typed["contact"])
    if not right:
        return _page(visit, 404, "unknown", **typed)
    await visit.give_back(GUESSES)
    return await visit.enter(number, "/case", via=Via.CODE, purpose=LinkPurpose.SEE)


async def leave(visit: Visit) -> Response:
    """End the session, such as on somebody else's telephone."""
    posted = await read_form(visit.request)
    if visit.session is not None and visit.believes(posted.text("csrf")):
        await visit.site.sessions.revoke(visit.session, visit.now())
    return visit.redirect("/")


def _page(visit: Visit, status: int = 200, fault: str = "", number: str = "", contact: str = "") -> Response:
    return visit.page("follow.html", status, fault=fault, number=number, contact=contact)
