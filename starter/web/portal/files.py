"""Files of the visitor's own case: downloads, and small pictures (R41). Nothing of a customer's is shown as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from starter.services.cases.files import preview, read_file
from starter.web.downloads import as_download, as_picture

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit


async def download(visit: Visit, session: Session) -> Response:
    """The file as it came, to be saved. One answer for what is another case's, erased, infected, or none."""
    try:
        file, chunks = await read_file(visit.installation, session.number, _id(visit))
    except LookupError:
        raise HTTPException(404) from None
    return as_download(file, chunks)


async def small(visit: Visit, session: Session) -> Response:
    """A small picture, made anew and without what a camera writes into it."""
    picture = await preview(visit.installation, session.number, _id(visit))
    if picture is None:
        raise HTTPException(404)
    return as_picture(picture)


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["id"])[:100]
