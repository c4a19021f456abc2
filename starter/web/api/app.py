"""The API as an ASGI application: its operations as data, and one answer for each thing that goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.database.database import is_outage
from activities.database.reader import reading_through
from activities.privacy.redaction import safe_message
from starter.services.identity.acting import RIGHT_OF_COMMANDS
from starter.web.api import acting, context, events, knowledge, reading, reports, reviews
from starter.web.api.call import Call, answered_by, locale_of
from starter.web.api.openapi import document
from starter.web.api.problem import ApiError, Kind
from starter.web.site import Site
from worker.installation.version import RELEASE_HEADER, installed_version
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, TokenRight

_log = logging.getLogger("bihuan.web")


@dataclass(frozen=True)
class Operation:
    """What can be asked for; one of `rights` is enough, and none is needed where there are none."""

    method: str
    path: str
    answer: Callable[[Call], Awaitable[Response]]
    rights: tuple[TokenRight, ...]


_READ = (TokenRight.READ,)
_KNOWLEDGE = (TokenRight.KNOWLEDGE,)
OPERATIONS: Final = (
    Operation("GET", "/me", reading.me, ()),
    Operation("POST", "/cases", acting.open_case, (TokenRight.HAND_IN,)),
    Operation("GET", "/cases", reading.cases, _READ),
    Operation("GET", "/cases/{number}", reading.case, _READ),
    Operation("GET", "/cases/{number}/timeline", reading.timeline, _READ),
    Operation("GET", "/cases/{number}/outbox", reading.outbox, _READ),
    Operation("GET", "/cases/{number}/actions", reading.actions, _READ),
    Operation("POST", "/cases/{number}/commands/{name}", acting.command, RIGHT_OF_COMMANDS),
    Operation("POST", "/cases/{number}/files", acting.attach, RIGHT_OF_COMMANDS),
    Operation("GET", "/files/{id}", reading.file, _READ),
    Operation("GET", "/cases/{number}/files", reading.files, _READ),
    Operation("POST", "/cases/{number}/customer-view", reading.customers_view, _READ),
    Operation("GET", "/outbox", reading.all_messages, _READ),
    Operation("GET", "/stuck", reading.stuck, _READ),
    Operation("GET", "/events", events.events, _READ),
    Operation("GET", "/context", context.context, _READ),
    Operation("GET", "/names", context.names, _READ),
    Operation("GET", "/numbers", context.numbers, _READ),
    Operation("GET", "/mine", context.mine, _READ),
    Operation("POST", "/forms/check", context.check_form, (TokenRight.HAND_IN,)),
    Operation("GET", "/kb", knowledge.articles, _KNOWLEDGE),
    Operation("GET", "/kb/articles", knowledge.listed, _KNOWLEDGE),
    Operation("GET", "/kb/articles/{key}", knowledge.article, _KNOWLEDGE),
    *(
        Operation("POST", f"/kb/articles/{{key}}/{change}", knowledge.change, _KNOWLEDGE)
        for change in knowledge.CHANGES
    ),
    Operation("GET", "/reviews", reviews.reviews, _READ),
    Operation("GET", "/reviews/{number}", reviews.review, _READ),
    Operation("GET", "/reviews/{number}/report", reviews.report, _READ),
    Operation("GET", "/reviews/{number}/draft", reviews.draft, _READ),
    Operation("POST", "/reviews/{number}/commands/{name}", reviews.command, (TokenRight.ACT,)),
    Operation("GET", "/reports", reports.report, _READ),
    Operation("GET", "/export", reports.export, _READ),
)
"""Everything but `/openapi.json`, which everybody may read."""


def build_api(site: Site) -> Starlette:
    """The API, to be mounted at `/api/v1`."""
    described = document()

    async def openapi(request: Request) -> Response:  # noqa: ARG001
        return JSONResponse(described)

    routes = [Route("/openapi.json", openapi)]
    routes += [Route(one.path, _endpoint(site, one), methods=[one.method]) for one in OPERATIONS]

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        kinds = {404: Kind.NOT_FOUND, 405: Kind.METHOD, 413: Kind.TOO_LARGE, 400: Kind.MALFORMED}
        headers = {"Allow": ", ".join(_allowed(routes, request))} if status == 405 else {}
        return ApiError(kinds.get(status, Kind.FAULT), headers=headers).answer(locale_of(site, request))

    handlers: dict[Any, Any] = {HTTPException: refused}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.add_middleware(_Release)
    return app


def _allowed(routes: Sequence[Route], request: Request) -> list[str]:
    """The methods that an address takes."""
    found = (route.methods or set() for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted(set().union(*found))


class _Release:
    """Says in every answer which release gave it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[RELEASE_HEADER] = installed_version()
            await send(message)

        await self._app(scope, receive, send_named)


def not_there(locale: Locale) -> Response:
    """The answer for an address that leads nowhere."""
    return ApiError(Kind.NOT_FOUND).answer(locale)


def _endpoint(site: Site, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            call = await answered_by(site, request, operation.rights)
            with reading_through(call.installation.database):
                return await operation.answer(call)
        except ApiError as error:
            return error.answer(locale_of(site, request))
        except HTTPException:
            raise
        except Problem as problem:
            _log.warning("no answer for now: %s", problem)
        except Exception as error:  # noqa: BLE001 - whatever fails, the caller reads what to do
            if not is_outage(error):
                _log.exception("no answer: %s", safe_message(error))
                return ApiError(Kind.FAULT).answer(locale_of(site, request))
            _log.warning("no answer for now: %s", safe_message(error))
        return ApiError(Kind.OUTAGE, headers={"Retry-After": "5"}).answer(locale_of(site, request))

    return answer
