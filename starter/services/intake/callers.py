"""Customers who have called, written or handed in before, found while a caller speaks: with their other cases (R1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from activities.phone_number import read_phone
from activities.queries.case_filter import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from activities.queries.case_record import CaseRecord
    from worker.installation.installation import Installation

_SHORTEST: Final = 2
"""Characters that are looked for: one fits nearly everybody."""
_PORTION: Final = 100
_PORTIONS: Final = 5
"""So many cases at a time, the latest, are looked at so often: a caller does not wait."""
_LONGEST: Final = 200


@dataclass
class Caller:
    """A customer as their latest case has them, and that and their other cases, the latest first."""

    customer: Mapping[str, Any]
    cases: list[CaseRecord] = field(default_factory=list)


async def find_callers(
    installation: Installation, said: str, may_read: Callable[[CaseRecord], bool], *, most: int = 5
) -> list[Caller]:
    """At most so many customers whose name, company, contact or number of a case contains what was said, as far as
    those may be read.

    A telephone number is found however it is written, with its country or without.

    Raises:
        Problem: the database cannot be read.
    """
    text = " ".join(said[:_LONGEST].split())
    if len(text) < _SHORTEST:
        return []
    number = read_phone(text, installation.policy.calendar.country or "CN")
    text = str(number.national_number) if number is not None else text
    found: dict[object, Caller] = {}
    after: tuple[datetime, str] | None = None
    for _ in range(_PORTIONS):
        records = await installation.cases.list(Filter(search=text, limit=_PORTION, after=after))
        for record in records:
            customer, after = record.form.get("customer"), (record.received_at, record.number)
            if isinstance(customer, dict) and may_read(record):
                key = _identity(customer)
                if key in found or len(found) < most:
                    found.setdefault(key, Caller(customer)).cases.append(record)
        if len(records) < _PORTION:
            break
    return list(found.values())


def _identity(customer: Mapping[str, Any]) -> object:
    """What tells customers apart: a telephone number, else a mail address, else the name."""
    phone = re.sub(r"\D", "", str(customer.get("phone") or ""))
    if phone:
        return phone[-11:]
    return str(customer.get("email") or "").casefold() or (customer.get("name"), customer.get("company"))
