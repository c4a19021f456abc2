"""Taking an issue in by telephone, in one page, while the caller speaks (R1-R6, R8, R49).

Every button, and with scripts every pause in typing, keeps what was typed on the server. Who takes it in is who is
signed in, and the draft's id makes a form that is sent twice one case.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException

from activities.files.refusal import FileRefusal, FileRefusedError, FileStoreError, refusal_text
from activities.intake.drafts import KEPT_FOR, Drafts
from activities.intake.register import IntakeConflictError
from activities.rendering.filters import named
from starter.services.cases.files import ReceivedFile, discard_staged
from starter.services.identity.acting import MalformedError, hand_in
from starter.services.intake.callers import find_callers
from starter.web.forms.attaching import receive_posted
from starter.web.portal.uploads import LARGEST
from starter.web.staff.case.page import find_case
from starter.web.staff.telephone import sheet as fields
from starter.web.staff.telephone.beside import beside
from starter.web.staff.telephone.sheet import Sheet
from starter.web.staff.wording import Wording
from workflows.domain.case.recorded.customer_status import answer_promised
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale, Priority, TokenRight

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.forms.form import Posted
    from starter.web.staff.visit import StaffVisit

_PATH: Final = "/desk/new"
_HELD: Final = KEPT_FOR + timedelta(days=1)
"""Files wait a little longer than the draft that has them."""


async def start(visit: StaffVisit, who: Bearer) -> Response:
    """An empty page, with what one has not finished; or that draft, as it was saved last."""
    person, drafts = _taker(who), Drafts(visit.installation.database)
    saved = await drafts.find(visit.request.query_params.get("draft", "")[:40], person)
    if saved is not None and saved.number is not None:
        return visit.redirect(_done_path(saved.number))
    if saved is None:
        return await _page(visit, who, Sheet.begin(), unfinished=await drafts.unfinished(person))
    sheet = Sheet.again(saved)
    sheet.files = await _files(visit, saved.content)
    return await _page(visit, who, sheet)


async def type_in(visit: StaffVisit, who: Bearer) -> Response:
    """What the buttons of the page do: look for the caller, take one, check, drop a file or all of it, or register."""
    posted = await visit.form(largest=LARGEST, files=visit.installation.policy.files.at_once)
    sheet, do = Sheet.of(posted), posted.text("do")
    if not visit.believes(posted.text("csrf")):
        return await _page(visit, who, sheet, 403, note="old")
    if do == "drop":
        await _drop(visit, who, sheet)
        return visit.redirect(_PATH)
    if do in {"check", "send"}:
        sheet.spread_who()
    note = await _keep(visit, who, sheet, posted)
    if note and do == "send" and (number := await _same_sent(visit, who, sheet)):
        return visit.redirect(_done_path(number))
    if note:
        return await _page(visit, who, sheet, 409, note=note)
    if do == "send":
        return await _register(visit, who, sheet)
    if do == "check":
        sheet.judge(visit, _taker(who))
    return await _page(visit, who, sheet, 422 if sheet.errors else 200)


async def type_on(visit: StaffVisit, who: Bearer) -> Response:
    """Keep what is typed, and answer with the parts of the page that depend on it: what the script asks for."""
    posted = await visit.form(largest=LARGEST, files=visit.installation.policy.files.at_once)
    sheet = Sheet.of(posted)
    note, status = "old", 403
    if visit.believes(posted.text("csrf")):
        note = await _keep(visit, who, sheet, posted)
        status = 409 if note else 200
    return await _page(visit, who, sheet, status, note=note, whole=False)


async def done(visit: StaffVisit, who: Bearer) -> Response:
    """The number, to be read out, and by when an answer is promised, once the case has said so."""
    record = await find_case(visit, who)
    return visit.page("staff/taken_in.html", number=record.number, promised=answer_promised(record.view))


async def _register(visit: StaffVisit, who: Bearer, sheet: Sheet) -> Response:
    person = _taker(who)
    sheet.judge(visit, person)
    if sheet.errors:
        return await _page(visit, who, sheet, 422)
    try:
        intake = await visit.site.intake()
        accepted = await hand_in(intake, who, sheet.form(visit.zone), key=sheet.id, received=sheet.files)
    except IntakeConflictError as conflict:
        return await _page(visit, who, sheet, 409, note="taken", number=conflict.number)
    except MalformedError:
        sheet.errors = {"form": str(visit.words["desk"]["new"]["fault"]["form"])}
        return await _page(visit, who, sheet, 422)
    except Problem:
        return await _page(visit, who, sheet, 503, note="outage")
    await Drafts(visit.installation.database).finish(sheet.id, person, accepted.number, visit.now(), sheet.digest)
    return visit.redirect(_done_path(accepted.number))


async def _keep(visit: StaffVisit, who: Bearer, sheet: Sheet, posted: Posted) -> str:
    """Save the draft with its files; answers what is said instead, where that may not be: `elsewhere`, `taken`."""
    person, drafts = _taker(who), Drafts(visit.installation.database)
    saved = await drafts.find(sheet.id, person)
    if saved is not None and saved.number is not None:
        return "taken"
    if saved is not None and saved.writer not in {sheet.page, sheet.seen}:
        sheet.files = await _files(visit, saved.content)
        sheet.seen = saved.writer
        return "elsewhere"
    sheet.files = await _files(visit, saved.content if saved is not None else {})
    await _take_caller(visit, who, sheet, posted)
    await _take_files(visit, who, sheet, posted)
    if saved is None and sheet.is_empty:
        return ""
    content: dict[str, Any] = {"values": sheet.values, "files": [file.id for file in sheet.files]}
    if not await drafts.save(sheet.id, person, content, visit.now(), writer=sheet.page, after=sheet.seen):
        return "elsewhere"
    sheet.saved_at = visit.now()
    return ""


async def _take_caller(visit: StaffVisit, who: Bearer, sheet: Sheet, posted: Posted) -> None:
    number = posted.text("take")[:40]
    record = await visit.installation.cases.get(number) if number else None
    if record is not None and who.may_read(record) and isinstance(customer := record.form.get("customer"), dict):
        sheet.take(customer)
    elif posted.text("do") == "find" and not await find_callers(visit.installation, sheet.sought, who.may_read, most=1):
        sheet.spread_who()


async def _take_files(visit: StaffVisit, who: Bearer, sheet: Sheet, posted: Posted) -> None:
    """Take the files that were sent along, all or none; and drop the one that is not wanted."""
    installation, removed = visit.installation, posted.text("remove")
    if any(file.id == removed for file in sheet.files):
        sheet.files = [file for file in sheet.files if file.id != removed]
        await discard_staged(installation, [removed])
    most = installation.policy.files.at_once
    try:
        if posted.nameless:
            raise FileRefusedError(FileRefusal.NO_NAME)
        if len(posted.uploads) + len(sheet.files) > most:
            raise FileRefusedError(FileRefusal.TOO_MANY, most=most)
        received = await receive_posted(installation, posted, by=_taker(who), via=who.via)
    except FileRefusedError as refusal:
        sheet.errors["files"] = refusal_text(refusal.reason_code, refusal.facts, visit.locale)
    except FileStoreError:
        sheet.errors["files"] = str(visit.words["note"]["store"])
    else:
        sheet.files += received
        await installation.file_ledger.hold([file.id for file in received], visit.now() + _HELD)


async def _files(visit: StaffVisit, content: dict[str, Any]) -> list[ReceivedFile]:
    """The files of the draft; also those that its case has by now, so that what is sent twice says the same."""
    kept = content.get("files")
    ids = [str(one) for one in kept] if isinstance(kept, list) else []
    rows = await visit.installation.file_ledger.some(ids)
    return [ReceivedFile(row.id, row.name, row.size, row.type) for one in ids if (row := rows.get(one)) is not None]


async def _drop(visit: StaffVisit, who: Bearer, sheet: Sheet) -> None:
    person, drafts = _taker(who), Drafts(visit.installation.database)
    saved = await drafts.find(sheet.id, person)
    if saved is None or saved.number is not None:
        return
    await drafts.drop(sheet.id, person)
    await discard_staged(visit.installation, [file.id for file in await _files(visit, saved.content)])


async def _same_sent(visit: StaffVisit, who: Bearer, sheet: Sheet) -> str | None:
    """The case that this very form became: a second click sees what the first one did."""
    saved = await Drafts(visit.installation.database).find(sheet.id, _taker(who))
    is_same = saved is not None and saved.content.get("digest") == sheet.digest
    return saved.number if is_same and saved is not None else None


async def _page(
    visit: StaffVisit, who: Bearer, sheet: Sheet, status: int = 200, *, note: str = "", number: str = "",
    whole: bool = True, unfinished: Any = (),
) -> Response:  # fmt: skip
    """The page, or the parts of it that change while one types."""
    shown = await Wording.of(visit, who)
    if note == "taken" and not number:
        saved = await Drafts(visit.installation.database).find(sheet.id, _taker(who))
        number = saved.number or "" if saved is not None else ""
    return visit.page(
        "staff/take_in.html" if whole else "staff/take_in_parts.html", status, shown=shown, sheet=sheet, note=note,
        number=number, beside=await beside(visit, who, shown, sheet), choices=_choices(shown),
        unfinished=[(one, shown.about({"description": one.content.get("values")})) for one in unfinished],
        most=visit.installation.policy.files.at_once, fault_names=fields.KEYS,
    )  # fmt: skip


def _choices(shown: Wording) -> dict[str, Any]:
    """Value and words of every choice; types with their subtypes."""
    policy, locale = shown.visit.installation.policy, shown.locale
    labels = policy.labels()
    return {
        "kind": [
            (one.id, named(one.id, labels, locale), [
                (f"{one.id}/{sub.id}", named(sub.id, labels, locale)) for sub in one.subtypes
            ])
            for one in policy.types
        ],
        "priority": [(one, f"{one} {shown.label('priority', one)}") for one in Priority],
        "contact": [(one, shown.label("channel", one)) for one in fields.CONTACTS],
        "hoped": [(one, shown.label("hope", one)) for one in fields.HOPES],
        "language": [(Locale.ZH_CN, "中文"), (Locale.EN, "English")],
    }  # fmt: skip


def _taker(who: Bearer) -> str:
    """Who takes it in: a person with the right to.

    Raises:
        HTTPException: 403, they have not.
    """
    if who.person is None or not who.has(TokenRight.HAND_IN):
        raise HTTPException(403)
    return who.person


def _done_path(number: str) -> str:
    return f"{_PATH}/done/{quote(number, safe='')}"
