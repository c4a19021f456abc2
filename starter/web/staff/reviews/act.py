"""Commands of the staff to a review: one form, one command; nothing that was typed is lost (R27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starter.services.identity.acting import OPEN_REVIEW_COMMANDS, Act, KeyReusedError, MalformedError
from starter.services.results import REVIEW_STATUSES
from starter.web.staff.case.act import once_of
from starter.web.staff.case.fields import moment
from starter.web.staff.reviews.pages import Rejection, find_review, review_page
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.forms.form import Posted
    from starter.web.staff.visit import StaffVisit

_MOST: Final = 20
"""Measures of a report."""
_TEXTS: Final = ("root_cause", "what_happened", "why", "text", "result", "reason")
_PEOPLE: Final = ("author", "owner")


async def act(visit: StaffVisit, who: Bearer) -> Response:
    """Give the review the command of the form."""
    posted, found = await visit.form(), await find_review(visit, who)
    command = posted.text("command")
    typed = {name: text for name, text in posted.texts.items() if name not in {"csrf", "once", "command"}}

    async def refused(status: int, kind: str, reason: str = "") -> Response:
        return await review_page(visit, who, found, status, Rejection(kind, reason, typed, command))

    record = await visit.installation.cases.get(found["number"])
    if not visit.believes(posted.text("csrf")):
        return await refused(403, "old")
    if command not in OPEN_REVIEW_COMMANDS or record is None:
        return await refused(422, "malformed")
    doing = Act(visit.installation, who, record, visit.site.client, visit.now(), once_of(posted))
    try:
        result = await doing.send_to_review(command, _given(visit, command, posted))
    except MalformedError as problem:
        return await refused(422, "malformed", str(problem))
    except KeyReusedError:
        return await refused(409, "sent_before")
    except Problem as problem:
        # What nobody answers now may go well in a moment; a review that is over takes nothing more.
        is_over = found["status"] == REVIEW_STATUSES[-1]
        return await refused(*((409, "rejected") if is_over else (503, "outage")), str(problem))
    if result.outcome == "rejected":
        return await refused(409, "rejected", result.reason or "")
    return visit.redirect(f"/desk/reviews/{found['number']}?done={result.outcome}")


def _given(visit: StaffVisit, command: str, posted: Posted) -> dict[str, Any]:
    """The fields as the command takes them; what was left empty is left out. It judges them itself."""
    fields = OPEN_REVIEW_COMMANDS[command].model_fields
    given: dict[str, Any] = {name: text for name in _TEXTS if name in fields and (text := posted.text(name))}
    given |= {name: text.split(maxsplit=1)[0] for name in _PEOPLE if name in fields and (text := posted.text(name))}
    if "due" in fields and (text := posted.text("due")):
        given["due"] = moment(text, visit.zone)
    if "measure" in fields:
        number = posted.text("measure")
        given["measure"] = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else number
    if "measures" in fields:
        given["measures"] = [one for place in range(_MOST) if (one := _measure(visit, posted, place))]
    return given


def _measure(visit: StaffVisit, posted: Posted, place: int) -> dict[str, str]:
    """A line of the report; nothing where it was left empty."""
    what, owner, due = (posted.text(f"{name}{place}") for name in ("what", "owner", "due"))
    given = {"what": what, "owner": owner.split(maxsplit=1)[0] if owner else "", "due": moment(due, visit.zone)}
    return {name: text for name, text in given.items() if text}
