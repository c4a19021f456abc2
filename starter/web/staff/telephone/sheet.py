"""What is typed while a caller speaks: the fields of the page, and the form that becomes of them (R3)."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from activities.intake.form import parse_form
from starter.web.forms.faults import fields_at_fault
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Channel, Contact, Locale, Priority

if TYPE_CHECKING:
    from activities.intake.drafts import SavedDraft
    from starter.services.cases.files import ReceivedFile
    from starter.web.forms.form import Posted
    from starter.web.staff.visit import StaffVisit
    from workflows.domain.policy.policy import Policy

CUSTOMER: Final = {
    "name": "customer.name",
    "company": "customer.company",
    "phone": "customer.phone",
    "email": "customer.email",
    "wechat": "customer.wechat",
    "other": "customer.other",
    "contact": "customer.preferred_contact",
    "language": "customer.locale",
}
"""Field of the page -> key of the form: who it is."""
KEYS: Final = CUSTOMER | {
    "symptom": "description.symptom",
    "product": "product",
    "kind": "type",
    "priority": "priority",
    "steps": "description.steps",
    "occurred": "occurred_at",
    "blocks": "impact.blocks_normal_use",
    "hoped": "hoped_for",
}
"""The same of the whole page, in its order; besides there is `who`, by which the caller is looked for."""
CONTACTS: Final = (Contact.PHONE, Contact.SMS, Contact.EMAIL, Contact.WECHAT)
BLOCKS: Final = ("yes", "no")
HOPES: Final = ("立即", "24小时内", "3个工作日内")
_FIELDS: Final = {key: name for name, key in KEYS.items()} | {
    "customer": "phone", "description": "symptom", "subtype": "kind", "attachments": "files",
}  # fmt: skip
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "contact": frozenset(CONTACTS), "blocks": frozenset(BLOCKS), "priority": frozenset(Priority),
    "language": frozenset(Locale), "hoped": frozenset(HOPES),
}  # fmt: skip
_ID: Final = re.compile(r"[0-9a-f]{32}")
_PAGE: Final = re.compile(r"[0-9a-f]{16}")
_MINUTE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


@dataclass
class Sheet:
    """What was typed so far.

    Attributes:
        id: of the draft; it makes what is sent twice one case.
        page: names this page among those that may show the draft.
        seen: the page that had saved what this one began from; empty where nobody had.
        values: field of the page -> what was typed.
        files: those that were taken already.
        errors: field of the page -> what is wrong with it, in the language of whoever types.
        saved_at: when it was saved last; None while it was not.
        is_filled: fields of the customer were filled in that nobody typed.
    """

    id: str
    page: str
    seen: str = ""
    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(("who", *KEYS), ""))
    files: list[ReceivedFile] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    saved_at: datetime | None = None
    is_filled: bool = False

    @classmethod
    def begin(cls) -> Sheet:
        """An empty one."""
        return cls(secrets.token_hex(16), secrets.token_hex(8))

    @classmethod
    def of(cls, posted: Posted) -> Sheet:
        """The sheet as it was posted; an id that is none of ours becomes a new one."""
        sheet = cls.begin()
        for name, allowed in (("draft", _ID), ("page", _PAGE), ("seen", _PAGE)):
            if allowed.fullmatch(posted.text(name)):
                setattr(sheet, "id" if name == "draft" else name, posted.text(name))
        sheet.values = {name: posted.text(name) for name in sheet.values}
        return sheet

    @classmethod
    def again(cls, saved: SavedDraft) -> Sheet:
        """The sheet as it was saved, on a new page."""
        sheet = cls.begin()
        sheet.id, sheet.seen, sheet.saved_at = saved.id, saved.writer, saved.saved_at
        kept = saved.content.get("values")
        known = kept if isinstance(kept, dict) else {}
        sheet.values = {name: str(known.get(name) or "") for name in sheet.values}
        return sheet

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.files and not any(self.values.values())

    @property
    def digest(self) -> str:
        """A digest, the same for two sheets that say the same."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True).encode("utf-8", "replace")).hexdigest()

    @property
    def sought(self) -> str:
        """What the caller is looked for by: the surest of what is known."""
        return next((said for name in ("phone", "email", "name", "who") if (said := self.values[name])), "")

    def spread_who(self) -> None:
        """What was typed to find a caller whom nobody knows is their number, address or name."""
        who, values = self.values["who"], self.values
        if not who or any(values[name] for name in ("name", "company", "phone", "email")):
            return
        digits = len(re.findall(r"\d", who))
        self.is_filled = True
        values["phone" if digits >= 5 else "email" if "@" in who else "name"] = who

    def take(self, customer: Mapping[str, Any]) -> None:
        """Fill in this customer, as an earlier form has them."""
        self.is_filled = True
        for name, key in CUSTOMER.items():
            said = customer.get(key.partition(".")[2])
            self.values[name] = str(said) if said is not None else ""

    def form(self, zone: str) -> dict[str, Any]:
        """The form for the intake, channel and who received it apart from that; see `acting.hand_in`."""
        values = self.values
        kind, _, subtype = values["kind"].partition("/")
        occurred = values["occurred"]
        if _MINUTE.fullmatch(occurred):
            occurred = datetime.fromisoformat(occurred).replace(tzinfo=ZoneInfo(zone)).isoformat()
        customer = {key.partition(".")[2]: values[name] or None for name, key in CUSTOMER.items()}
        return {
            "channel": Channel.HOTLINE.value,
            "customer": {**customer, "locale": values["language"] or Locale.ZH_CN.value},
            "product": values["product"] or None,
            "type": kind or None,
            "subtype": subtype or None,
            "occurred_at": occurred or None,
            "description": {"symptom": values["symptom"] or None, "steps": values["steps"] or None},
            "impact": {"blocks_normal_use": {"yes": True, "no": False}.get(values["blocks"])},
            "hoped_for": values["hoped"] or None,
            "priority": values["priority"] or None,
        }

    def proposed_from(self, zone: str) -> dict[str, Any]:
        """The form for proposals while one types: what nobody may say is left out, and what is far too long."""
        form = self.form(zone)
        known = [name for name, allowed in _CHOICES.items() if not self.values[name] or self.values[name] in allowed]
        customer = {key: str(said)[:200] for key, said in form["customer"].items() if said}
        brief = {key: str(said)[:20_000] for key, said in form["description"].items() if said}
        left_out = {"occurred_at"} if not _is_moment(form["occurred_at"]) else set()
        left_out |= {KEYS[name] for name in ("priority", "hoped") if name not in known}
        for name in ("contact", "language"):
            if name not in known:
                customer.pop(CUSTOMER[name].partition(".")[2], None)
        kept = {key: said for key, said in form.items() if key not in left_out and said is not None}
        return {**kept, "product": str(form["product"] or "")[:200], "customer": customer, "description": brief}

    def judge(self, visit: StaffVisit, who: str) -> None:
        """Say what is wrong with it, by the same checks as for every form."""
        words: Mapping[str, str] = visit.words["desk"]["new"]["fault"]
        values, installation = self.values, visit.installation
        errors = {name: words[name] for name in ("name", "symptom") if not values[name]}
        if not any(values[name] for name in ("phone", "email", "wechat", "other")):
            errors["phone"] = words["reach"]
        errors |= {name: words["choice"] for name, allowed in _CHOICES.items() if values[name] not in {*allowed, ""}}
        if values["kind"] and not _is_kind(values["kind"], installation.policy):
            errors["kind"] = words["choice"]
        try:
            parse_form(
                {**self.form(visit.zone), "received_by": who}, now=installation.now(), policy=installation.policy,
                organisation=None,
            )  # fmt: skip
        except Problem as problem:
            cause = problem.__cause__
            found = fields_at_fault(cause, _FIELDS) if isinstance(cause, ValidationError) else ["form"]
            # A choice that is none is at fault in the whole form as well: it is said once.
            found = [name for name in found if name != "form" or not errors]
            errors |= {name: words.get(name, words["form"]) for name in found if name not in errors}
        errors |= {name: said for name, said in self.errors.items() if name == "files"}
        self.errors = {name: errors[name] for name in (*KEYS, "files", "form") if name in errors}


def _is_kind(said: str, policy: Policy) -> bool:
    kind, _, subtype = said.partition("/")
    known = policy.type_named(kind)
    return known is not None and (not subtype or known.subtype_named(subtype) is not None)


def _is_moment(said: object) -> bool:
    try:
        return isinstance(said, str) and datetime.fromisoformat(said).tzinfo is not None
    except ValueError:
        return False
