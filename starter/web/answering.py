"""The endpoint around every page: it checks where a form comes from, counts forms, and answers in outages."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from activities.database.database import is_outage
from activities.database.reader import reading_through
from activities.privacy.redaction import safe_message
from starter.web.portal import uploads
from starter.web.security import holds_nul, is_own
from starter.web.throttling.lane import CrowdedError
from starter.web.throttling.limits import FORMS
from starter.web.visit import WebVisit
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

if TYPE_CHECKING:
    from starter.web.site import Site

_log = logging.getLogger("bihuan.web")
V = TypeVar("V", bound=WebVisit)


def endpoint(
    site: Site, kind: type[V], page: Callable[[V], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of this page, for visitors of that kind."""

    async def answer(request: Request) -> Response:
        if holds_nul(request):
            raise HTTPException(404)
        visit = kind.of(site, request)
        if request.method == "GET" and (wanted := request.query_params.get("lang")) in set(Locale):
            return visit.choose(Locale(wanted))
        if request.method == "POST" and not is_own(request, site.settings.web.url):
            raise HTTPException(403)
        try:
            return await _answered(visit, page)
        finally:
            if visit.posted is not None:
                await visit.posted.close()

    return answer


def counted(page: Callable[[V], Awaitable[Response]]) -> Callable[[V], Awaitable[Response]]:
    """The page with a limit on how many forms somebody may send."""

    async def answer(visit: V) -> Response:
        if await visit.allowed(FORMS) is None:
            return await page(visit)
        # Without files: what comes in too often is not written to the disk.
        posted = await visit.form()
        return visit.page("trouble.html", 429, kind="too_many", posted=posted.texts)

    return answer


async def _answered(visit: V, page: Callable[[V], Awaitable[Response]]) -> Response:
    try:
        await visit.know()
        with reading_through(visit.installation.database):
            return await page(visit)
    except (HTTPException, CrowdedError):
        raise
    except Problem as problem:
        _log.warning("no page for now: %s", problem)
    except Exception as error:  # noqa: BLE001 - whatever fails, the visitor reads what to do
        if not is_outage(error):
            _log.exception("no page: %s", safe_message(error))
            return visit.page("trouble.html", 500, kind="fault", posted={})
        _log.warning("no page for now: %s", safe_message(error))
    return await _outage(visit)


async def _outage(visit: WebVisit) -> Response:
    """Nothing was done; what was typed is kept in the page, to be sent again."""
    posted = await visit.form(largest=uploads.LARGEST, files=uploads.MOST) if visit.request.method == "POST" else None
    return visit.page("trouble.html", 503, kind="outage", posted=posted.texts if posted is not None else {})
