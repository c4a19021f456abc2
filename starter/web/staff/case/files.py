"""The files of a case, as the staff get them (R41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from starter.services.cases.files import preview, read_file
from starter.web.downloads import as_download, as_picture
from starter.web.staff.case.page import find_case

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit


async def download(visit: StaffVisit, who: Bearer) -> Response:
    """A file of the case as it came, to be saved."""
    record = await find_case(visit, who)
    try:
        file, chunks = await read_file(visit.installation, record.number, _id(visit))
    except LookupError:
        raise HTTPException(404) from None
    return as_download(file, chunks)


async def small(visit: StaffVisit, who: Bearer) -> Response:
    """A small picture, made anew and without what a camera writes into it."""
    record = await find_case(visit, who)
    picture = await preview(visit.installation, record.number, _id(visit))
    if picture is None:
        raise HTTPException(404)
    return as_picture(picture)


def _id(visit: StaffVisit) -> str:
    return str(visit.request.path_params["id"])[:100]
