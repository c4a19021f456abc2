"""The token of a link: derived, so that a message sent again has the same one, and never stored (R40).

It says nothing by itself. Whoever has it may do what its purpose says, in that cycle of that case: it is a password,
and stands in no log, error, or outbox. What is stored is its hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

from activities.key_ring import Key
from workflows.domain.vocabulary import LinkPurpose

TOKEN: Final = re.compile(r"[a-z2-7]{32}")
"""160 bits in base32: addresses get lower-cased on the way, which base64 would not survive."""
_BYTES: Final = 20
_USE: Final = b"bihuan link 1"
"""What else is ever made with such a key is made for another use."""
_LONGEST: Final = 200
"""Characters that are looked at; what strangers send may be of any length."""
_WRITTEN: Final = re.compile(r"\s*([a-z2-7]*)")


def derive_token(key: Key, number: str, cycle: int, purpose: LinkPurpose, contact: str) -> str:
    """The token of the link that this contact has for this purpose in this cycle of the case.

    `cycle` is how often the case was reopened when the link was made; `contact` the address it goes to.
    """
    fields = (_USE, number.encode(), str(cycle).encode(), purpose.encode(), contact.encode("utf-8", "surrogatepass"))
    message = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    digest = hmac.digest(key.secret, message, "sha256")
    return base64.b32encode(digest[:_BYTES]).decode().lower()


def read_token(written: str) -> str:
    """A token as it was sent, out of what came back: in capitals, or with the punctuation behind it."""
    match = _WRITTEN.match(written[:_LONGEST].lower())
    return match[1] if match else ""


def token_hash(token: str) -> str:
    """What is stored of a token, in hexadecimal; the same for every way of writing it that `read_token` forgives."""
    return hashlib.sha256(read_token(token).encode()).hexdigest()
