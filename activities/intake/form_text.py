"""Texts of the registration form: what may stand in a line, in prose, in a phone number, in a mail address (R3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from activities.validation import shown
from workflows.domain.model import is_blank

_E = TypeVar("_E", bound=StrEnum)
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that make a text read differently from what it is."""


def _clean(value: str, allowed: str = "") -> str:
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed:
            more = "line breaks and tabs only" if allowed else "none"
            raise ValueError(f"holds the control character U+{ord(char):04X}; allowed: {more}")
    if found := _REORDERING.search(value):
        raise ValueError(f"holds the text-reordering character U+{ord(found[0]):04X}; allowed: none")
    return value


def _line(value: str) -> str:
    return _clean(value)


def _prose(value: str) -> str:
    return _clean(value.replace("\r\n", "\n").replace("\r", "\n"), "\n\t")


def _stripped(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return "" if _is_invisible(value) else value.strip(" \t\r\n\u3000")


def _is_invisible(value: str) -> bool:
    """Whether it is of characters without width only; control characters are refused by name."""
    return is_blank(value) and not any(unicodedata.category(char) == "Cc" for char in value)


def _stripped_or_none(value: Any) -> Any:
    return _stripped(value) or None if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line), BeforeValidator(_stripped)]
"""One line of text; markup in it is text like any other."""
OptionalName = Annotated[
    Annotated[str, Field(max_length=200), AfterValidator(_line)] | None, BeforeValidator(_stripped_or_none)
]
OptionalProse = Annotated[Annotated[str, AfterValidator(_prose)] | None, BeforeValidator(_stripped_or_none)]
"""Text with line breaks and tabs."""


def alias(words: Mapping[str, _E], *, absent: _E | None = None) -> Callable[[Any], Any]:
    """A reader of enum values that also accepts these words (lower case); a missing value becomes `absent`."""

    def read(value: Any) -> Any:
        if isinstance(value, StrEnum) or not isinstance(value, str):
            return absent if value is None else value
        word = value.strip()
        return words.get(word.lower(), word) or absent

    return read


def check_phone(value: str, region: str) -> str:
    """The number as it was given, if it is one; without a country code it is of `region`.

    Raises:
        ValueError: no such number can exist.
    """
    import phonenumbers

    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        raise ValueError(f"{shown(value)} is no phone number; allowed: such as 13800138000 or +8613800138000")
    return value


def check_email(value: str) -> str:
    """The address in its normal form; whether it exists is not asked.

    Raises:
        ValueError: it is no mail address.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"{shown(value)} is no mail address; allowed: such as name@example.com") from error
