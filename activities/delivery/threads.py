"""The mails of one case as one thread in its reader's mail program, and the way back to the case (RFC 5322, R42).

Every mail of a case refers to one root id, which no mail bears itself: relays that give mails new ids break nothing,
and whichever mail comes first, all of them hang together. Ids and reply addresses are signed, so nobody can make one
up, and an answer leads to its case without anything being looked up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from email.headerregistry import Address

LOOP_HEADER = "X-Bihuan-Loop"
"""On every mail of ours: one that comes in with it came back."""
MOST_FOLLOWED = 9
"""Of the mails before this one; the root stands in front of them."""
_NUMBER = re.compile(r"FB\d{12,15}")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,100}>")
"""A Message-ID that may go into a header; others wrote some of those that a mail follows."""
_OWN_ID = re.compile(r"(fb\d{12,15})\.([0-9a-f]{12})\.([a-z2-7]{26})@[^@]+")
"""Short, since some programs break or encode a long one."""
_ROOT = "0" * 12
_TOKEN = re.compile(r"([a-z2-7]{12})([a-z2-7]{26})")
"""Digits of the case's number, then the signature."""


@dataclass(frozen=True)
class MailThreads:
    """Ids and addresses of the mails that an installation sends.

    Attributes:
        domain: behind the @ of every id.
        secret: what they are signed with; without one, anybody can make them up, so no answers can be told by them.
        mailbox: where answers are read; without one there is no reply address.
    """

    domain: str
    secret: bytes = field(default=b"", repr=False)
    mailbox: Address | None = None

    def __post_init__(self) -> None:
        """A reply address that anybody can make up would open every case to them."""
        if self.mailbox is not None and not self.secret:
            raise ValueError("a mailbox needs a secret to sign its reply addresses with")

    def root(self, number: str) -> str:
        """The id that every mail of the case refers to."""
        return self._own_id(number, _ROOT)

    def message_id(self, key: str, number: str = "") -> str:
        """The id of one mail, the same at every attempt to send it. `key` is its outbox key."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        if self.secret and _NUMBER.fullmatch(number):
            return self._own_id(number, digest[:12])
        return f"<{digest[:32]}@{self.domain}>"

    def case_of(self, message_id: str) -> str | None:
        """The case whose mail or root has this id, with or without <>; None for any that was not made here."""
        found = _OWN_ID.fullmatch(message_id.strip("<> ").lower())
        if found is None or not self.secret:
            return None
        number = found[1].upper()
        expected = self._own_id(number, found[2]).strip("<>").lower()
        return number if hmac.compare_digest(expected.encode(), found[0].encode()) else None

    def reply_token(self, number: str) -> str:
        """What stands behind +r. in the reply address: base32 in lower case, since some programs change that. It says
        the number, signed, so that nothing has to be looked up.
        """
        digits = int(number.removeprefix("FB")).to_bytes(7, "big")
        return base64.b32encode(digits).decode("ascii").rstrip("=").lower() + self._signature("reply", number)

    def case_of_token(self, token: str) -> str | None:
        """The case of a reply token; None for any that was not made here."""
        found = _TOKEN.fullmatch(token.lower())
        if found is None or not self.secret:
            return None
        number = f"FB{int.from_bytes(base64.b32decode(found[1].upper() + '===='), 'big')}"
        if _NUMBER.fullmatch(number) is None:
            return None
        return number if hmac.compare_digest(self.reply_token(number).encode(), token.lower().encode()) else None

    def reply_address(self, number: str) -> str | None:
        """The address for answers on this case; None without a mailbox."""
        if self.mailbox is None or not _NUMBER.fullmatch(number):
            return None
        local = self.mailbox.username.partition("+")[0]
        return f"{local}+r.{self.reply_token(number)}@{self.mailbox.domain}"

    def headers(self, number: str, follows: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of a mail's thread; none for a mail of no case. `follows` are ids of mails before it."""
        if not _NUMBER.fullmatch(number):
            return {}
        root = self.root(number)
        before = [id_ for id_ in dict.fromkeys(follows) if MESSAGE_ID.fullmatch(id_) and id_ != root][-MOST_FOLLOWED:]
        return {"In-Reply-To": before[-1] if before else root, "References": "\r\n ".join((root, *before))}

    def subject(self, number: str, subject: str) -> str:
        """The subject with the case's number in brackets, once."""
        if not _NUMBER.fullmatch(number) or f"[{number}]" in subject:
            return subject
        return subject.replace(number, f"[{number}]", 1) if number in subject else f"[{number}] {subject}"

    def _own_id(self, number: str, which: str) -> str:
        return f"<{number.lower()}.{which}.{self._signature('id', f'{number}.{which}')}@{self.domain}>"

    def _signature(self, purpose: str, what: str) -> str:
        """128 bits as base32 in lower case."""
        digest = hmac.digest(self.secret, f"{purpose}:{what}".encode(), "sha256")
        return base64.b32encode(digest[:16]).decode("ascii").rstrip("=").lower()
