"""Where the staff's pages begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit


async def show(visit: StaffVisit, who: Bearer) -> Response:  # noqa: ARG001
    """A number leads to its case."""
    return visit.page("staff/start.html")
