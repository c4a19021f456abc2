"""Comparison of a contact that somebody gives with those of the customer in the form (R30).

Written another way it is the same: with or without the country's code, spaces or capitals, full-width or half-width.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from activities.phone_number import with_plain_extension
from workflows.domain.form_fields import CONTACTS
from workflows.domain.text import without_invisible

if TYPE_CHECKING:
    from workflows.domain.model import Json

_SHORTEST = 5
"""Characters; what is shorter can be guessed, and is never taken for a contact."""
_MASKED = re.compile(r"[*\[\]•●×…]")
"""Part of a contact that was made unreadable: whoever reads it elsewhere could type it here."""
_INTERNATIONAL = re.compile(r"^(?:00|(?=86\s?1\d{10}$))")


def reaches(form: Json | None, contact: str) -> bool:
    """Whether the form as it stands now holds this phone number, mail address, WeChat id or other contact.

    Without a form the same work is done, and the answer is no.
    """
    customer = (form or {}).get("customer")
    known = customer if isinstance(customer, dict) else {}
    given = _plain(contact)
    found = [_same_phone(_plain(known.get("phone")), given)]
    found += [_same_text(_plain(known.get(field.name)), given) for field in CONTACTS if field.name != "phone"]
    return any(found)


def _plain(value: object) -> str:
    """Narrow and without case or blanks around it; empty for what cannot identify anybody."""
    text = without_invisible(unicodedata.normalize("NFKC", value)).strip().casefold() if isinstance(value, str) else ""
    return "" if len(text) < _SHORTEST or _MASKED.search(text) else text


def _same_text(known: str, given: str) -> bool:
    return bool(known) and known == given


def _same_phone(known: str, given: str) -> bool:
    """The same number; one without a country's code is of the other's country. Part of a number is not the number."""
    if sum(map(str.isdigit, given)) < _SHORTEST:
        return False
    import phonenumbers

    both = (_INTERNATIONAL.sub("+", with_plain_extension(number)) for number in (known, given))
    match = phonenumbers.is_number_match(*both)
    return match in {phonenumbers.MatchType.NSN_MATCH, phonenumbers.MatchType.EXACT_MATCH}
