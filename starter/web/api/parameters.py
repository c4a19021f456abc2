"""Query parameters of a request, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from starter.web.api.problem import ApiError, Kind
from workflows.domain.formats import moment_of
from workflows.domain.vocabulary import Locale

MOST: Final = 200
"""Of what one answer lists."""
USUAL: Final = 50


def read_one_of(query: Mapping[str, str], name: str, allowed: Iterable[str]) -> str | None:
    """A parameter that is one of these words.

    Raises:
        ApiError: it is another.
    """
    value = query.get(name)
    if value is not None and value not in (allowed := tuple(allowed)):
        raise ApiError(Kind.INVALID, f"{name}: allowed: {', '.join(allowed)}")
    return value


def read_yes(query: Mapping[str, str], name: str) -> bool | None:
    """A parameter that is true or false.

    Raises:
        ApiError: it is neither.
    """
    value = query.get(name)
    if value not in {None, "true", "false"}:
        raise ApiError(Kind.INVALID, f"{name}: allowed: true, false")
    return None if value is None else value == "true"


def read_moment(query: Mapping[str, str], name: str, zone: str) -> datetime | None:
    """A parameter that is a day, or a time with or without its offset.

    Raises:
        ApiError: it is neither.
    """
    value = query.get(name)
    if value is None:
        return None
    try:
        return moment_of(f"{value}T00:00" if len(value) == len("2026-05-11") else value, zone)
    except ValueError:
        raise ApiError(Kind.INVALID, f"{name}: allowed: a day such as 2026-05-11, or 2026-05-11T09:00+08:00") from None


def read_limit(query: Mapping[str, str], most: int) -> int:
    """The limit of a list.

    Raises:
        ApiError: it is no number, or too large.
    """
    value = query.get("limit", str(USUAL))
    if not (value.isascii() and value.isdecimal() and len(value) < len(str(most)) + 1 and 1 <= int(value) <= most):
        raise ApiError(Kind.INVALID, f"limit: allowed: a number from 1 to {most}")
    return int(value)


def read_locale(query: Mapping[str, str]) -> Locale | None:
    """A parameter that names a language.

    Raises:
        ApiError: it is none of ours.
    """
    value = read_one_of(query, "locale", Locale)
    return Locale(value) if value is not None else None
