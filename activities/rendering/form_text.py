"""The registration form as people read it: every field that has a value, by its name (R3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from activities.rendering.called import Called
from activities.rendering.labels import label, listed
from workflows.domain.form_fields import FIELDS, TIMES, value_of
from workflows.domain.vocabulary import Locale

_KINDS = {
    "channel": "channel",
    "customer.kind": "customer_kind",
    "customer.preferred_contact": "channel",
    "customer.locale": "language",
    "hoped_for": "hope",
    "priority": "priority",
}
"""Fields whose values have labels."""
_AS_THEY_ARE = Called()


def form_lines(
    form: Mapping[str, Any],
    locale: Locale,
    *,
    moment: Any = str,
    without: Collection[str] = (),
    called: Called = _AS_THEY_ARE,
) -> Iterator[tuple[str, str]]:
    """What each field is called, and what it says, in the form's order; `moment` says how times are shown, `called`
    how the company's ids are, `without` are keys that are left out.
    """
    for field in FIELDS:
        value = value_of(form, field.key)
        if field.key in without or value is None or value in ("", []):
            continue
        if isinstance(value, bool):
            said = label("ask", "yes" if value else "no", locale)
        elif isinstance(value, list):
            said = listed(map(str, value), locale)
        elif field.key in _KINDS:
            said = label(_KINDS[field.key], str(value), locale)
        elif field.key == "received_by":
            said = called.person(str(value))
        elif field.key in {"type", "subtype"}:
            said = called.kind(*((str(value), None) if field.key == "type" else ("", str(value))))
        else:
            said = moment(value) if field.key in TIMES else str(value)
        yield label("field", field.key, locale), said
