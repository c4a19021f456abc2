"""Handing in an issue: a form, a page to check the answers, and the number (R1-R3, R40).

Nothing is kept between these pages but in the form itself: it comes through whatever a server or a session does. A
draft's own key makes what is sent twice one case.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from activities.intake.form import parse_form
from activities.intake.register import IntakeConflictError
from starter.services.cases.files import attach_to_new
from starter.web.forms.faults import fields_at_fault
from starter.web.forms.form import Posted
from starter.web.portal import case, uploads
from starter.web.portal.uploads import Uploads
from starter.web.throttling.limits import SUBMISSIONS
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Contact, LinkPurpose, Via

if TYPE_CHECKING:
    from starlette.responses import Response

    from starter.web.portal.visit import Visit

_KEYS: Final = {
    "symptom": "description.symptom",
    "product": "product",
    "occurred": "occurred_at",
    "steps": "description.steps",
    "blocks": "impact.blocks_normal_use",
    "name": "customer.name",
    "company": "customer.company",
    "phone": "customer.phone",
    "email": "customer.email",
    "contact": "customer.preferred_contact",
}
"""Field of the page -> key of the form; in the order of the page."""
_FIELDS: Final = {key: name for name, key in _KEYS.items()} | {
    "customer": "phone", "description": "symptom", "attachments": "files",
}  # fmt: skip
"""Key of the form -> the field of the page that is at fault."""
_CONTACTS: Final = (Contact.EMAIL, Contact.SMS, Contact.PHONE)
_HONEYPOT: Final = "website"
"""A field that people do not see; programs like to fill it in, and so may a browser by itself."""
_QUICKEST: Final = timedelta(seconds=4)
"""From the form to sending it; nobody is quicker, whoever seems to be is asked once more."""
_PATIENCE: Final = 1.5
"""Seconds for a worker to open a case that was handed in."""
_POLL: Final = 0.15
_DRAFT: Final = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})")


@dataclass
class Draft:
    """What the form says so far.

    Attributes:
        token: its own key, and when it was begun (Unix seconds).
        values: field of the page -> what was typed.
        uploads: the files that were taken already.
        errors: field of the page -> what is wrong with it, in the visitor's language.
        trap: what stands in the field that people do not see.
    """

    token: str
    values: dict[str, str]
    uploads: Uploads = field(default_factory=Uploads)
    errors: dict[str, str] = field(default_factory=dict)
    trap: str = ""

    @classmethod
    def begin(cls, now: datetime) -> Draft:
        """An empty one."""
        return cls(f"{secrets.token_hex(16)}.{int(now.timestamp())}", dict.fromkeys(_KEYS, ""))

    @classmethod
    def of(cls, posted: Posted, now: datetime) -> Draft:
        """The draft as it was posted; a token that is none of ours becomes a new one."""
        token = posted.text("draft")
        draft = cls.begin(now)
        if _DRAFT.fullmatch(token):
            draft.token = token
        draft.values = {name: posted.text(name) for name in _KEYS}
        draft.trap = posted.text(_HONEYPOT)
        return draft

    @property
    def key(self) -> str:
        """The intake key for the register."""
        return f"web-{self.token.partition('.')[0]}"

    def seems_made_by_a_program(self, now: datetime) -> bool:
        """Whether to ask once more; an honest person loses a click."""
        began = int(self.token.partition(".")[2])
        return bool(self.trap) or now.timestamp() - began < _QUICKEST.total_seconds()

    def form(self, locale: str, zone: str) -> Json:
        """The form for the intake."""
        values = self.values
        occurred = values["occurred"]
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", occurred):
            occurred = datetime.fromisoformat(occurred).replace(tzinfo=ZoneInfo(zone)).isoformat()
        return {
            "intake_key": self.key,
            "channel": Channel.PORTAL.value,
            "customer": {
                **{key: values[key] or None for key in ("name", "company", "phone", "email")},
                "preferred_contact": values["contact"] or None,
                "locale": locale,
            },
            "product": values["product"] or None,
            "occurred_at": occurred or None,
            "description": {"symptom": values["symptom"] or None, "steps": values["steps"] or None},
            "impact": {"blocks_normal_use": {"yes": True, "no": False}.get(values["blocks"])},
            "attachments": [file.name for file in self.uploads.files],
        }


async def start(visit: Visit) -> Response:
    """The empty form."""
    return _form_page(visit, Draft.begin(visit.now()))


async def check(visit: Visit) -> Response:
    """The answers to be checked; or the form again, with what is wrong with it, or to be changed."""
    posted = await visit.form(largest=uploads.LARGEST, files=uploads.most(visit))
    draft = Draft.of(posted, visit.now())
    believed = visit.believes(posted.text("csrf"))
    draft.uploads = await uploads.take(visit, posted, via=Via.CODE)
    if posted.text("change") or posted.text("remove"):
        draft.uploads.drop(posted.text("remove"))
        return _form_page(visit, draft)
    draft.errors = _faults(visit, draft)
    if draft.errors:
        return _form_page(visit, draft, 422)
    if not believed:
        return _form_page(visit, draft, 403, note="old")
    return _check_page(visit, draft)


async def hand_in(visit: Visit) -> Response:
    """Register it, and lead to the number. What went wrong leaves everything that was typed on the page."""
    posted = await visit.form()
    draft = Draft.of(posted, visit.now())
    draft.uploads = await uploads.take(visit, posted, via=Via.CODE)
    if not visit.believes(posted.text("csrf")):
        return _check_page(visit, draft, 403, note="old")
    if draft.seems_made_by_a_program(visit.now()) and not posted.text("person"):
        return _check_page(visit, draft, 422, ask=True)
    draft.errors = _faults(visit, draft)
    if draft.errors:
        return _form_page(visit, draft, 422)
    if await visit.allowed(SUBMISSIONS) is not None:
        return _check_page(visit, draft, 429, note="too_many")
    try:
        intake = await visit.site.intake()
        accepted = await intake.accept(draft.form(visit.locale.value, visit.zone))
        if accepted.created:
            await attach_to_new(visit.installation, accepted.number, draft.uploads.ids)
        number = accepted.number
    except IntakeConflictError as conflict:
        return visit.page("known.html", 409, number=conflict.number)
    except Problem:
        return _check_page(visit, draft, 503, note="outage")
    return await visit.enter(number, "/new/done", via=Via.CODE, purpose=LinkPurpose.SEE)


async def done(visit: Visit) -> Response:
    """The number in large type, what happens next, and by when."""
    if visit.session is None:
        return visit.redirect("/case")
    number = visit.session.number
    view = await case.read_view(visit, number)
    until = time.monotonic() + _PATIENCE
    while view is not None and view["status"] == "registered" and time.monotonic() < until:
        await asyncio.sleep(_POLL)
        view = await case.read_view(visit, number)
    return visit.page("done.html", number=number, view=view)


def _faults(visit: Visit, draft: Draft) -> dict[str, str]:
    """Field of the page -> what is wrong, by the same checks as for every form."""
    words: Mapping[str, str] = visit.words["fault"]
    installation = visit.installation
    errors = {name: words[name] for name in ("name", "symptom") if not draft.values[name]}
    if not draft.values["phone"] and not draft.values["email"]:
        errors["phone"] = words["reach"]
    for name, allowed in (("contact", {*_CONTACTS, ""}), ("blocks", {"yes", "no", ""})):
        if draft.values[name] not in allowed:
            draft.values[name] = ""
    if draft.values["contact"] == Contact.EMAIL and not draft.values["email"]:
        errors["email"] = words["email_wanted"]
    elif draft.values["contact"] in {Contact.SMS, Contact.PHONE} and not draft.values["phone"]:
        errors["phone"] = words["phone_wanted"]
    try:
        parse_form(
            draft.form(visit.locale.value, visit.zone),
            now=installation.now(),
            policy=installation.policy,
            organisation=None,
        )
    except Problem as problem:
        cause = problem.__cause__
        found = fields_at_fault(cause, _FIELDS) if isinstance(cause, ValidationError) else ["form"]
        errors |= {name: words[name] for name in found if name not in errors}
    if draft.uploads.refused:
        errors["files"] = draft.uploads.refused
    return {name: errors[name] for name in (*_KEYS, "files", "form") if name in errors}


def _form_page(visit: Visit, draft: Draft, status: int = 200, note: str = "") -> Response:
    return visit.page("new.html", status, draft=draft, note=note, most=uploads.most(visit))


def _check_page(visit: Visit, draft: Draft, status: int = 200, note: str = "", *, ask: bool = False) -> Response:
    return visit.page("check.html", status, draft=draft, note=note, ask=ask, keys=_KEYS)
