"""A one-time code to the case's own contact: whoever has only number and contact may act after it (R40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starter.services.identity.one_time_code import send_code, use_code
from starter.web.portal import case
from starter.web.throttling.limits import CODE_TRIES, CODES
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Via

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit


async def start(visit: Visit, session: Session) -> Response:
    """Offer to send one."""
    return await _page(visit, session, "code.html")


async def send(visit: Visit, session: Session) -> Response:
    """Send it, and ask for it. A form without the button that was pressed is a program's, and sends nothing."""
    posted = await visit.form()
    if posted.text("do") != "send":
        return visit.redirect("/case/code")
    if not visit.believes(posted.text("csrf")):
        return await _page(visit, session, "code.html", 403, "old")
    if await visit.allowed(CODES) is not None:
        return await _page(visit, session, "code.html", 429, "too_many")
    try:
        client = await visit.site.client()
        reached = await send_code(visit.installation, client, session.id, session.number, now=visit.now())
    except Problem:
        await visit.give_back(CODES)
        return await _page(visit, session, "code.html", 503, "outage")
    return visit.redirect("/case/code/enter") if reached else await _page(visit, session, "code.html", 200, "no_way")


async def enter_page(visit: Visit, session: Session) -> Response:
    """Ask for what was sent."""
    return await _page(visit, session, "enter.html")


async def enter(visit: Visit, session: Session) -> Response:
    """Who types it may do everything that their customer may. One answer for wrong, old, used and none."""
    posted = await visit.form()
    if not visit.believes(posted.text("csrf")):
        return await _page(visit, session, "enter.html", 403, "old")
    if await visit.allowed(CODE_TRIES) is not None:
        return await _page(visit, session, "enter.html", 429, "too_many")
    if await use_code(visit.installation, session.id, posted.digits("code"), now=visit.now()) is None:
        return await _page(visit, session, "enter.html", 422, "wrong")
    await visit.record.sessions.revoke(session, visit.now())
    return await visit.enter(session.number, "/case", via=Via.CODE, purpose=None)


async def _page(visit: Visit, session: Session, template: str, status: int = 200, fault: str = "") -> Response:
    view = await case.read_view(visit, session.number)
    if view is None:
        return visit.redirect("/case")
    return visit.page(template, status, **case.facts(visit, view), fault=fault)
