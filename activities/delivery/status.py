"""The states of a message in the outbox, and how its error begins where that says what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OutboxStatus(StrEnum):
    """What became of a notification."""

    STORED = "stored"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNTOLD = "untold"
    TOLD = "told"


MAY_HAVE_ARRIVED: Final = "may have arrived:"
"""How the error of a message begins of which nobody knows, and which may not be sent again. To a customer it does not
count as told (R43): it goes on by the next channel, else a person tells it.
"""
GIVEN_UP: Final = "given up after"
"""How the error of a message begins that was put off for too long; any other was refused for good."""
CAME_BACK: Final = "came back:"
"""How the error of a message begins that was sent before."""
