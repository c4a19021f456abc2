"""The page for whoever tries too often, rendered once for each language: a flood must not cost what pages cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from starter.web.forms.form import SMALL
from starter.web.portal.visit import Visit
from starter.web.rendering.pages import LANGUAGES
from starter.web.security import guarded

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.types import Receive, Scope, Send

    from starter.web.site import Site
    from workflows.domain.vocabulary import Locale

_KIND: Final = "too_many"


@dataclass
class Refusals:
    """No cookie, no form, nothing of who asks stands in it."""

    site: Site
    _made: dict[Locale, tuple[object, bytes]] = field(default_factory=dict)

    async def send(self, scope: Scope, receive: Receive, send: Send, wait: timedelta) -> None:
        """Answer a request with it; whatever was sent with the request is not read."""
        headers = Headers(scope=scope)
        locale = Visit(self.site, Request(scope)).locale
        answer = Response(self._page(locale), 429, media_type="text/html")
        answer.headers["Content-Language"] = LANGUAGES[locale]
        answer.headers["Retry-After"] = str(max(1, round(wait.total_seconds())))
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > SMALL:
            answer.headers["Connection"] = "close"
        await answer(scope, receive, guarded(scope, send))

    def _page(self, locale: Locale) -> bytes:
        """The page in this language, rendered again where the company's data have changed."""
        company, page = self._made.get(locale, (None, b""))
        if company is not self.site.company:
            company, page = self.site.company, self._rendered(locale)
            self._made[locale] = company, page
        return page

    def _rendered(self, locale: Locale) -> bytes:
        scope = {"type": "http", "method": "HEAD", "path": "/case", "query_string": b"", "headers": []}
        visit = Visit(self.site, Request(scope))
        visit.case_locale = locale
        return bytes(visit.page("trouble.html", 429, kind=_KIND, posted={}).body)
