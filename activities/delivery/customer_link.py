"""The customer's link put into a message at the last moment: only the message on its way has it (R40)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from activities.delivery.transport import Envelope
from activities.links.mark import LinkMark, Portal
from activities.rendering.labels import label
from workflows.domain.vocabulary import Locale


@dataclass(frozen=True)
class Outgoing:
    """A message as it goes out. `token` stands in it and nowhere else; `lacking`: why it goes without its link."""

    envelope: Envelope
    token: str | None = None
    lacking: str | None = None

    def hidden(self, said: str) -> str:
        """What a server said of it, which may repeat the message, without the token."""
        return re.sub(re.escape(self.token), "…", said, flags=re.IGNORECASE) if self.token else said


def with_link(envelope: Envelope, mark: LinkMark | None, portal: Portal, written_at: datetime) -> Outgoing:
    """The message with its link in place of the mark. Without the key it was made with, or without the portal's
    address, it goes without a link: it is late or lost otherwise.
    """
    if mark is None:
        return Outgoing(envelope)
    issued = portal.issued(mark, envelope.number, envelope.address, written_at)
    if issued is None or not portal.url:
        words = portal.url or label("way", "missing_link", Locale(envelope.locale)).format(number=envelope.number)
        lacking = "BIHUAN_WEB__URL is not set" if issued else f"the link key {mark.key} is not configured"
        return Outgoing(_filled(envelope, mark, portal.url, words), lacking=f"sent without its link: {lacking} here")
    address = portal.address(issued.token)
    return Outgoing(_filled(envelope, mark, address, address), token=issued.token)


def _filled(envelope: Envelope, mark: LinkMark, address: str, words: str) -> Envelope:
    return replace(
        envelope,
        text=mark.replaced(envelope.text, words),
        html=mark.replaced_in_html(envelope.html, address, words),
    )
