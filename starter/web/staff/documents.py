"""Reports shown as pages of their own: nothing in them is fetched or run."""

from __future__ import annotations

from typing import Final

from starlette.responses import HTMLResponse, Response

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "frame-ancestors 'none'",
}


def as_document(html: str) -> Response:
    """A page with its style in it."""
    return HTMLResponse(html, headers=_HEADERS)
