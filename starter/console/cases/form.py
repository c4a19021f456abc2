"""A value put into a registration form under its dotted key."""

from __future__ import annotations

from typing import Any


def put(form: dict[str, Any], key: str, value: Any) -> None:
    """Set the value under a dotted key."""
    *sections, last = key.split(".")
    for section in sections:
        form = form.setdefault(section, {})
    form[last] = value
