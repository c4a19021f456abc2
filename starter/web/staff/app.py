"""Which address of the staff leads to which page. `PAGES` is held to `docs/rights.md`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from starter.web.answering import counted, endpoint
from starter.web.staff import events, sign_in, sign_on
from starter.web.staff.board import load
from starter.web.staff.board import page as board
from starter.web.staff.case import act, files, page
from starter.web.staff.desk import lists, mine, stuck
from starter.web.staff.knowledge import editing
from starter.web.staff.knowledge import pages as knowledge
from starter.web.staff.reports import pages as reports
from starter.web.staff.reviews import act as acting_on_reviews
from starter.web.staff.reviews import pages as reviews
from starter.web.staff.telephone import calls, take_in
from starter.web.staff.visit import StaffPage, StaffVisit, signed_in

if TYPE_CHECKING:
    from starter.web.site import Site


@dataclass(frozen=True)
class StaffAddress:
    """An address; `needs` says who may come: `anybody`, `signed_in`, `case` (who may read that case), `review` (who may
    read a case of it, or for whom it waits), or `all` (who may see every case).

    `is_counted`: what is sent there counts among the forms that somebody may send.
    """

    method: str
    path: str
    page: StaffPage
    needs: str
    is_counted: bool = True


PAGES: Final = (
    StaffAddress("GET", "/sign-in", sign_in.start, "anybody"),
    StaffAddress("POST", "/sign-in", sign_in.ask, "anybody"),
    StaffAddress("GET", "/sign-in/l/{secret}", sign_in.look, "anybody"),
    StaffAddress("POST", "/sign-in/l/{secret}", sign_in.enter, "anybody"),
    StaffAddress("GET", "/sign-in/oidc", sign_on.go, "anybody"),
    StaffAddress("GET", "/sign-in/callback", sign_on.come_back, "anybody"),
    StaffAddress("POST", "/sign-out", signed_in(sign_in.leave), "signed_in"),
    StaffAddress("GET", "/desk", signed_in(mine.show), "signed_in"),
    StaffAddress("GET", "/desk/events", events.events, "signed_in"),
    StaffAddress("GET", "/desk/sessions", signed_in(sign_in.sessions), "signed_in"),
    StaffAddress("GET", "/board", signed_in(board.show), "signed_in"),
    StaffAddress("GET", "/board/now", signed_in(board.now), "signed_in"),
    StaffAddress("GET", "/desk/now", signed_in(load.show), "signed_in"),
    StaffAddress("GET", "/desk/department", signed_in(lists.department), "signed_in"),
    StaffAddress("GET", "/desk/unclaimed", signed_in(lists.unclaimed), "signed_in"),
    StaffAddress("GET", "/desk/stuck", signed_in(stuck.show), "signed_in"),
    StaffAddress("GET", "/desk/cases", signed_in(lists.search), "signed_in"),
    StaffAddress("GET", "/desk/kb", signed_in(knowledge.show), "signed_in"),
    StaffAddress("GET", "/desk/kb/{key}", signed_in(knowledge.article), "signed_in"),
    StaffAddress("POST", "/desk/kb/{key}/change", signed_in(editing.change), "signed_in"),
    StaffAddress("GET", "/desk/reviews", signed_in(reviews.show), "signed_in"),
    StaffAddress("GET", "/desk/reviews/{number}", signed_in(reviews.review), "review"),
    StaffAddress("GET", "/desk/reviews/{number}/report", signed_in(reviews.report), "review"),
    StaffAddress("POST", "/desk/reviews/{number}/act", signed_in(acting_on_reviews.act), "review"),
    StaffAddress("GET", "/desk/reports", signed_in(reports.show), "all"),
    StaffAddress("GET", "/desk/calls", signed_in(calls.show), "signed_in"),
    StaffAddress("GET", "/desk/new", signed_in(take_in.start), "signed_in"),
    StaffAddress("POST", "/desk/new", signed_in(take_in.type_in), "signed_in"),
    StaffAddress("POST", "/desk/new/beside", signed_in(take_in.type_on), "signed_in", is_counted=False),
    StaffAddress("GET", "/desk/new/done/{number}", signed_in(take_in.done), "case"),
    StaffAddress("GET", "/desk/cases/{number}", signed_in(page.show), "case"),
    StaffAddress("POST", "/desk/cases/{number}/act", signed_in(act.act), "case"),
    StaffAddress("POST", "/desk/cases/{number}/files", signed_in(act.attach), "case"),
    StaffAddress("POST", "/desk/cases/{number}/review", signed_in(act.review), "case"),
    StaffAddress("GET", "/desk/cases/{number}/files/{id}", signed_in(files.download), "case"),
    StaffAddress("GET", "/desk/cases/{number}/files/{id}/small", signed_in(files.small), "case"),
)


def staff_routes(site: Site) -> list[Route]:
    """The addresses of a site."""
    return [
        Route(
            one.path,
            endpoint(site, StaffVisit, counted(one.page) if one.method == "POST" and one.is_counted else one.page),
            methods=[one.method],
        )
        for one in PAGES
    ]
