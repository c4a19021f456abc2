"""Which of several cases a bearer may see (R45)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from activities.batches import batched
from activities.queries.case_record import case_records_of

if TYPE_CHECKING:
    from starter.services.identity.bearer import Bearer
    from worker.installation.installation import Installation

_AT_ONCE: Final = 500
"""Parameters of one statement."""


async def readable_numbers(installation: Installation, who: Bearer, numbers: Iterable[str]) -> list[str]:
    """The numbers among these whose cases are theirs to see, in their order; whoever sees every case has all of them.

    Raises:
        Problem: the database cannot be read.
    """
    given = list(dict.fromkeys(numbers))
    if who.sees_all:
        return given
    theirs: set[str] = set()
    async with installation.database.reader() as reader:
        for some in batched(given, _AT_ONCE):
            theirs |= {record.number for record in await case_records_of(reader, some) if who.may_read(record)}
    return [number for number in given if number in theirs]
