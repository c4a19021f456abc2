"""The ASGI application: which address leads to which page, and what is shown where something goes wrong."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from activities.portal.sessions import Session
from activities.rendering.labels import TEMPLATES
from starter.web.answering import counted, endpoint
from starter.web.api.app import build_api, not_there
from starter.web.api.call import locale_of
from starter.web.gate import Gate
from starter.web.portal import act, case, code, files, follow, hand_in, link, supply
from starter.web.portal.visit import Visit
from starter.web.refusals import Refusals
from starter.web.security import Guard
from starter.web.site import Site
from starter.web.staff.app import staff_routes
from workflows.domain.problem import Problem

Page = Callable[[Visit], Awaitable[Response]]
SessionPage = Callable[[Visit, Session], Awaitable[Response]]
"""A page of somebody who was let in to a case."""
_STYLE: Final = TEMPLATES / "web" / "style.css"
_SCRIPT: Final = TEMPLATES / "web" / "desk.js"
_TAKE_IN: Final = TEMPLATES / "web" / "take_in.js"
_GUESS: Final = ("/case", "POST")
"""What strangers may guess at."""
_A_DAY: Final = {"Cache-Control": "public, max-age=86400"}
_BOARD: Final = TEMPLATES / "web" / "board.css"
_AN_HOUR: Final = {"Cache-Control": "public, max-age=3600"}


def build_app(site: Site) -> Gate:
    """All pages of a site."""
    pages: list[tuple[str, Page, str]] = [
        ("/", home, "GET"),
        ("/new", hand_in.start, "GET"),
        ("/new", hand_in.check, "POST"),
        ("/new/send", hand_in.hand_in, "POST"),
        ("/new/done", hand_in.done, "GET"),
        ("/l/{token:path}", link.open_link, "GET"),
        ("/case", case.show, "GET"),
        ("/case", follow.look_up, "POST"),
        ("/case/proof", follow.proof_page, "GET"),
        ("/case/proof", follow.proof, "POST"),
        ("/privacy", privacy, "GET"),
    ]
    sessions: list[tuple[str, SessionPage, str]] = [
        ("/case/leave", follow.leave, "POST"),
        ("/case/supply", supply.start, "GET"),
        ("/case/supply", supply.hand_over, "POST"),
        ("/case/act", act.choose, "POST"),
        ("/case/act/{choice}", act.confirm_page, "GET"),
        ("/case/act/{choice}", act.confirm, "POST"),
        ("/files/{id}", files.download, "GET"),
        ("/files/{id}/small", files.small, "GET"),
        ("/case/code", code.start, "GET"),
        ("/case/code", code.send, "POST"),
        ("/case/code/enter", code.enter_page, "GET"),
        ("/case/code/enter", code.enter, "POST"),
    ]
    pages += [(path, _let_in(page), method) for path, page, method in sessions]
    pages = [(path, counted(page) if method == "POST" else page, method) for path, page, method in pages]
    pages = [(path, _in_turn(page) if (path, method) == _GUESS else page, method) for path, page, method in pages]
    routes: list[BaseRoute] = [
        Route(path, endpoint(site, Visit, page), methods=[method]) for path, page, method in pages
    ]
    routes += staff_routes(site)

    async def ready(request: Request) -> Response:  # noqa: ARG001
        problems = []
        try:
            await (await site.record()).installation.database.revision()
        except Problem as problem:
            problems.append(str(problem))
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    routes += [
        Mount("/api/v1", app=build_api(site)),
        Route("/healthz", _plain("ok")),
        Route("/readyz", ready),
        Route("/robots.txt", _plain("User-agent: *\nDisallow: /\n")),
        Route("/favicon.ico", _plain("", "image/x-icon")),
        Route("/style.css", _plain(_style(site), "text/css", _A_DAY)),
        Route("/board.css", _plain(_BOARD.with_suffix(".css").read_text("utf-8"), "text/css", _AN_HOUR)),
        Route("/board.js", _plain(_BOARD.with_suffix(".js").read_text("utf-8"), "text/javascript", _AN_HOUR)),
        Route("/desk.js", _plain(_SCRIPT.read_text("utf-8"), "text/javascript", _AN_HOUR)),
        Route("/take-in.js", _plain(_TAKE_IN.read_text("utf-8"), "text/javascript", _AN_HOUR)),
    ]
    handlers: dict[Any, Any] = {HTTPException: functools.partial(_refused, site)}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return Gate(Guard(app), site, Refusals(site))


async def home(visit: Visit) -> Response:
    """Two choices: hand in, or follow."""
    return visit.page("home.html")


async def privacy(visit: Visit) -> Response:
    """The company's notice."""
    return visit.page("privacy.html", paragraphs=visit.site.look.paragraphs(visit.locale))


def _let_in(page: SessionPage) -> Page:
    """The page for a customer who was let in; others are shown the way in."""

    async def answer(visit: Visit) -> Response:
        return await page(visit, visit.session) if visit.session is not None else visit.redirect("/case")

    return answer


def _in_turn(page: Page) -> Page:
    """The page, for strangers one after the other, each once their form has arrived: a slow line holds nobody up."""

    async def answer(visit: Visit) -> Response:
        await visit.form()
        async with visit.turn():
            return await page(visit)

    return answer


def _plain(
    text: str, kind: str = "text/plain", headers: dict[str, str] | None = None
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:  # noqa: ARG001
        return PlainTextResponse(text, media_type=kind, headers=headers)

    return answer


def _style(site: Site) -> str:
    return f":root {{ --colour: {site.look.colour}; }}\n" + _STYLE.read_text("utf-8")


async def _refused(site: Site, request: Request, error: HTTPException) -> Response:
    """A page that says in the visitor's language what cannot be; a problem to who asks for something of an API."""
    if request.url.path.startswith("/api/"):
        return not_there(locale_of(site, request))
    kinds = {400: "malformed", 403: "foreign", 404: "unknown", 405: "unknown", 413: "too_large", 429: "too_many"}
    # No cookie is set: a browser sends none with a form of another site, and a new one would take the place of the
    # customer's own, who would be let out by that.
    visit = Visit(site, request)
    # A browser that goes on sending what nobody reads would show an error of its own.
    answer = visit.page("trouble.html", error.status_code, kind=kinds.get(error.status_code, "fault"), posted={})
    if error.status_code in {400, 413}:
        answer.headers["Connection"] = "close"
    return answer
