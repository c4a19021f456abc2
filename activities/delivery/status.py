"""The states of a message in the outbox."""

from __future__ import annotations

from enum import StrEnum


class OutboxStatus(StrEnum):
    """What became of a notification."""

    STORED = "stored"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNTOLD = "untold"
    TOLD = "told"
