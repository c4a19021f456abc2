"""What a customer does to their case: choose, then confirm, in two steps of one session (R40).

Programs open links and send every form they find, some with each of its buttons. So the first step is a button's own
value and changes nothing but the session; the second is a page of that session, a moment later, with a button of its
own. A link's bearer who sends forms without a choice has done nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starter.services import commands
from starter.web import case, uploads
from starter.web.forms import Posted
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import CUSTOMER, Satisfaction

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.services.commands import CommandResult
    from starter.web.visit import Visit

_LATER: Final = timedelta(milliseconds=700)
"""From choosing to confirming; a person reads a sentence in between."""
_WITHIN: Final = timedelta(hours=2)
_STEPS_KEPT: Final = 8
_CHOICES: Final = {
    **{name: (name, None) for name in ("confirm", "refuse", "withdraw")},
    **{f"rate-{score.value}": ("rate", score) for score in Satisfaction},
}
"""What a button says -> the command, and the score of a rating."""
_TEXTS: Final = {"confirm": "text", "refuse": "why", "withdraw": "why", "rate": "comment"}
"""Command -> the key of what the customer writes with it."""
_NEEDED: Final = frozenset({"refuse", "withdraw"})
_ONCE: Final = re.compile(r"[0-9a-f]{32}")
"""What a form carries so that it counts once, however often it is sent."""
_LONGEST: Final = 4000
"""Characters of a text; as commands have it."""


async def choose(visit: Visit, session: Session) -> Response:
    """First step: remember the choice in the session. No choice, nothing done."""
    posted = await visit.form()
    choice = posted.text("choice")
    if choice not in _CHOICES or not visit.believes(posted.text("csrf")):
        return visit.redirect("/case")
    steps = _steps(session) | {choice: visit.now().isoformat()}
    kept = dict(sorted(steps.items(), key=lambda step: str(step[1]))[-_STEPS_KEPT:])
    await visit.record.sessions.remember(session, {**session.state, "steps": kept})
    return visit.redirect(f"/case/act/{choice}")


async def confirm_page(visit: Visit, session: Session) -> Response:
    """Second step: what is about to happen."""
    choice = str(visit.request.path_params["choice"])
    if choice not in _CHOICES or choice not in _steps(session):
        return visit.redirect("/case")
    return await _page(visit, session, choice)


async def confirm(visit: Visit, session: Session) -> Response:
    """Do it: the command goes to the case, which judges it."""
    posted = await visit.form()
    choice = str(visit.request.path_params["choice"])
    if choice not in _CHOICES:
        return visit.redirect("/case")
    command, score = _CHOICES[choice]
    text = posted.text("text")
    begun = _begun(session, choice, visit.now())
    if not visit.believes(posted.text("csrf")) or posted.text("sure") != "yes" or begun is None:
        return await _page(visit, session, choice, 403, "old", text) if begun else visit.redirect("/case")
    if visit.now() - begun < _LATER:
        return await _page(visit, session, choice, 422, "quick", text)
    if command in _NEEDED and not text:
        return await _page(visit, session, choice, 422, "why_wanted")
    if len(text) > _LONGEST:
        return await _page(visit, session, choice, 422, "too_long", text)
    view = await case.read_view(visit, session.number)
    if view is None or command not in case.rights(session, view):
        return visit.redirect("/case")
    fields: dict[str, Any] = {_TEXTS[command]: text} if text else {}
    if score is not None:
        fields["score"] = score.value
    try:
        result = await _send(visit, session, command, fields, f"{choice}:{begun.isoformat()}")
    except Problem:
        return await _page(visit, session, choice, 503, "outage", text)
    return await _answered(visit, session, result, view, score)


async def supply_page(visit: Visit, session: Session) -> Response:
    """The form for what was asked, or what the customer has to add."""
    return await _supply_page(visit, session, Posted())


async def supply(visit: Visit, session: Session) -> Response:
    """Hand it to the case. Sent again it is the same, by what the form carries."""
    posted = await visit.form(largest=uploads.LARGEST, files=uploads.most(visit))
    view = await case.read_view(visit, session.number)
    if view is None or "supply" not in case.facts(visit, view)["choices"]:
        return visit.redirect("/case")
    files = uploads.taken_in(posted)
    refused = await uploads.take(visit, posted, files)
    given = {key: posted.text(f"field:{key}") for key in view["next"]["fields"]}
    fields: dict[str, Any] = {}
    if text := posted.text("text"):
        fields["text"] = text
    if filled := {key: value for key, value in given.items() if value}:
        fields["fields"] = filled
    fault = ""
    if not visit.believes(posted.text("csrf")):
        fault = "old"
    elif not fields and not files:
        fault = "nothing_given"
    elif any(len(value) > _LONGEST for value in (text, *given.values())):
        fault = "too_long"
    if fault or refused:
        return await _supply_page(
            visit, session, posted, 403 if fault == "old" else 422, fault, files=files, refused=refused
        )
    try:
        await uploads.attach(visit, session.number, files, _command_id(session, f"files:{posted.text('once')}"))
        if not fields:
            fields["text"] = visit.words["act"]["files_only"].format(names=", ".join(file.name for file in files))
        result = await _send(visit, session, "supply", fields, f"supply:{posted.text('once')}")
    except Problem:
        return await _supply_page(visit, session, posted, 503, "outage", files=files)
    if result.outcome == "rejected":
        return await _supply_page(visit, session, posted, 422, "not_taken", files=files)
    return await _answered(visit, session, result, view)


async def _send(visit: Visit, session: Session, command: str, fields: dict[str, Any], once: str) -> CommandResult:
    return await commands.send(
        visit.site.settings,
        command,
        session.number,
        fields,
        by=CUSTOMER,
        via=session.via,
        command_id=_command_id(session, once),
        client=await visit.site.client(),
    )


def _command_id(session: Session, once: str) -> str:
    """The same for the same step of the same session: pressed twice it is one command."""
    return f"web-{hashlib.sha256(f'{session.id}:{once}'.encode()).hexdigest()[:24]}"


async def _answered(
    visit: Visit, session: Session, result: CommandResult, before: dict[str, Any], score: Satisfaction | None = None
) -> Response:
    """Back to the case, which says what became of it."""
    last: Json = {
        "command": result.command,
        "outcome": result.outcome,
        "score": score.value if score else None,
        "at": visit.now().isoformat(),
        "before": case.standing(before),
    }
    await visit.record.sessions.remember(session, {**session.state, "last": last})
    return visit.redirect("/case")


def _steps(session: Session) -> dict[str, Any]:
    steps = session.state.get("steps")
    return steps if isinstance(steps, dict) else {}


def _begun(session: Session, choice: str, now: datetime) -> datetime | None:
    """When it was chosen; None where that was not, or long ago."""
    chosen = _steps(session).get(choice)
    if not isinstance(chosen, str):
        return None
    begun = datetime.fromisoformat(chosen)
    return begun if now - begun < _WITHIN else None


async def _page(  # noqa: PLR0917 - what a page is asked with
    visit: Visit, session: Session, choice: str, status: int = 200, fault: str = "", text: str = ""
) -> Response:
    view = await case.read_view(visit, session.number)
    command, score = _CHOICES[choice]
    if view is None:
        return visit.redirect("/case")
    known = case.facts(visit, view)
    if command not in known["choices"] and not fault:
        return visit.redirect("/case")
    return visit.page(
        "act.html", status, **known, command=command, score=score, choice=choice, fault=fault, text=text,
        needed=command in _NEEDED,
    )  # fmt: skip


async def _supply_page(
    visit: Visit,
    session: Session,
    posted: Posted,
    status: int = 200,
    fault: str = "",
    *,
    files: list[uploads.Taken] | None = None,
    refused: str = "",
) -> Response:
    view = await case.read_view(visit, session.number)
    if view is None:
        return visit.redirect("/case")
    known = case.facts(visit, view)
    if "supply" not in known["choices"]:
        return visit.redirect("/case")
    once = posted.text("once")
    return visit.page(
        "supply.html", status, **known, fault=fault, posted=posted, files=files or [], refused=refused,
        most=uploads.most(visit),
        once=once if _ONCE.fullmatch(once) else secrets.token_hex(16),
    )  # fmt: skip
