"""Texts that an app sends to one person, with a mark by which no two messages are the same."""

from __future__ import annotations

import hashlib

from activities.channels.vendors.chat_text import cut, page_of, plain
from activities.delivery.transport import Envelope, PermanentDeliveryError

_MARK = 6


def app_text(envelope: Envelope, limit: int) -> str:
    """The text and the mark, in at most so many bytes of UTF-8.

    Platforms drop a text that a person has had before, and say that it was sent: DingTalk once a day, WeCom where it
    is asked to know repeats. The mark is the same at each attempt to send a message, and another one for another.
    """
    mark = f" ·{hashlib.sha256(envelope.key.encode()).hexdigest()[:_MARK]}"
    page = page_of(envelope)
    return cut(plain(envelope.short), limit - len((mark + page).encode())) + mark + page


def own_id(address: str, platform: str) -> str:
    """Who somebody is at the platform.

    Raises:
        PermanentDeliveryError: only a number is known, by which an app finds nobody.
    """
    if not address or address.startswith("+"):
        raise PermanentDeliveryError(f"their id at {platform} is not known; it belongs into the organisation file")
    return address
