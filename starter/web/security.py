"""Security headers of every answer, which posts count as coming from our own pages, and what a log may say."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders

from activities.identity.token import PREFIX
from starter.web.throttling.lane import CrowdedError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("bihuan.web")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"
_TOKEN_FOLDERS: Final = ("/l/", "/files/", "/sign-in/l/")
"""What follows in an address is a secret, or leads to a customer's file."""


def is_own(request: Request, url: str | None) -> bool:
    """Whether a post comes from a page of ours, as far as the browser says. It says nothing in some browsers, and
    `Origin: null` where pages send no referrer, as ours: then the token of the form decides.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin in {None, "null"}:
        return True
    known = {request.headers.get("host", "").lower()}
    if url is not None:
        known.add(urlsplit(url).netloc.lower())
    return urlsplit(str(origin)).netloc.lower() in known


def holds_nul(request: Request) -> bool:
    """Whether an address holds U+0000: nothing of ours is called so, and PostgreSQL refuses to look for it."""
    return "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]


def shown_path(path: str) -> str:
    """An address as a log may have it: `/l/…` for a link of a customer."""
    for folder in _TOKEN_FOLDERS:
        if path.startswith(folder):
            return f"{folder}…"
    is_plain = len(path) <= 100 and path.isprintable() and PREFIX not in path.lower()
    return path if is_plain else "…"


def guarded(scope: Scope, send: Send) -> Send:
    """What every answer says to a browser, added to the answer."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if scope["scheme"] == "https":
                headers["Strict-Transport-Security"] = _HSTS
        await send(message)

    return send_guarded


@dataclass(frozen=True)
class Guard:
    """An ASGI application around the pages: it adds headers to every answer and notes each request in the log."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        began, status = time.perf_counter(), 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, guarded(scope, send_noted))
        except CrowdedError:
            status = 429
            raise
        finally:
            took = (time.perf_counter() - began) * 1000
            _log.info("%s %s %s %.0f ms", scope["method"], shown_path(scope["path"]), status, took)
