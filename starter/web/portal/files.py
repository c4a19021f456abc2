"""Files of the visitor's own case: downloads, and small pictures (R41). Nothing of a customer's is shown as a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from starter.services.cases.files import preview, read_file

if TYPE_CHECKING:
    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit

_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")


async def download(visit: Visit, session: Session) -> Response:
    """The file as it came, to be saved. One answer for what is another case's, erased, infected, or none."""
    try:
        file, chunks = await read_file(visit.installation, session.number, _id(visit))
    except LookupError:
        raise HTTPException(404) from None
    plain = _PLAIN.sub("_", file.name)
    headers = {
        **_HEADERS,
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size),
    }
    return StreamingResponse(chunks, media_type=file.media_type, headers=headers)


async def small(visit: Visit, session: Session) -> Response:
    """A small picture, made anew and without what a camera writes into it."""
    picture = await preview(visit.installation, session.number, _id(visit))
    if picture is None:
        raise HTTPException(404)
    return Response(picture, media_type="image/jpeg", headers=_HEADERS)


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["id"])[:100]
