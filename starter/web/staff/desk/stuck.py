"""What does not go on by itself, of what is one's own to see: what `bihuan stuck` shows (R49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from activities.queries.monitoring.attention import AttentionReason
from activities.rendering.filters import brief
from activities.rendering.labels import labels
from starter.web.staff.wording import Wording

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.services.system.stuck import StuckItem
    from starter.web.staff.visit import StaffVisit

_MOST: Final = 100
_OF_DEPARTMENTS: Final = frozenset({AttentionReason.TASK_LATE, AttentionReason.PERSON_LEFT})
_LONGEST: Final = 120


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """What is stuck, each with what to do; what is about the installation itself is for those who see everything."""
    shown = await Wording.of(visit, who)
    site = visit.site
    found, warning = await site.stuck.seen_by(who, visit.installation, shown.company, site.client)
    listed: list[dict[str, Any]] = [
        {**vars(item), "is_case": item.number.startswith("FB"), "what": what_in_words(shown, item)}
        for item in found[:_MOST]
    ]
    return visit.page("staff/stuck.html", shown=shown, items=listed, count=len(found), warning=warning)


def what_in_words(shown: Wording, item: StuckItem) -> str:
    """What it is about: a clock, a message, a step of a review, a department or a command; Temporal's words as they
    are.
    """
    name, known, words = item.what or "", labels(shown.locale), shown.visit.words["desk"]
    step, _, number = name.partition(" ")
    if step == "measure" and number.isdigit():
        return str(words["review"]["measure"]).format(number=number)
    for named in (words["stuck"]["what"], known["clock"], known["message"], words["action"]):
        if name in named:
            return str(named[name])
    return shown.department(name) if item.reason in _OF_DEPARTMENTS else brief(name, _LONGEST)
