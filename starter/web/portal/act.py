"""The customer's commands to their case: chosen, then confirmed, in two steps of one session (R40).

Programs open links and send every form they find, some with each of its buttons. So the first step is a button's own
value and changes nothing but the session; the second is a page of that session, a moment later, with a button of its
own. A link's bearer who sends forms without a choice has done nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starter.web.portal import case, word
from workflows.domain.commands.command import TEXT_LIMIT
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Satisfaction

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.web.portal.visit import Visit

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
    if len(text) > TEXT_LIMIT:
        return await _page(visit, session, choice, 422, "too_long", text)
    view, once = await case.read_view(visit, session.number), f"{choice}:{begun.isoformat()}"
    if view is None:
        return visit.redirect("/case")
    if command not in case.rights(session, view):
        known = await word.known(visit, session, command, once)
        return await word.answer(visit, session, known, score) if known else visit.redirect("/case")
    fields: dict[str, Any] = {_TEXTS[command]: text} if text else {}
    if score is not None:
        fields["score"] = score.value
    try:
        result = await word.send(visit, session, command, fields, once)
    except Problem:
        return await _page(visit, session, choice, 503, "outage", text)
    return await word.answer(visit, session, result, score)


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
