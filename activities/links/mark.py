"""The mark that stands in a stored message for the customer's link; delivery puts the link in its place (R40).

Readers of the outbox may not act for a customer, so no stored text has a token. A mark is made when a message is
written and holds random digits, so no text that a customer wrote before can look like it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Self

from activities.key_ring import KeyRing
from activities.links.store import IssuedLink
from activities.links.token import derive_token
from workflows.domain.model import Fact, Instant
from workflows.domain.vocabulary import LinkPurpose

LINK_PATH = "/l/"
"""Before the token, behind the portal's address."""


class LinkMark(Fact):
    """What stands in the texts (`text`), and what link it stands for; `key` is the fingerprint of its key.

    Whose link it is, the message says: its case, and the address it goes to.
    """

    text: str
    cycle: int
    purpose: LinkPurpose
    key: str

    @classmethod
    def new(cls, cycle: int, purpose: LinkPurpose, key: str) -> Self:
        """One that is in no text yet."""
        return cls(text=f"[link {secrets.token_hex(8)}]", cycle=cycle, purpose=purpose, key=key)

    def replaced(self, text: str, instead: str) -> str:
        """A text with something else in its place."""
        return text.replace(self.text, instead)

    def replaced_in_html(self, html: str, address: str, words: str) -> str:
        """An HTML text with `address` where it is an address of a link, `words` where it can be read.

        Both are plain text without any character of HTML. Without an address nothing is left to click.
        """
        attribute = f' href="{address}"' if address else ""
        return re.sub(rf'\s+href="{re.escape(self.text)}"', attribute, html).replace(self.text, words)


@dataclass(frozen=True)
class Portal:
    """The customers' pages, as messages speak of them.

    `url` is where customers find them, without a slash at its end, or empty; `keys` are those of links, if any;
    `mailbox`: answers to mails are read, and reach their cases (R42).
    """

    url: str = ""
    keys: KeyRing | None = None
    mailbox: bool = False

    def mark(self, cycle: int, purpose: LinkPurpose) -> LinkMark | None:
        """A mark for a link of today's; None where no links are made."""
        return LinkMark.new(cycle, purpose, self.keys.first.fingerprint) if self.url and self.keys else None

    def issued(self, mark: LinkMark, number: str, contact: str, at: Instant) -> IssuedLink | None:
        """The link that a mark stands for; None where its key is not here."""
        key = self.keys.find(mark.key) if self.keys else None
        if key is None:
            return None
        token = derive_token(key, number, mark.cycle, mark.purpose, contact)
        return IssuedLink(token, number, mark.cycle, mark.purpose, mark.key, at)

    def address(self, token: str) -> str:
        """The link with that token: what nobody but its customer may see."""
        return f"{self.url}{LINK_PATH}{token}"
