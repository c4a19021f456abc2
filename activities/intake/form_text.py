"""Texts of the registration form: what may stand in a line, in prose, in a phone number, in a mail address (R3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from activities.mail_address import ALLOWED, public_address
from activities.phone_number import read_phone
from activities.validation import shown
from workflows.domain.text import without_invisible

_E = TypeVar("_E", bound=StrEnum)
_SEPARATORS = re.compile("[\u2028\u2029]")
_BLANKS = " \t\r\n\u00a0\u3000\u2028\u2029"


def _clean(value: str, allowed: str = "") -> str:
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed:
            more = "line breaks and tabs only" if allowed else "none"
            raise ValueError(f"holds the control character U+{ord(char):04X}; allowed: {more}")
    return value


def _line(value: str) -> str:
    return _clean(_SEPARATORS.sub(" ", value))


def _prose(value: str) -> str:
    return _clean(_SEPARATORS.sub("\n", value.replace("\r\n", "\n").replace("\r", "\n")), "\n\t")


def _stripped(value: Any) -> Any:
    """The text without blanks around it, and without what cannot be seen: nobody typed that, nobody finds it again."""
    return without_invisible(value).strip(_BLANKS) if isinstance(value, str) else value


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
    """The number as it was given, extension included, if it is one; without a country code it is of `region`.

    Raises:
        ValueError: no such number can exist.
    """
    if read_phone(value, region) is None:
        allowed = "allowed: such as 13800138000, +8613800138000 or 010-62345678转801"
        raise ValueError(f"{shown(value)} is no phone number; {allowed}")
    return value


def check_email(value: str) -> str:
    """The address in its normal form; whether it exists is not asked.

    Raises:
        ValueError: it is no mail address, or none that mail servers carry.
    """
    try:
        return public_address(value)
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no mail address: {error}; {ALLOWED}") from error
