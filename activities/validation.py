"""Validation errors as lines for people: where, what is wrong, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workflows.domain.model import one_line

_SHOWN = 60
_LONG_QUOTE = re.compile(rf"""(['"])([^'"\n]{{{_SHOWN}}})[^'"\n]+\1""")
_MOST = 1_000
"""Faults that are told; who sends more could otherwise hold up everybody for as long as they take to write."""
_LONGEST = 500
"""Characters of a fault; whatever a value is, its line can be read."""
_PLAIN = {
    "missing": "is missing",
    "string_type": "is no text; allowed: text in quotes",
    "bool_type": "is neither true nor false; allowed: true, false",
    "bool_parsing": "is neither true nor false; allowed: true, false",
    "int_type": "is no whole number; allowed: a whole number",
    "int_parsing": "is no whole number; allowed: a whole number",
    "tuple_type": "is no list; allowed: a list in [ ]",
    "list_type": "is no list; allowed: a list in [ ]",
    "dict_type": "is no table; allowed: keys with values",
    "model_type": "is no table; allowed: keys with values",
    "model_attributes_type": "is no table; allowed: keys with values",
    "date_from_datetime_parsing": "is no date; allowed: such as 2026-10-01",
    "date_parsing": "is no date; allowed: such as 2026-10-01",
    "date_type": "is no date; allowed: such as 2026-10-01",
}


def fault_lines(error: ValidationError, model: type[BaseModel], data: Any = None) -> list[str]:
    """One line a fault, of the first many: `dotted.key: what is wrong; allowed: …`. Entries of lists are named by their
    `id` in `data`.
    """
    lines: list[str] = []
    for details in error.errors(include_url=False)[:_MOST]:
        where = one_line(_place(details["loc"], data))
        what = [text.strip() for text in _said(details, model).splitlines()]
        lines += [f"{where}: {text}" if where else text for text in what]
    return list(dict.fromkeys(lines))


def shown(value: object) -> str:
    """A value as an error names it: quoted, and cut when it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _cut(text: str) -> str:
    """The line with long quotations cut, so that what is allowed is still there to read."""
    lines = _LONG_QUOTE.sub(r"\1\2…\1", text).splitlines()
    return "\n".join(one_line(line, _LONGEST) for line in lines)


def _said(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "value_error":
        return _cut(str(context.get("error", details["msg"])))
    if kind == "extra_forbidden":
        return f"is not known; allowed: {', '.join(_keys(model, details['loc'][:-1]))}"
    if kind in {"enum", "literal_error"}:
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return f"{shown(value)} is not known; allowed: {allowed}"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} is not written right; allowed: {context.get('pattern')}"
    if kind == "missing":
        return _PLAIN[kind]
    if kind in _PLAIN:
        return f"{shown(value)} {_PLAIN[kind]}"
    if kind in {"too_short", "string_too_short"} and context.get("min_length") == 1:
        return "is empty; allowed: at least one" if kind == "too_short" else "is empty; allowed: some text"
    if kind == "string_too_long":
        return f"is too long; allowed: at most {context.get('max_length')} characters"
    message = details["msg"]
    return f"{shown(value)}: {message[:1].lower()}{message[1:]}"


def _place(location: Sequence[int | str], data: Any) -> str:
    parts: list[str] = []
    for step in location:
        try:
            data = data[step]
        except (LookupError, TypeError):
            data = None
        if isinstance(step, int) and parts:
            known = data.get("id") if isinstance(data, Mapping) else None
            parts[-1] += f"[{known if isinstance(known, str) else step}]"
        elif not isinstance(step, str) or step not in {"[key]", "bool"}:
            parts.append(str(step))
    return ".".join(part for part in parts if not part.startswith(("tuple[", "function-")))


def _keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys allowed at that place of the model."""
    found: type[BaseModel] | None = model
    annotation: Any = model
    for step in location:
        if isinstance(step, str) and found is not None and step in found.model_fields:
            annotation = found.model_fields[step].annotation
            found = _sole_model(annotation)
    return list((found or model).model_fields)


def _sole_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside `tuple[Model, ...]`, `dict[str, Model]`, `Model | None`."""
    return next(_models(annotation), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
