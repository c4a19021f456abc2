"""Provenance: who spoke and by which way it came, of commands and of recorded events (R39).

Nothing here imports pydantic: what reads many cases or has to start quickly uses it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workflows.domain.vocabulary import CUSTOMER, SYSTEM, Via

VIA: Final = "via"
"""Key of an event's detail; left out where it is the console, which is how everything came in earlier releases."""
MAIN_CASE: Final = "main_case"
"""Key of an event's detail: the number of the case that passed an answer on."""
OWN_WAYS: Final = frozenset({Via.LINK, Via.CODE, Via.MAIL})
"""Ways that nobody but the customer can come by."""


def is_own_hand(by: str, via: str, relayed_by: str | None = None) -> bool:
    """Whether a customer said it themselves: by link, code or mail, or by a system of their own, with nobody between.

    Everything else in the customer's name was taken down, on the console perhaps by somebody who is not named.
    """
    return by == CUSTOMER and relayed_by is None and (via in OWN_WAYS or via == Via.API)


def of_event(by: str, detail: Mapping[str, Any]) -> tuple[Via, dict[str, Any]]:
    """Which way an event's command came, and the rest of the event's detail.

    In what an earlier release wrote, `via` is the number of the main case that passed an answer on.
    """
    rest = {key: value for key, value in detail.items() if key != VIA}
    via = detail.get(VIA)
    if via in set(Via):
        return Via(via), rest
    if via is not None:
        return Via.SYSTEM, {**rest, MAIN_CASE: via}
    return (Via.SYSTEM if by == SYSTEM else Via.CONSOLE), rest
