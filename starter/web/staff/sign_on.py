"""Signing in by the company's sign-on: there, and back with its answer (R45)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from activities.identity.sign_ins import SignIns
from starter.services.identity.oidc import SignOnRefusedError
from starter.services.identity.sessions import note_refused_sign_in
from starter.web.staff.back import START, safe_back
from starter.web.staff.sign_in import choose
from starter.web.throttling.limits import SIGN_IN_TRIES
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import SignInWay

if TYPE_CHECKING:
    from starter.web.staff.visit import StaffVisit

_LONGEST = 4_000


async def go(visit: StaffVisit) -> Response:
    """Send somebody to the provider; its answer counts in this browser alone."""
    provider = visit.site.sign_on
    if provider is None or visit.request.method == "HEAD":
        raise HTTPException(404)
    back = safe_back(visit.request.query_params.get("to", ""))
    if await visit.allowed(SIGN_IN_TRIES) is not None:
        return choose(visit, back, 429, "too_many")
    try:
        address = await provider.begin(
            SignIns(visit.installation.database), browser=visit.cookie, back=back, now=visit.now()
        )
    except Problem as problem:
        return await _refused(visit, str(problem), back, 503, "no_answer")
    return visit.redirect(address)


async def come_back(visit: StaffVisit) -> Response:
    """Take the provider's answer, which is good once."""
    provider, organisation = visit.site.sign_on, await visit.installation.directory.current()
    if provider is None or visit.request.method == "HEAD":
        raise HTTPException(404)
    answer = {name: value[:_LONGEST] for name, value in visit.request.query_params.items()}
    begun = await SignIns(visit.installation.database).use(answer.get("state", ""), visit.cookie, visit.now())
    if visit.who is not None and (begun is None or not begun.same_browser):
        # Two tabs signed in at once: the other one was quicker, and its cookie is there already.
        return visit.redirect(begun.back if begun is not None else START)
    if begun is None or begun.way is not SignInWay.OIDC or not begun.same_browser or organisation is None:
        return await _refused(visit, "a state that this browser did not begin", START, 403, "sign_on")
    try:
        person = await provider.who(begun, answer, organisation, visit.now())
    except SignOnRefusedError as refused:
        return await _refused(visit, str(refused), begun.back, 403, "sign_on")
    except Problem as problem:
        return await _refused(visit, str(problem), begun.back, 503, "no_answer")
    await visit.give_back(SIGN_IN_TRIES)
    return await visit.let_in(person.id, SignInWay.OIDC, begun.back)


async def _refused(visit: StaffVisit, reason: str, back: str, status: int, fault: str) -> Response:
    if await visit.allowed(SIGN_IN_TRIES) is None:
        await note_refused_sign_in(visit.installation, SignInWay.OIDC, reason, "unknown", visit.address, visit.now())
    return choose(visit, back, status, fault)
