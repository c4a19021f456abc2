"""Mobile numbers, as vendors of short messages want them (E.164)."""

from __future__ import annotations

from activities.phone_number import read_phone

HOME = "CN"
"""Whose number it is without a country code."""


def mobile_number(text: str) -> str | None:
    """`+8613800138000`; None where nobody can get a short message at that number."""
    import phonenumbers

    number = read_phone(text, HOME) if text.strip() else None
    if number is None:
        return None
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if number.extension or phonenumbers.number_type(number) not in kinds:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
