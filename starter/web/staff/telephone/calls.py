"""The calls that somebody has to make: whom, about what, by when, and a form for the result (R21, R23, R43, R49)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from activities.phone_number import dialled
from starter.services.cases.actions import open_actions
from starter.services.cases.calls import PhoneCall, calls_of
from starter.web.staff.case.act import CALLS
from starter.web.staff.case.page import Form, Told, form_of, number_of, settled
from starter.web.staff.wording import Wording
from workflows.domain.case.recorded.calls import CallReason
from workflows.domain.vocabulary import Heard, Status

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.services.identity.bearer import Bearer
    from starter.web.staff.visit import StaffVisit

_MOST: Final = 50
"""Calls on the page; the list is worked off from its beginning."""
_RESULTS: Final = {
    CallReason.TELL: ("told", "supply"),
    CallReason.FOLLOW_UP: ("confirm", "rate", "refuse"),
}
"""Commands that record what came of a call; which of them are open is the case's to say."""
_NOT_REACHED: Final = "note"
_CONTACTS: Final = ("wechat", "email", "other")
_HIDDEN: Final = {"heard": Heard.TELEPHONE.value, "back": CALLS}
"""What a customer says on the telephone is taken down: the case has who did it (R39)."""


@dataclass(frozen=True)
class CallSheet:
    """A call as the page has it.

    Attributes:
        phone: the number as it was given, and `dial` the address that dials it; empty where there is none.
        contacts: other ways to the customer: which, and the address.
        untold: what has to be told: the name of the message, and its text.
        forms: for the result, the likeliest first.
    """

    call: PhoneCall
    customer: str
    about: str
    phone: str
    dial: str
    contacts: list[tuple[str, str]]
    untold: list[tuple[str, str]]
    forms: list[Form]


async def show(visit: StaffVisit, who: Bearer) -> Response:
    """The list, the earliest due first; and what became of the form that was sent last."""
    told, number = await _told(visit, who)
    shown = await Wording.of(visit, who)
    found, count = await calls_of(visit.installation, who.person, most=_MOST) if who.person else ([], 0)
    sheets = [_sheet(visit, who, shown, call) for call in found]
    return visit.page(
        "staff/calls.html", shown=shown, sheets=sheets, count=count, told=told, number=number, hidden=_HIDDEN
    )


async def _told(visit: StaffVisit, who: Bearer) -> tuple[Told | None, str]:
    query = visit.request.query_params
    did, number = query.get("did", "")[:250], number_of(query.get("number", ""))
    record = await visit.installation.cases.get(number) if did.startswith(f"{who.caller}:") and number else None
    if record is None or not who.may_read(record):
        return None, ""
    known = await settled(visit, number, query.get("what", "")[:40], did)
    if known is None:
        return Told("queued"), number
    return Told(known.outcome, known.reason or ""), number


def _sheet(visit: StaffVisit, who: Bearer, shown: Wording, call: PhoneCall) -> CallSheet:
    form = call.record.form
    given = form.get("customer")
    customer: dict[str, Any] = given if isinstance(given, dict) else {}
    phone = str(customer.get("phone") or "")
    return CallSheet(
        call, shown.customer(form), shown.about(form), phone,
        dialled(phone, visit.installation.policy.calendar.country or "CN") or "" if phone else "",
        [(key, str(customer[key])) for key in _CONTACTS if customer.get(key)],
        [(shown.label("message", message), text) for message, text in call.untold],
        list(_forms(visit, who, call)),
    )  # fmt: skip


def _forms(visit: StaffVisit, who: Bearer, call: PhoneCall) -> list[Form]:
    view = call.record.view
    wanted = [command for reason in call.reasons for command in _RESULTS[reason]] + [_NOT_REACHED]
    if view is not None and view["status"] != Status.AWAITING_INFORMATION and not view["missing"]:
        wanted = [command for command in wanted if command != "supply"]
    actions = {one.command: one for one in open_actions(call.record, who.person, who.organisation) if not one.hindrance}
    forms = [form_of(visit, actions[command]) for command in wanted if command in actions]
    return [_here(visit, call, form) for form in forms]


def _here(visit: StaffVisit, call: PhoneCall, form: Form) -> Form:
    """The form with a name of its own on this page, and without what the page says by itself."""
    fields = [one for one in form.fields if one.name != "heard"]
    title = form.title
    if form.action.command == _NOT_REACHED:
        words = visit.words["desk"]["calls"]
        title = str(words["not_reached"])
        fields = [replace(one, value=str(words["nobody_answered"])) for one in fields]
    return replace(form, key=f"{call.record.number}-{form.key}", title=title, fields=fields)
