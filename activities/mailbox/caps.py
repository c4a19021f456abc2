"""Limits on automatic answers (R42), so that two programs cannot answer each other without end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from workflows.domain.vocabulary import Message

PER_CASE: Final = tuple(
    (timedelta(minutes=minutes), most) for minutes, most in ((10, 10), (30, 15), (60, 25), (180, 50), (600, 100))
)
PER_ADDRESS: Final = (timedelta(hours=1), 10)
LOOKED_BACK: Final = max(span for span, _ in PER_CASE)


AUTOMATIC: Final = (
    Message.CREATED, Message.INFORMATION_REQUESTED, Message.INFORMATION_REMINDER, Message.MESSAGE_RECEIVED,
    Message.ESCALATED_CUSTOMER, Message.CONFIRMATION_REMINDER, Message.QUESTIONNAIRE, Message.RATING_REMINDER,
    Message.REOPENED_CUSTOMER, Message.CLOSED,
)  # fmt: skip
"""Messages to customers that nobody has written."""


def may_answer(case: Iterable[datetime], address: Iterable[datetime], now: datetime) -> bool:
    """Whether one more may go out, after those on this case and to this address at these times."""
    on_case, to_address = list(case), list(address)
    span, most = PER_ADDRESS
    if sum(now - at < span for at in to_address) >= most:
        return False
    return all(sum(now - at < span for at in on_case) < most for span, most in PER_CASE)
