"""Reviews of closed cases: which there are, and one of them (R27, R49)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from activities.database.database import is_outage
from activities.rendering.event_text import event_text, whose
from activities.rendering.labels import label
from starter.services.identity.readable import readable_numbers
from starter.services.results import REVIEW_STATUSES
from starter.services.reviews.documents import review_report
from starter.services.reviews.reading import concerns, describe_review, list_reviews
from starter.web.staff.case.page import number_of
from starter.web.staff.desk.filtering import plain_address
from starter.web.staff.documents import as_document
from starter.web.staff.wording import Wording
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_PAGE: Final = 50
_MOST_STEPS: Final = 50
_SPARE: Final = 3
"""Empty lines for measures."""


@dataclass(frozen=True)
class Rejection:
    """Why nothing was done, with what was typed; `of` is the command."""

    kind: str
    reason: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    of: str = ""


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """Reviews of cases that are theirs to see, or that wait for them: late ones first."""
    path, query = visit.request.url.path, visit.request.query_params
    if plain := plain_address(path, query):
        return visit.redirect(plain)
    shown, status = await Wording.of(visit, who), query.get("status")
    fault = status is not None and status not in {"all", *REVIEW_STATUSES}
    statuses = REVIEW_STATUSES if status == "all" else (status,) if status is not None else REVIEW_STATUSES[:-1]
    found = [] if fault else await list_reviews(visit.site.settings, shown.company, statuses=statuses)
    theirs = set(await readable_numbers(visit.installation, who, (one["number"] for one in found)))
    listed = [one for one in found if one["number"] in theirs or concerns(one, who.person)]
    begin = int(text) if (text := query.get("cursor", "")).isascii() and text.isdigit() and len(text) < 6 else 0
    asked = {"status": status} if status else {}
    more = len(listed) > begin + _PAGE
    return visit.page(
        "staff/reviews.html", 422 if fault else 200, shown=shown, reviews=listed[begin : begin + _PAGE],
        chosen=status, statuses=REVIEW_STATUSES, fault=fault, mine=who.person, concerns=concerns,
        following=f"{path}?{urlencode({**asked, 'cursor': begin + _PAGE})}" if more else None,
    )  # fmt: skip


async def review(visit: StaffVisit, who: Bearer) -> Response:
    """The review that covers a case."""
    return await review_page(visit, who, await find_review(visit, who))


async def report(visit: StaffVisit, who: Bearer) -> Response:
    """The report of the review."""
    found = await find_review(visit, who)
    made = await review_report(visit.site.settings, found["number"], visit.locale)
    return as_document(made.html())


async def find_review(visit: StaffVisit, who: Bearer) -> dict[str, Any]:
    """The review of the address.

    Raises:
        HTTPException: 404, where there is none, or it is not theirs; nobody learns which.
    """
    number, shown = number_of(str(visit.request.path_params["number"])), await Wording.of(visit, who)
    try:
        found = await describe_review(visit.site.settings, number, shown.company)
    except Problem as problem:
        if problem.__cause__ is not None or is_outage(problem):
            raise
        raise HTTPException(404) from None
    theirs = await readable_numbers(visit.installation, who, [number, found["number"]])
    if not theirs and not concerns(found, who.person):
        raise HTTPException(404)
    return found


async def review_page(
    visit: StaffVisit, who: Bearer, found: dict[str, Any], status: int = 200, told: Rejection | None = None
) -> Response:
    """The page of that review."""
    shown, state = await Wording.of(visit, who), found["status"]
    waits = who.person in (found["waits_for"] or ())
    steps = [
        {
            "at": entry["at"],
            "what": label("event", str(entry["kind"]), visit.locale),
            "who": whose(entry, visit.locale, shown.name),
            "text": event_text(entry, shown.company.local, visit.locale, shown.called),
        }
        for entry in reversed(found["timeline"][-_MOST_STEPS:])
    ]
    return visit.page(
        "staff/review.html", status, shown=shown, review=found, told=told, steps=steps, once=secrets.token_hex(12),
        writes=state == "writing" and who.person == found["author"], approves=state == "awaiting_approval" and waits,
        leads=state != "done" and who.person in {found["head"], found["approver"], found["author"]},
        lines=_lines(shown, found, told), done="done" in visit.request.query_params,
        covered=await readable_numbers(visit.installation, who, found["cases"]),
    )  # fmt: skip


def _lines(shown: Wording, found: dict[str, Any], told: Rejection | None) -> list[dict[str, str]]:
    """The measures that a report proposes, as they are typed: what, who, until when; with some empty ones."""
    typed = told.typed if told is not None and told.of == "review" else {}
    given = [
        {"what": one["what"], "owner": one["owner"], "due": shown.company.text(one["due"], "%Y-%m-%dT%H:%M")}
        for one in found["measures"]
    ]
    given += [{"what": "", "owner": "", "due": ""} for _ in range(_SPARE)]
    if not typed:
        return given
    return [{name: typed.get(f"{name}{place}", "") for name in ("what", "owner", "due")} for place in range(len(given))]
