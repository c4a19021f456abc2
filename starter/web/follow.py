"""Following a case by its number and a contact (R2, R30): to see it; to act a code is asked for besides."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from activities.queries.customer_view import belong_together
from starter.web.limits import GUESSES
from workflows.domain.vocabulary import LinkPurpose, Via

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.visit import Visit

_LONGEST = 200


async def start(visit: Visit) -> Response:
    """The form for number and contact."""
    return _page(visit)


async def look_up(visit: Visit) -> Response:
    """Let whoever knows number and contact in to see the case. The same answer for a number that is none."""
    posted = await visit.form()
    typed = {"number": posted.text("number")[:_LONGEST], "contact": posted.text("contact")[:_LONGEST]}
    if not visit.believes(posted.text("csrf")):
        return _page(visit, 403, "old", **typed)
    if not typed["number"] or not typed["contact"]:
        return _page(visit, 422, "empty", **typed)
    if await visit.allowed(GUESSES) is not None:
        return _page(visit, 429, "too_many", **typed)
    number = "".join(unicodedata.normalize("NFKC", typed["number"]).split()).upper()
    async with visit.installation.database.reader() as reader:
        right = await belong_together(reader, number, typed["contact"])
    if not right:
        return _page(visit, 404, "unknown", **typed)
    await visit.give_back(GUESSES)
    return await visit.enter(number, "/case", via=Via.CODE, purpose=LinkPurpose.SEE)


async def leave(visit: Visit, session: Session) -> Response:
    """End the session, such as on somebody else's telephone."""
    posted = await visit.form()
    if visit.believes(posted.text("csrf")):
        await visit.record.sessions.revoke(session, visit.now())
    return visit.redirect("/")


def _page(visit: Visit, status: int = 200, fault: str = "", number: str = "", contact: str = "") -> Response:
    return visit.page("follow.html", status, fault=fault, number=number, contact=contact)
