"""One page a case: where it stands, what was promised, what was told, what is asked (R2, R30, R40)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from activities.queries.customer_view import read_own_view
from activities.rendering.labels import satisfaction_scale
from starter.services.cases.files import files_of
from starter.web.portal import follow
from workflows.domain.vocabulary import LinkPurpose, Locale, Resolution, Status, Via

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit

_STEPS: Final = {
    "registered": 0,
    Status.AWAITING_INFORMATION: 0,
    Status.DISPATCHED: 1,
    Status.IN_PROGRESS: 1,
    Status.AWAITING_CONFIRMATION: 2,
    Status.AWAITING_RATING: 2,
    Status.CLOSED: 3,
}
"""How far the four steps 受理 → 处理中 → 待您确认 → 已完成 are."""
_BY_LINK: Final[dict[LinkPurpose, frozenset[str]]] = {
    LinkPurpose.SEE: frozenset(),
    LinkPurpose.SUPPLY: frozenset({"supply", "withdraw"}),
    LinkPurpose.CONFIRM: frozenset({"confirm", "refuse", "rate", "supply", "withdraw"}),
    LinkPurpose.RATE: frozenset({"rate", "refuse"}),
}
"""What a link lets its bearer do; who has confirmed is asked for the rating on the next page."""
_FRESH: Final = timedelta(minutes=2)
"""How long the page thanks for an answer."""


async def show(visit: Visit) -> Response:
    """The case of the session; without one the form to find it."""
    if visit.session is None:
        return await follow.start(visit)
    last = _last(visit.session, visit.now())
    view = await read_view(visit, visit.session.number)
    if view is None:
        return await follow.start(visit)
    files = await files_of(visit.installation, visit.session.number)
    return visit.page("case.html", **facts(visit, view), last=last, files=files)


def facts(visit: Visit, view: dict[str, Any]) -> dict[str, Any]:
    """What pages about a case speak of."""
    allowed = rights(visit.session, view)
    now = visit.installation.now()
    until = view["correctable_until"]
    is_over = view["closed_at"] and until and datetime.fromisoformat(until) < now
    open_to = [] if is_over else list(view["next"]["choices"])
    back = view["retractable_until"]
    if back and datetime.fromisoformat(back) < now and "confirm" in open_to:
        open_to.remove("confirm")
    return {
        "view": view,
        "step": _STEPS.get(view["status"], 1) if view["action_step"] is None else view["action_step"],
        "choices": [choice for choice in open_to if choice in allowed],
        "need_code": bool(open_to) and not allowed.intersection(open_to),
        "late": {name: _is_late(view[name], now) for name in ("answer", "solution")},
        "scale": satisfaction_scale(visit.locale),
        "withdrawn": view["resolution"] == Resolution.WITHDRAWN,
    }


def rights(session: Session | None, view: dict[str, Any]) -> frozenset[str]:
    """The commands that this visitor may give, whatever the case takes now. A link of before a reopening only shows."""
    if session is None:
        return frozenset()
    if session.via is Via.LINK and session.cycle != view["cycle"]:
        return frozenset()
    if session.purpose is None:
        return _BY_LINK[LinkPurpose.CONFIRM]
    return _BY_LINK[session.purpose]


async def read_view(visit: Visit, number: str) -> dict[str, Any] | None:
    """The case as its customer may see it, in the visitor's language."""
    async with visit.installation.database.reader() as reader:
        view = await read_own_view(reader, number, visit.chosen)
    if view is not None:
        visit.case_locale = Locale(view["locale"])
        # A result that nobody has told yet is work that goes on, for the customer.
        view["action_step"] = 1 if view["next"]["action"] == "await_call" else None
    return view


def _is_late(promise: Mapping[str, Any], now: datetime) -> bool:
    return not promise["given"] and bool(promise["promised"]) and datetime.fromisoformat(promise["promised"]) < now


def _last(session: Session, now: datetime) -> dict[str, Any] | None:
    """What the visitor has done a moment ago."""
    last = session.state.get("last")
    if not isinstance(last, dict) or now - datetime.fromisoformat(str(last["at"])) > _FRESH:
        return None
    return last
