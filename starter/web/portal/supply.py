"""What a customer adds to their case: what was asked for, a text, files (R5, R40, R41)."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Final

from activities.files.refusal import FileRefusedError, refusal_text
from starter.web.forms.form import Posted
from starter.web.portal import case, uploads, word
from starter.web.portal.uploads import Uploads
from workflows.domain.commands.command import TEXT_LIMIT
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.services.results import CommandResult
    from starter.web.portal.visit import Visit

_ONCE: Final = re.compile(r"[0-9a-f]{32}")
"""What a form carries so that it counts once, however often it is sent."""


async def start(visit: Visit, session: Session) -> Response:
    """The form."""
    return await _page(visit, session, Posted())


async def hand_over(visit: Visit, session: Session) -> Response:
    """Send it to the case. An empty form, as programs send it, is none."""
    posted = await visit.form(largest=uploads.LARGEST, files=uploads.most(visit))
    view = await case.read_view(visit, session.number)
    if view is None or "supply" not in case.facts(visit, view)["choices"]:
        return visit.redirect("/case")
    once = posted.text("once")
    if visit.believes(posted.text("csrf")) and _ONCE.fullmatch(once):
        known = await word.known(visit, session, "supply", f"supply:{once}")
        if known is not None and known.outcome == "accepted":
            return await word.answer(visit, session, known)
    try:
        taken = await uploads.take(visit, posted, via=session.via, case=session.number)
    except FileRefusedError as refusal:
        taken = Uploads(refused=_said(visit, refusal))
    if posted.text("remove"):
        taken.drop(posted.text("remove"))
        return await _page(visit, session, posted, taken=taken)
    fields = _fields(posted, view)
    fault = _fault(visit, posted, fields, taken)
    if fault or taken.refused:
        return await _page(visit, session, posted, 403 if fault == "old" else 422, fault, taken=taken)
    try:
        result = await _send(visit, session, fields, taken, posted.text("once"), asked=bool(view["next"]["fields"]))
    except FileRefusedError as refusal:
        taken.refused = _said(visit, refusal)
        return await _page(visit, session, posted, 422, taken=taken)
    except Problem:
        return await _page(visit, session, posted, 503, "outage", taken=taken)
    if result.outcome == "rejected":
        posted.texts["once"] = ""
        return await _page(visit, session, posted, 422, "not_taken", taken=taken)
    return await word.answer(visit, session, result)


def _fields(posted: Posted, view: dict[str, Any]) -> dict[str, Any]:
    """What was filled in, as the command has it."""
    given = {key: posted.text(f"field:{key}") for key in view["next"]["fields"]}
    filled = {key: value for key, value in given.items() if value}
    text = posted.text("text")
    return ({"text": text} if text else {}) | ({"fields": filled} if filled else {})


def _fault(visit: Visit, posted: Posted, fields: dict[str, Any], taken: Uploads) -> str:
    if not visit.believes(posted.text("csrf")):
        return "old"
    texts = [fields.get("text", ""), *fields.get("fields", {}).values()]
    if any(len(text) > TEXT_LIMIT for text in texts):
        return "too_long"
    return "" if fields or taken.files or taken.refused else "nothing_given"


async def _send(
    visit: Visit, session: Session, fields: dict[str, Any], taken: Uploads, once: str, *, asked: bool
) -> CommandResult:
    """First the files, then the words. Files alone are the answer where something was `asked` for."""
    if taken.files:
        result = await word.attach(visit, session, taken.ids, once)
        if result.outcome == "rejected" or not (fields or asked):
            return result
    if not fields:
        names = ", ".join(file.name for file in taken.files)
        fields = {"text": str(visit.words["act"]["files_only"]).format(names=names)}
    return await word.send(visit, session, "supply", fields, f"supply:{once}")


def _said(visit: Visit, refusal: FileRefusedError) -> str:
    return refusal_text(refusal.reason_code, refusal.facts, visit.locale)


async def _page(  # noqa: PLR0917 - what a page is asked with
    visit: Visit,
    session: Session,
    posted: Posted,
    status: int = 200,
    fault: str = "",
    taken: Uploads | None = None,
) -> Response:
    view = await case.read_view(visit, session.number)
    known = case.facts(visit, view) if view is not None else {}
    if "supply" not in known.get("choices", ()):
        return visit.redirect("/case")
    once = posted.text("once")
    return visit.page(
        "supply.html",
        status,
        **known,
        fault=fault,
        posted=posted,
        taken=taken or Uploads(),
        most=uploads.most(visit),
        once=once if _ONCE.fullmatch(once) else secrets.token_hex(16),
    )
