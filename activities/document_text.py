"""JSON and TOML that people hand in: read whole, or refused with the place of what cannot be kept.

Both libraries let pass, or fail in words of their own, what is no fault of form to them: half a character, a number of
thousands of digits, a key given twice, tables within tables without end.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from activities.ordinary_file import read_ordinary
from workflows.domain.problem import Problem

_LARGEST_FILE = 4_000_000
_DEEPEST = 50
"""Objects and lists within each other; a form has three."""
_DIGITS, _HEXADECIMAL = 18, 16
"""Of a whole number, in decimal and as it can be counted whatever its length."""
_HALF = re.compile("[\ud800-\udfff]")
_LONG_NUMBER = re.compile(rf"[0-9_]{{{_DIGITS + 1},}}")
_NESTING = re.compile(r"""#[^\n]*|"(?:[^"\\]|\\.)*"|'[^'\n]*'|[\[{\]}]""", re.DOTALL)
_SHOWN = 60


def parse_json_object(text: str) -> dict[str, Any]:
    """The object of a JSON text; what is in it can be stored, and be written as JSON again.

    Raises:
        Problem: it is no such thing; one line with the place: a line and column, or the keys that lead there.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise Problem(f"is no JSON: {error.msg}{_at(text, error.pos)}; allowed: one JSON object") from None
    except RecursionError:
        raise Problem(f"is nested too deeply{_deep(text)}; allowed: {_DEEPEST} levels") from None
    if not isinstance(value, dict):
        raise Problem(f"is no JSON object but {_shown(value)}; allowed: one JSON object")
    _check(value)
    return value


def parse_toml(raw: bytes) -> dict[str, Any]:
    """The table of a TOML file.

    Raises:
        Problem: it is none; one line with the place: a line and column, or the keys that lead there.
    """
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Problem(f"line {line}: is no UTF-8; allowed: TOML saved as UTF-8") from None
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"is no TOML: {error}") from None
    except RecursionError:
        raise Problem(f"is nested too deeply{_deep(text)}; allowed: {_DEEPEST} levels") from None
    except ValueError:  # more digits than Python reads
        found = _LONG_NUMBER.search(text)
        where = _at(text, found.start()) if found else ""
        raise Problem(f"is no TOML: a number is too long{where}; allowed: at most {_DIGITS} digits") from None
    _check(value)
    return value


def read_toml_table(path: Path) -> dict[str, Any]:
    """The table that a file holds.

    Raises:
        Problem: the file cannot be read, or is no TOML; `FILE: line or key: what is wrong; allowed: …`.
    """
    try:
        return parse_toml(read_ordinary(path, _LARGEST_FILE))
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror or error}") from None
    except Problem as problem:
        raise Problem(f"{path}: {problem}") from None


class _WithTwins(dict[str, Any]):
    """An object that had a key twice, `twice`."""

    twice: str


class _LongNumber(str):
    """A whole number of more digits than are kept."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    counted = Counter(name for name, _ in pairs)
    twins = _WithTwins(values)
    twins.twice = next(name for name, times in counted.items() if times > 1)
    return twins


def _integer(digits: str) -> int | _LongNumber:
    return int(digits) if len(digits) <= _DIGITS else _LongNumber(digits)


def _check(document: dict[str, Any]) -> None:
    for path, value in _values(document):
        if fault := _fault(path, value):
            where, what = fault
            raise Problem(f"{where}: {what}" if where else what)


def _fault(path: tuple[str | int, ...], value: object) -> tuple[str, str] | None:
    """Where and what, of the first thing that is wrong with a value or with the key it has."""
    if len(path) > _DEEPEST:
        return f"{_place(*path[:3])}…", f"is nested too deeply; allowed: {_DEEPEST} levels"
    if path and isinstance(path[-1], str) and (half := _HALF.search(path[-1])):
        return _place(*path), f"the key holds half a character, U+{ord(half[0]):04X}; allowed: whole ones"
    if isinstance(value, _WithTwins):
        return _place(*path, value.twice), "is given twice; allowed: once"
    if isinstance(value, _LongNumber) or (isinstance(value, int) and len(f"{value:x}") > _HEXADECIMAL):
        return _place(*path), f"is a number that is too long; allowed: at most {_DIGITS} digits"
    if isinstance(value, float) and not isfinite(value):
        return _place(*path), "is no finite number"
    if isinstance(value, str) and (half := _HALF.search(value)):
        return _place(*path), f"holds half a character, U+{ord(half[0]):04X}; allowed: whole ones"
    return None


def _values(document: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value in it with the keys that lead there; nothing below a place that is too deep."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while left:
        path, value = left.pop()
        yield path, value
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        left += [((*path, key), item) for key, item in reversed([*inner])]


def _place(*path: str | int) -> str:
    return ".".join(_HALF.sub("\N{REPLACEMENT CHARACTER}", str(part))[:_SHOWN] for part in path)


def _deep(text: str) -> str:
    depth = 0
    for found in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            return _at(text, found.start())
    return ""


def _at(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f" (at line {line}, column {column})" if line > 1 else f" (at character {column})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
