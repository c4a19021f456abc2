"""Cursors: where the next page of a list begins, as written in an address."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

Place = tuple[datetime, str] | int
"""The last case that was listed, by when it was received and its number; or how many were, in another order."""


def written_place(after: Place | None) -> str | None:
    """The cursor for the address of the next page."""
    if after is None or isinstance(after, int):
        return None if after is None else str(after)
    received, number = after
    return base64.urlsafe_b64encode(f"{received.astimezone(UTC).isoformat()} {number}".encode()).decode().rstrip("=")


def read_place(given: str | None) -> Place | None:
    """What `written_place` has written.

    Raises:
        ValueError: it is none.
    """
    if given is None:
        return None
    if given.isascii() and given.isdecimal() and len(given) < 9:
        return int(given)
    try:
        text = base64.b64decode(given[:200] + "=" * (-len(given[:200]) % 4), altchars=b"-_", validate=True).decode()
        received, number = text.split(" ")
        return datetime.fromisoformat(received).astimezone(UTC), number
    except OverflowError as error:
        raise ValueError(str(error)) from None
