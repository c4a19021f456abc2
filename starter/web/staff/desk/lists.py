"""Lists of cases: a department's, those that nobody has taken on, and whatever is searched for (R30, R49)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starter.services.cases.listing import CasePage, page_of_cases
from starter.web.staff.desk.filtering import BY_DEADLINE, Asked, plain_address, read_asked
from starter.web.staff.desk.row import row_of
from starter.web.staff.wording import Wording

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.queries.case_filter import Order
    from activities.queries.case_record import CaseRecord
    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.organisation.organisation import Organisation


async def department(visit: StaffVisit, who: Bearer) -> Response:
    """Open cases that concern one's department, by the next deadline; or another's, as far as one may see them."""
    theirs = departments_of(who.person, who.organisation)
    fixed: dict[str, Any] = {"open_only": True}
    if theirs and not visit.request.query_params.get("department"):
        fixed["department"] = theirs[0]
    # Whoever belongs to none sees what they may read of all.
    return await listed(visit, who, "department", **fixed)


async def unclaimed(visit: StaffVisit, who: Bearer) -> Response:
    """Open cases that nobody has taken on yet, by the next deadline."""
    return await listed(visit, who, "unclaimed", open_only=True, unclaimed=True)


async def search(visit: StaffVisit, who: Bearer) -> Response:
    """Cases by customer or number, the latest first; the whole number of one leads to it. What is asked for by its
    deadline comes by its deadline.
    """
    query = visit.request.query_params
    typed = unicodedata.normalize("NFKC", query.get("q", "")[:100]).strip().upper()
    if typed.startswith("FB") and typed.isalnum():
        record = await visit.installation.cases.get(typed)
        if record is not None and who.may_read(record):
            return visit.redirect(f"/desk/cases/{quote(record.number, safe='')}")
    return await listed(visit, who, "search", "due" if query.keys() & BY_DEADLINE else "received")


async def listed(
    visit: StaffVisit,
    who: Bearer,
    key: str,
    sort: Order = "due",
    *,
    only: Callable[[CaseRecord], bool] | None = None,
    besides: object = None,
    **fixed: Any,
) -> Response:
    """The page of a list, narrowed by what its address asks. `key` names its words under `[desk.list]`, `fixed` and
    `only` are what makes it this list, `besides` is shown before it.
    """
    path, query = visit.request.url.path, visit.request.query_params
    if plain := plain_address(path, query):
        return visit.redirect(plain)
    shown = await Wording.of(visit, who)
    asked = read_filters(visit, shown, sort)
    page = CasePage([])
    if not asked.fault:
        now = shown.company.now()

        def is_listed(record: CaseRecord) -> bool:
            return (only is None or only(record)) and asked.fits(record, now) and who.may_read(record)

        wanted = asked.filter(now, sort=sort, **fixed)
        page = await page_of_cases(visit.installation, wanted, is_listed)
    return visit.page(
        "staff/list.html", 422 if asked.fault else 200, key=key, shown=shown, asked=asked, besides=besides,
        rows=[row_of(shown, record) for record in page.cases], following=asked.next_page(path, page.after),
        chosen=fixed.get("department"), is_own=only is not None,
    )  # fmt: skip


def read_filters(visit: StaffVisit, shown: Wording, sort: Order = "due") -> Asked:
    """What the address asks."""
    organisation = shown.who.organisation
    known = {
        "type": [one for one, _ in shown.types()],
        "department": [one for one, _ in shown.departments()],
        "owner": [one.id for one in organisation.people] if organisation is not None else [],
    }
    return read_asked(visit.request.query_params, known, sort)


def departments_of(person: str | None, organisation: Organisation | None) -> list[str]:
    """The departments that somebody is in or heads, their own first."""
    if organisation is None or person is None or (known := organisation.person(person)) is None:
        return []
    headed = [one.id for one in organisation.departments if one.head == person]
    return list(dict.fromkeys([one for one in (known.department, *headed) if one]))
