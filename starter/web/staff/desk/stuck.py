"""What does not go on by itself, of what is one's own to see: what `bihuan stuck` shows (R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starter.web.staff.wording import Wording

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_MOST: Final = 100


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """What is stuck, each with what to do; what is about the installation itself is for those who see everything."""
    shown = await Wording.of(visit, who)
    site = visit.site
    found, warning = await site.stuck.seen_by(who, visit.installation, shown.company, site.client)
    listed: list[dict[str, Any]] = [{**vars(item), "is_case": item.number.startswith("FB")} for item in found[:_MOST]]
    return visit.page("staff/stuck.html", shown=shown, items=listed, count=len(found), warning=warning)
