"""Following a case by its number and a contact (R2, R30): to see it; to act a code is asked for besides."""

from __future__ import annotations

import logging
import unicodedata
from typing import TYPE_CHECKING, Final

from starlette.background import BackgroundTask

from activities.portal.sessions import session_id
from activities.privacy.redaction import safe_message
from activities.queries.customer_view import belong_together
from starter.services.identity.one_time_code import send_code, use_code
from starter.web.throttling.limits import CODE_TRIES, CODES, GUESSES
from workflows.domain.vocabulary import LinkPurpose, Via

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit

_LONGEST: Final = 200
_log = logging.getLogger("bihuan.web")


async def start(visit: Visit) -> Response:
    """The form for number and contact."""
    return _page(visit)


async def look_up(visit: Visit) -> Response:
    """Let whoever knows number and contact in to see the case. The same answer for a number that is none.

    Where too much was guessed from there, both are not enough: a code goes to the case's own contact.
    """
    posted = await visit.form()
    typed = {"number": posted.text("number")[:_LONGEST], "contact": posted.text("contact")[:_LONGEST]}
    if not visit.believes(posted.text("csrf")):
        return _page(visit, 403, "old", **typed)
    if not typed["number"] or not typed["contact"]:
        return _page(visit, 422, "empty", **typed)
    number = "".join(unicodedata.normalize("NFKC", typed["number"]).split()).upper()
    limited = await visit.allowed(GUESSES) is not None
    if limited and await visit.allowed(CODES) is not None:
        return _page(visit, 429, "too_many", **typed)
    async with visit.installation.database.reader() as reader:
        right = await belong_together(reader, number, typed["contact"])
    if limited:
        answer = visit.redirect("/case/proof")
        if right:
            # After the answer, which comes as soon as for what is wrong.
            answer.background = BackgroundTask(_send_code, visit, number)
        return answer
    if not right:
        return _page(visit, 404, "unknown", **typed)
    await visit.give_back(GUESSES)
    return await visit.enter(number, "/case", via=Via.CODE, purpose=LinkPurpose.SEE)


async def proof_page(visit: Visit) -> Response:
    """Ask for the code that was sent, if number and contact belong together; who asks is not told whether they do."""
    return visit.page("proof.html", fault="")


async def proof(visit: Visit) -> Response:
    """Let the customer in who was sent that code; one answer for everything else."""
    posted = await visit.form()
    if not visit.believes(posted.text("csrf")):
        return visit.page("proof.html", 403, fault="old")
    if await visit.allowed(CODE_TRIES) is not None:
        return visit.page("proof.html", 429, fault="too_many")
    number = await use_code(visit.installation, session_id(visit.cookie), posted.digits("code"), now=visit.now())
    if number is None:
        return visit.page("proof.html", 422, fault="wrong")
    return await visit.enter(number, "/case", via=Via.CODE, purpose=None)


async def _send_code(visit: Visit, number: str) -> None:
    try:
        client = await visit.site.client()
        await send_code(visit.installation, client, session_id(visit.cookie), number, now=visit.now())
    except Exception as error:  # noqa: BLE001 - the visitor has had the answer already
        _log.warning("a code was not sent: %s", safe_message(error))


async def leave(visit: Visit, session: Session) -> Response:
    """End the session, such as on somebody else's telephone."""
    posted = await visit.form()
    if visit.believes(posted.text("csrf")):
        await visit.record.sessions.revoke(session, visit.now())
    return visit.redirect("/")


def _page(visit: Visit, status: int = 200, fault: str = "", number: str = "", contact: str = "") -> Response:
    return visit.page("follow.html", status, fault=fault, number=number, contact=contact)
