"""The page of one case: what it is about, where it stands, and what is open to whoever looks (R48, R49)."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from activities.rendering.filters import named
from starter.services.cases.actions import open_actions
from starter.services.cases.commands import known_outcome
from starter.services.cases.files import files_of
from starter.services.cases.reading import describe_record
from starter.services.identity.readable import readable_numbers
from starter.web.staff.case.fields import Asked, asked
from starter.web.staff.case.shown import Shown
from worker.installation.company_time import CompanyTime

if TYPE_CHECKING:
    from starlette.responses import Response

    from activities.queries.case_record import CaseRecord
    from starter.services.identity.bearer import Bearer
    from starter.services.results import CommandResult
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.case.recorded.actions import Action

_PATIENCE: Final = 1.5
"""Seconds for the record to have what a case has judged."""
_POLL: Final = 0.15
_MOST_CHANGES: Final = 10
"""Steps that are named to whoever comes late; all of them are in the timeline."""


@dataclass(frozen=True)
class Form:
    """An action with its form; `once` makes sending it twice one command, `key` names it on the page."""

    action: Action
    title: str
    key: str
    once: str
    fields: list[Asked]
    typed: bool = False


@dataclass(frozen=True)
class Told:
    """What is said of what was sent last.

    Attributes:
        kind: `accepted`, `queued`, or why not: `rejected`, `malformed`, `moved_on`, `old`, `sent_before`, `outage`,
            `outage_files`.
        reason: the case's own line, where it has one.
        typed: what was typed, which is not lost: the form has it again, or else the page shows it.
        of: command and department of the form.
        changes: what happened meanwhile, as the timeline has it.
    """

    kind: str
    reason: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    of: tuple[str, str | None] = ("", None)
    changes: Sequence[Mapping[str, Any]] = ()


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """The case, if it is theirs to see; otherwise as if there were none."""
    record = await find_case(visit, who)
    told, query = None, visit.request.query_params
    if (did := query.get("did", "")[:250]) and did.startswith(f"{who.caller}:"):
        known = await settled(visit, record.number, query.get("what", "")[:40], did)
        told = Told(known.outcome if known is not None else "queued", known.reason or "" if known is not None else "")
        record = await find_case(visit, who)
    return await page(visit, who, record, told=told)


async def find_case(visit: StaffVisit, who: Bearer) -> CaseRecord:
    """The case of the address.

    Raises:
        HTTPException: 404, where there is none, or it is not theirs; nobody learns which.
    """
    record = await visit.installation.cases.get(number_of(str(visit.request.path_params["number"])))
    if record is None or not who.may_read(record):
        raise HTTPException(404)
    return record


def number_of(text: str) -> str:
    """A number as people type it."""
    return unicodedata.normalize("NFKC", text[:100]).strip().upper()


async def page(
    visit: StaffVisit, who: Bearer, record: CaseRecord, status: int = 200, told: Told | None = None
) -> Response:
    """The page of that case."""
    company = await CompanyTime.read(visit.site.settings)
    case = await describe_record(visit.site.settings, record, company)
    await _hide_others(visit, who, case)
    found = open_actions(record, who.person, who.organisation)
    forms = [form_of(visit, action, told) for action in found if action.hindrance is None]
    lost = told if told is not None and told.typed and not any(form.typed for form in forms) else None
    closed = [(_title(visit, action), _why(visit, action)) for action in found if action.hindrance is not None]
    files = await files_of(visit.installation, record.number)
    shown = Shown(visit, who, company, case)
    before = visit.request.query_params.get("before", "")
    timeline, earlier = shown.timeline(
        int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    )
    changes = [shown.entry(entry) for entry in told.changes[-_MOST_CHANGES:]] if told is not None else []
    return visit.page(
        "staff/case.html", status, case=case, shown=shown, forms=forms, closed=closed, told=told, lost=lost,
        files=files, people=shown.people(), review=shown.review(who.person), once=secrets.token_hex(12),
        timeline=timeline, earlier=earlier, changes=changes, told_up_to=visit.told_up_to,
    )  # fmt: skip


async def _hide_others(visit: StaffVisit, who: Bearer, case: dict[str, Any]) -> None:
    """Open cases like this one have the words of other customers: only those stay that are theirs to see."""
    if suggestions := case.get("suggestions"):
        numbers = (one["number"] for one in suggestions["open"])
        theirs = set(await readable_numbers(visit.installation, who, numbers))
        suggestions["open"] = [one for one in suggestions["open"] if one["number"] in theirs]


def form_of(visit: StaffVisit, action: Action, told: Told | None = None) -> Form:
    """The form of an action, with what was typed into it before."""
    typed = told.typed if told is not None and told.of == (action.command, action.department) else {}
    key = "-".join(filter(None, (action.command, action.department)))
    fields = asked(visit, action, typed)
    return Form(action, _title(visit, action), key, secrets.token_hex(12), fields, bool(typed))


def _title(visit: StaffVisit, action: Action) -> str:
    words = visit.words["desk"]["action"]
    if action.department is None:
        return str(words[action.command])
    labels = visit.who.organisation.labels() if visit.who and visit.who.organisation else {}
    return str(words[f"task_{action.command}"]).format(department=named(action.department, labels, visit.locale))


def _why(visit: StaffVisit, action: Action) -> str:
    words = visit.words["desk"]
    if action.permitted:
        who = [words["capacity"].get(one.name.lower(), one.value) for one in action.permitted]
        return str(words["hindrance"]["not_yours"]).format(who=words["or"].join(who))
    return str(words["hindrance"][str(action.hindrance)])


async def settled(visit: StaffVisit, number: str, command: str, did: str) -> CommandResult | None:
    """What became of that command, once the record has it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE
    while True:
        known = await known_outcome(visit.site.settings, command, number, did)
        if known is not None or loop.time() >= until:
            return known
        await asyncio.sleep(_POLL)
