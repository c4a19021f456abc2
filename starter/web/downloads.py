"""Files of customers as a browser or program gets them: to be saved, and never shown as a page (R41)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from starter.services.cases.files import CaseFile

_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")


def as_download(file: CaseFile, chunks: AsyncIterator[bytes]) -> Response:
    """The file as it came, under its own name."""
    plain = _PLAIN.sub("_", file.name)
    headers = {
        **_HEADERS,
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size),
    }
    return StreamingResponse(chunks, media_type=file.media_type, headers=headers)


def as_picture(picture: bytes) -> Response:
    """A small picture, made anew and without what a camera writes into it."""
    return Response(picture, media_type="image/jpeg", headers=_HEADERS)
