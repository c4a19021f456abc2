"""The stored form: what people look customers up by, and what a customer supplies later (R3, R5)."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

    from workflows.domain.model import Json

_AROUND_IT = frozenset({"intake_key", "received_at"})


_SEARCHED = ("name", "company", "phone", "wechat", "email", "other")
_LONGEST_TEXT = 400
"""Characters of what a customer is searched by: an index row of PostgreSQL holds no more than 2,700 bytes."""
_IN_NUMBERS = re.compile(r"(?<=\d)[\s()（）-]+(?=\d)")


def search_text(text: str) -> str:
    """A text as customers are searched: narrow, in small letters, numbers without what stands between their digits."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_IN_NUMBERS.sub("", plain).split())


def lookup_columns(form: Json) -> dict[str, str | None]:
    """Name, phone and mail address of the customer, as columns of the register, and the text they are searched by."""
    customer = form.get("customer")
    known = customer if isinstance(customer, dict) else {}
    columns = {f"customer_{key}": _text(known.get(key)) for key in ("name", "phone", "email")}
    said = "\n".join(search_text(text) for key in _SEARCHED if (text := _text(known.get(key))))
    return {**columns, "customer_text": said[:_LONGEST_TEXT] or None}


def content_digest(form: Json) -> str:
    """A digest that is the same for two forms that say the same, whatever their intake keys and times of receipt."""
    said = {key: value for key, value in form.items() if key not in _AROUND_IT}
    content = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode(errors="backslashreplace")).hexdigest()


def supply(form: Json, fields: Mapping[str, JsonValue]) -> Json:
    """The form with `fields` filled in: dotted form keys (`description.steps`) and their values."""
    filled = dict(form)
    for dotted, value in fields.items():
        *sections, last = dotted.split(".")
        place = filled
        for section in sections:
            inner = place.get(section)
            place[section] = copy = dict(inner) if isinstance(inner, dict) else {}
            place = copy
        place[last] = value
    return filled


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None
