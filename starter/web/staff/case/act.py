"""Commands of the staff to a case: one form, one command; nothing that was typed is lost (R45, R48)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from activities.files.refusal import FileRefusedError, FileStoreError, refusal_text
from starter.services.cases.actions import open_actions
from starter.services.cases.commands import known_outcome, send_to_review
from starter.services.identity.acting import Act, CaseOverError, KeyReusedError, MalformedError
from starter.web.forms.attaching import attach_posted
from starter.web.portal.uploads import LARGEST
from starter.web.staff.case.fields import OF_TASKS, given
from starter.web.staff.case.page import Told, find_case, page
from workflows.domain.commands.case import COMMANDS
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import SYSTEM

if TYPE_CHECKING:
    from activities.queries.case_record import CaseRecord
    from starter.services.identity.bearer import Bearer
    from starter.services.results import CommandResult
    from starter.web.forms.form import Posted
    from starter.web.staff.visit import StaffVisit

_REVIEW: Final = frozenset({"approve", "return_report"})
_ONCE: Final = 24
"""Characters of what makes a form one command."""
CALLS: Final = "calls"
"""Where a form leads back to that stands in the list of calls."""
_ANYHOW: Final = frozenset({"claim", "acknowledge", "note", "contribute", "attach"})
"""Commands that are right whatever happened meanwhile; for others the page says what did, before they are sent."""


async def act(visit: StaffVisit, who: Bearer) -> Response:
    """Give the case the command of the form."""
    posted, record = await visit.form(), await find_case(visit, who)
    command, department = posted.text("command"), posted.text("department") or None
    # Of other commands it is what was chosen in their form.
    department = department if command in OF_TASKS else None
    # The page that comes back knows the case as it stands now: this one names what was done meanwhile, or none does.
    changes = _changes(record, posted)
    told = _Teller(posted, (command, department), changes)
    if not visit.believes(posted.text("csrf")):
        return await page(visit, who, record, 403, told("old"))
    once = once_of(posted)
    did = f"{who.caller}:{once}"
    doing = Act(visit.installation, who, record, visit.site.client, visit.now(), once)
    actions = open_actions(record, who.person, who.organisation)
    named = [one for one in actions if one.command == command and one.department in {department, None}]
    action = next((one for one in named if one.department == department), named[0] if named else None)
    if command in COMMANDS and (known := await known_outcome(visit.site.settings, command, record.number, did)):
        # Such as by the back button: the page that comes back has the form as it was sent, to be changed and sent.
        if action is not None and not await _is_same(doing, command, given(visit, action, posted)):
            return await page(visit, who, record, 409, told("sent_before"))
        return _done(known, posted)
    if action is None:
        return await page(visit, who, record, 422, told("malformed"))
    if action.hindrance is not None:
        return await page(visit, who, record, 409, told("rejected", action.reason or ""))
    if command not in _ANYHOW and changes:
        return await page(visit, who, record, 409, told("moved_on"))
    try:
        result = await doing.send(command, given(visit, action, posted))
    except MalformedError as problem:
        return await page(visit, who, record, 422, told("malformed", str(problem)))
    except KeyReusedError:
        return await page(visit, who, record, 409, told("sent_before"))
    except CaseOverError as problem:
        return await page(visit, who, record, 409, told("rejected", str(problem)))
    except Problem as problem:
        return await page(visit, who, record, 503, told("outage", str(problem)))
    if result.outcome == "rejected":
        return await page(visit, who, await find_case(visit, who), 409, told("rejected", result.reason or ""))
    return _done(result, posted)


async def attach(visit: StaffVisit, who: Bearer) -> Response:
    """Give the case the files of the form."""
    record, most = await find_case(visit, who), visit.installation.policy.files.at_once
    posted = await visit.form(largest=LARGEST, files=most)
    told = _Teller(posted, ("attach", None))
    if not visit.believes(posted.text("csrf")):
        return await page(visit, who, record, 403, told("old"))
    if not posted.uploads:
        return await page(visit, who, record, 422, told("no_file"))
    doing = Act(visit.installation, who, record, visit.site.client, visit.now(), once_of(posted))
    try:
        result, _ = await attach_posted(doing, posted, most)
    except FileRefusedError as refusal:
        said = refusal_text(refusal.reason_code, refusal.facts, visit.locale)
        return await page(visit, who, record, 422, told("rejected", said))
    except KeyReusedError:
        return await page(visit, who, record, 409, told("sent_before"))
    except (FileStoreError, Problem) as problem:
        return await page(visit, who, record, 503, told("outage_files", str(problem)))
    if result.outcome == "rejected":
        return await page(visit, who, record, 409, told("rejected", result.reason or ""))
    return _done(result, posted)


async def review(visit: StaffVisit, who: Bearer) -> Response:
    """Approve the report of the review that covers the case, or send it back with the reason."""
    posted, record = await visit.form(), await find_case(visit, who)
    command = posted.text("do")
    told = _Teller(posted, (command, None))
    if not visit.believes(posted.text("csrf")):
        return await page(visit, who, record, 403, told("old"))
    if command not in _REVIEW or who.person is None:
        return await page(visit, who, record, 422, told("malformed"))
    text = posted.text("text")
    try:
        client = await visit.site.client()
    except Problem as problem:
        return await page(visit, who, record, 503, told("outage", str(problem)))
    fields: dict[str, Any] = {"why" if command == "return_report" else "text": text} if text else {}
    try:
        result = await send_to_review(
            visit.site.settings, command, record.number, fields, by=who.person, via=who.via,
            command_id=f"{who.caller}:{once_of(posted)}", client=client,
        )  # fmt: skip
    except Problem as problem:
        return await page(visit, who, record, 422, told("rejected", str(problem)))
    if result.outcome == "rejected":
        return await page(visit, who, record, 409, told("rejected", result.reason or ""))
    return _done(result, posted)


class _Teller:
    """Says what became of a form, with what was typed into it."""

    def __init__(self, posted: Posted, of: tuple[str, str | None], changes: Sequence[Mapping[str, Any]] = ()) -> None:
        hidden = {"csrf", "command", "once", "seen", "do", "back"} | ({"department"} if of[1] else set())
        self._typed = {name: text for name, text in posted.texts.items() if name not in hidden and text.strip()}
        self._of = of
        self._changes = changes

    def __call__(self, kind: str, reason: str = "") -> Told:
        return Told(kind, reason, self._typed, self._of, self._changes)


async def _is_same(doing: Act, command: str, fields: dict[str, Any]) -> bool:
    """Whether a form that was sent before says what it said then."""
    try:
        await doing.check_same(command, fields)
    except KeyReusedError:
        return False
    return True


def once_of(posted: Posted) -> str:
    """What the page gave the form; one that was not given by it is no command twice, and no page can be shown."""
    given_ = posted.text("once")
    return given_ if len(given_) == _ONCE and given_.isalnum() and given_.isascii() else "0" * _ONCE


def _changes(record: CaseRecord, posted: Posted) -> list[Mapping[str, Any]]:
    """What was done since the page was shown: by anybody, since one's own step was of another page, or by chat."""
    seen = posted.text("seen")
    since = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    return [
        entry
        for entry in record.timeline
        if int(str(entry["sequence"])) > since and entry["by"] != SYSTEM and entry["kind"] != "rejected"
    ]


def _done(result: CommandResult, posted: Posted) -> Response:
    """Back to where the form was: the page of the case, or the list of calls."""
    what = f"did={quote(result.command_id, safe='')}&what={quote(result.command, safe='')}"
    if posted.text("back") == CALLS:
        return RedirectResponse(f"/desk/calls?{what}&number={result.number}", 303)
    return RedirectResponse(f"/desk/cases/{result.number}?{what}", 303)
