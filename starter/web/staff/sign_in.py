"""Signing in by a mailed link, and signing out (R45)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import Response

from activities.privacy.redaction import safe_message
from starter.services.identity import sign_in
from starter.services.identity.sessions import note_refused_sign_in, own_sessions, sign_out
from starter.web.staff.back import START, safe_back
from starter.web.throttling.limits import SIGN_IN_TRIES, SIGN_INS
from workflows.domain.vocabulary import SignInWay

if TYPE_CHECKING:
    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_log = logging.getLogger("bihuan.web")
_LONGEST = 254


async def start(visit: StaffVisit) -> Response:
    """The ways there are; whoever is signed in goes on at once."""
    back = safe_back(visit.request.query_params.get("to", ""))
    return visit.redirect(back) if visit.who is not None else choose(visit, back)


async def ask(visit: StaffVisit) -> Response:
    """Mail a link, if that address is somebody's here; the same answer at the same time if it is not."""
    posted = await visit.form()
    back, address = safe_back(posted.text("to")), posted.text("address")[:_LONGEST]
    if not visit.believes(posted.text("csrf")):
        return choose(visit, back, 403, "old", address)
    if "@" not in address:
        return choose(visit, back, 422, "empty", address)
    if not sign_in.mails_links(visit.site.settings):
        return choose(visit, back)
    if await visit.allowed(SIGN_INS) is not None:
        return choose(visit, back, 429, "too_many", address)
    answer = visit.page("staff/sent.html", address=address)
    answer.background = BackgroundTask(_mail, visit, address, back)
    return answer


async def look(visit: StaffVisit) -> Response:
    """The page that a link leads to: a button. Looking uses nothing up, so whatever looks into mails may."""
    link = await sign_in.find_link(visit.installation, _secret(visit), browser=visit.cookie, now=visit.now())
    if link is None:
        return visit.redirect(START) if visit.who is not None else await _refused(visit, "unknown link")
    return visit.page("staff/open.html", needs_address=sign_in.needs_address(link), fault="")


async def enter(visit: StaffVisit) -> Response:
    """Sign in by it, once."""
    posted, secret = await visit.form(), _secret(visit)
    link = await sign_in.find_link(visit.installation, secret, browser=visit.cookie, now=visit.now())
    if link is None:
        return visit.redirect(START) if visit.who is not None else await _refused(visit, "unknown link")
    needs_address = sign_in.needs_address(link)
    if not visit.believes(posted.text("csrf")) or posted.text("do") != "sign_in":
        return visit.page("staff/open.html", 403, needs_address=needs_address, fault="old")
    if await visit.allowed(SIGN_IN_TRIES) is not None:
        return visit.page("staff/open.html", 429, needs_address=needs_address, fault="too_many")
    used = await sign_in.use_link(
        visit.installation, secret, browser=visit.cookie, address=posted.text("address")[:_LONGEST], now=visit.now()
    )
    if used is None or used.person is None:
        await note_refused_sign_in(
            visit.installation, SignInWay.MAIL, "another address", link.person or "unknown", visit.address, visit.now()
        )
        return visit.page("staff/open.html", 422, needs_address=needs_address, fault="address")
    await visit.give_back(SIGN_IN_TRIES)
    return await visit.let_in(used.person, used.way, used.back)


async def sessions(visit: StaffVisit, who: Bearer) -> Response:
    """The sessions in which somebody is signed in."""
    found = await own_sessions(visit.installation, who, visit.now())
    return visit.page("staff/sessions.html", sessions=found, current=who.key)


async def leave(visit: StaffVisit, who: Bearer) -> Response:
    """Sign out here, or everywhere."""
    posted = await visit.form()
    if not visit.believes(posted.text("csrf")):
        return visit.redirect("/desk/sessions")
    await sign_out(visit.installation, who, visit.now(), everywhere=posted.text("do") == "everywhere")
    return visit.forget(visit.redirect("/sign-in"))


def choose(visit: StaffVisit, back: str, status: int = 200, fault: str = "", address: str = "") -> Response:
    """The page with the ways to sign in."""
    settings = visit.site.settings
    return visit.page(
        "staff/sign_in.html", status, back=back, fault=fault, address=address, by_mail=sign_in.mails_links(settings),
        sign_on=settings.oidc.name or visit.words["desk"]["sign_in"]["company"] if settings.oidc.issuer else "",
    )  # fmt: skip


async def _refused(visit: StaffVisit, reason: str) -> Response:
    """The one answer for what is unknown, used and expired; wrong ones are counted, and do not fill the log."""
    limited = await visit.allowed(SIGN_IN_TRIES) is not None
    if not limited and visit.request.method != "HEAD":
        await note_refused_sign_in(visit.installation, SignInWay.MAIL, reason, "unknown", visit.address, visit.now())
    return choose(visit, "/desk", 429 if limited else 404, "too_many" if limited else "link")


async def _mail(visit: StaffVisit, address: str, back: str) -> None:
    try:
        await sign_in.mail_link(
            visit.installation, address, browser=visit.cookie, back=back, now=visit.now(), where=visit.address
        )
    except Exception as error:  # noqa: BLE001 - whoever asked has had the answer already
        _log.warning("a link to sign in was not sent: %s", safe_message(error).replace(address, "…"))


def _secret(visit: StaffVisit) -> str:
    """Mail programs add what follows a link to it, and change its case."""
    return str(visit.request.path_params["secret"])[:200].lower().rstrip(".,;:!?)>\"'。，；：！？）》”’")
