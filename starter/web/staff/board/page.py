"""The board on the wall: the page, and what is on it now, which its script loads again (R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from starter.web.rendering.pages import LANGUAGES
from starter.web.staff.board.lines import Naming, list_address
from starter.web.staff.board.picture import HEIGHT, LEFT, WIDTH, draw

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_ROWS: Final = 5
"""Lines of a list: more cannot be read from across a room."""
_NAME: Final = 14
"""How wide a name may be, and `_NARROW` in the line of a case."""
_NARROW: Final = 8
_PICTURES: Final = 100


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """The whole page."""
    return visit.page("staff/board.html", now=await _drawn(visit, who))


async def now(visit: StaffVisit, who: Bearer) -> Response:
    """What its script puts in the place of what is there; `?heard` says that something has happened."""
    html = await _drawn(visit, who, fresh="heard" in visit.request.query_params)
    return HTMLResponse(html, headers={"Content-Language": LANGUAGES[visit.locale]})


async def _drawn(visit: StaffVisit, who: Bearer, *, fresh: bool = False) -> str:
    """Drawn once for everybody who may read the same, in their language."""
    board, installation = visit.site.board, visit.installation
    look = await board.look(installation, fresh=fresh)
    key = ("board", None if who.sees_all else who.person, visit.locale)
    if key not in look.drawn:
        standing = board.standing(look, who, _ROWS)
        naming = Naming.of(visit, look.at, _NAME, _NARROW)
        look.drawn[key] = visit.site.pages.render(
            "staff/board_now.html", visit.locale,
            {
                "standing": standing, "naming": naming, "address": list_address, "rows": _ROWS,
                "at": installation.local(look.at), "days": await _days(visit, who, naming),
                "late": [naming.case(one, one.late_since(look.at)) for one in standing.late],
                "next": [naming.case(one) for one in standing.next],
                "waiting": [
                    naming.case(one, one.unacknowledged_since, one.escalated_to) for one in standing.unacknowledged
                ],
            },
        )  # fmt: skip
    return str(look.drawn[key])


async def _days(visit: StaffVisit, who: Bearer, naming: Naming) -> str:
    """The picture of the last days, drawn again when a figure of it has changed."""
    board = visit.site.board
    days, departments = await board.days(visit.installation, who)
    led = None if departments is None else tuple(naming.department(one) for one in departments)
    key = (tuple(days), led, visit.locale)
    if key not in board.pictures:
        if len(board.pictures) >= _PICTURES:
            board.pictures.clear()
        board.pictures[key] = visit.site.pages.render(
            "staff/board_days.html", visit.locale,
            {"picture": draw(days), "left": LEFT, "width": WIDTH, "height": HEIGHT, "led": led},
        )  # fmt: skip
    return str(board.pictures[key])
