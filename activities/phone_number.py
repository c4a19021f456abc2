"""Telephone numbers as people write them, with an extension in Chinese or English words."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_EXTENSION = re.compile(
    r"[\s,，;；(（]*(?:总机)?(?:转接?|轉接?|分机号?|分機號?|内线|內線|extension|extn?)[\s.:：]*(\d{1,7})[\s)）]*$", re.I
)
_LAST_GROUP = re.compile(r"(.*\d)\s*[-–—]\s*(\d{1,6})$")
_SWITCHBOARD = r"\1 ext. \2"


def with_plain_extension(text: str) -> str:
    """The number with an extension in the words that the library `phonenumbers` knows (`ext. 801`)."""
    return _EXTENSION.sub(r" ext. \1", unicodedata.normalize("NFKC", text))


def read_phone(text: str, region: str) -> PhoneNumber | None:
    """The number, None where no such number can exist; without a country code it is of `region`.

    A last group after a dash (`010-62345678-801`) is an extension where the whole is no number.
    """
    plain = with_plain_extension(text)
    return _valid(plain, region) or _valid(_LAST_GROUP.sub(_SWITCHBOARD, plain), region, mobile=False)


def _valid(text: str, region: str, *, mobile: bool = True) -> PhoneNumber | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return number if mobile or not is_mobile else None


def dialled(text: str, region: str) -> str | None:
    """The number as an address to dial (RFC 3966: `tel:+86-…`); None where it is no number."""
    import phonenumbers

    number = read_phone(text, region)
    if number is None:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)
