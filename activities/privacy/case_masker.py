"""The mask of one case: which texts of its form, its timeline and its views are masked, and which are facts (R28)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from activities.privacy.masking import Mask
from workflows.domain.event import EventKind
from workflows.domain.form_fields import CONTACTS, FIELDS, NAMES
from workflows.domain.model import Json

_PERSONAL: Final = {field.key: field for field in (*NAMES, *CONTACTS)}
_KEPT: Final = frozenset({
    *(field.key for field in FIELDS if field.kept), "before", "after", "department", "group", "owner", "previous", "to",
    "head", "person", "by", "clock", "level", "message", "recipient", "resolution", "score", "satisfaction", "policy",
    "command", "command_id", "number", "workflow_id", "missing",
})  # fmt: skip
"""Keys whose values are ids, words of the program, or what reports count."""
_REASONS: Final = {EventKind.ESCALATED: "why", EventKind.REOPENED: "reason"}
"""Reasons that are words of the program, too."""


class CaseMasker:
    """Masks the texts of one case: by the customer as the form has them now, and as their earlier answers had them."""

    def __init__(self, form: Json, others: Iterable[Json] = ()) -> None:
        """`others` is the form with other answers in it, such as earlier ones."""
        self._now = Mask(form)
        self._masks = [self._now, *map(Mask, others)]

    @property
    def file(self) -> str:
        """What stands in place of a file's name."""
        return self._now.word("file")

    def text(self, text: str) -> str:
        """The text without personal data."""
        for mask in self._masks:
            text = mask(text)
        return text

    def form(self, form: Json) -> Json:
        """A form of the same facts that names nobody."""
        given = form.get("customer")
        customer: dict[str, Any] = given if isinstance(given, dict) else {}
        # No message may ever go to a word in brackets: an address is left empty.
        hidden = {field.name: None if field.channels else self._now.word(field.name) for field in _PERSONAL.values()}
        if not customer.get("company"):
            hidden["company"] = None
        named = form.get("attachments")
        names: Json = {"attachments": [self.file] * len(named)} if isinstance(named, list) else {}
        return {**self.inside(form), "customer": {**customer, **hidden}, **names}

    def detail(self, kind: str, detail: Json) -> Json:
        """An entry of the timeline."""
        reason = _REASONS.get(EventKind(kind)) if kind in set(EventKind) else None
        masked: Json = self.inside(detail)
        if reason in detail:
            masked[reason] = detail[reason]
        fields = detail.get("fields")
        if isinstance(fields, dict):
            masked["fields"] = {key: self._answer(key, value) for key, value in fields.items()}
        files = detail.get("files")
        if isinstance(files, list):
            # A name alone may say who somebody is.
            masked["files"] = [{**one, "name": self.file} for one in files if isinstance(one, dict)]
        return masked

    def inside(self, value: Any) -> Any:
        """Every text in a JSON value, but facts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: item if key in _KEPT else self.inside(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.inside(item) for item in value]
        return value

    def _answer(self, key: str, value: Any) -> Any:
        if key in _PERSONAL:
            return self._now.word(_PERSONAL[key].name)
        return value if key in _KEPT else self.inside(value)
