"""The number of a case by its last digits, as people say it to each other; whole numbers are asked nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from activities.database.url import DatabaseUrl
from activities.queries.numbers import numbers_ending, open_numbers_of
from worker.installation.company_time import RecordSettings
from workflows.domain.problem import Problem

_ENDING = re.compile(r"(?:(?P<day>\d{4}|\d{8})-)?(?P<serial>\d{1,12})")
_LEAST = 2
"""Digits; one alone is too easily a slip of the finger."""
_SHOWN = 5
_LISTED = 100
_LOOKED_AT = 200


def is_ending(text: str) -> bool:
    """Whether it is the end of a number, such as `0042` or `1127-0042`, and no whole one."""
    return _ENDING.fullmatch(text) is not None


async def number_ending(
    settings: RecordSettings, text: str, readable: Callable[[list[str]], Awaitable[list[str]]] | None = None
) -> str:
    """The number of the case that ends so. Among several the open one is meant, if only one of them is open.
    `readable` leaves of numbers those that whoever asks may see; None: all.

    Raises:
        Problem: no number ends so, or several do: the line has the candidates; or the database cannot be read.
    """
    found = _ENDING.fullmatch(text)
    if found is None:
        return text
    # After a day the serial is whole: 1127-42 is 20261127 0042.
    digits = found["day"] + found["serial"].zfill(4) if found["day"] else found["serial"]
    if len(digits) < _LEAST:
        raise Problem(f"{text}: is too short; allowed: the last {_LEAST} digits of a number or more, such as 0042")
    still_open, closed = await numbers_ending(DatabaseUrl.parse(settings.database), digits)
    if readable is not None:
        still_open, closed = await readable(still_open[:_LOOKED_AT]), await readable(closed[:_LOOKED_AT])
    candidates = still_open or closed
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise Problem(f"{text}: no number of a case ends so; bihuan list shows the cases")
    more = f" and {len(candidates) - _SHOWN} more" if len(candidates) > _SHOWN else ""
    state = "open" if still_open else "closed"
    raise Problem(
        f"{text}: is the end of {len(candidates)} {state} cases; allowed: more digits of one of "
        f"{', '.join(candidates[:_SHOWN])}{more}"
    )


async def suggested_numbers(settings: RecordSettings, person: str | None) -> list[str]:
    """Numbers to offer to somebody who types: of their open cases, or of anybody's where nobody is named.

    Raises:
        Problem: the database cannot be read.
    """
    return await open_numbers_of(DatabaseUrl.parse(settings.database), person or None, _LISTED)
